//! A small hub in this process: the endpoints and headers that matter, and the ways in which a real one fails.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Files of this size and more are in storage that the hub redirects to, and have their SHA-256 as etag.
const LARGE: usize = 4096;

/// A hub; it listens until the process ends.
pub struct Hub {
    /// For `HF_ENDPOINT`.
    pub url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    models: BTreeMap<String, Model>,
    /// Ids that the hub redirects to others.
    renamed: BTreeMap<String, String>,
    /// Where the files of [`LARGE`] size are: another server, which must not get tokens.
    storage: String,
    requests: Vec<String>,
    trouble: Vec<Trouble>,
    /// The valid tokens; without any nobody has to have one.
    token: Option<String>,
}

#[derive(Clone)]
struct Model {
    /// Branch or tag → commit.
    revisions: BTreeMap<String, String>,
    /// Commit → files.
    commits: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    gated: bool,
}

/// What goes wrong with requests whose path contains a text.
#[derive(Clone)]
pub struct Trouble {
    pub path: &'static str,
    pub kind: Kind,
    /// How many requests it happens to.
    pub times: usize,
}

#[derive(Clone)]
pub enum Kind {
    /// The connection breaks after so many bytes of the body.
    BreaksAfter(usize),
    /// Nothing more comes after so many bytes of the body.
    StallsAfter(usize),
    /// Every byte of the body is another one.
    Garbles,
    Status(u16),
    /// A status without the hub's headers.
    Plain(u16),
    /// Ranges are ignored.
    NoRange,
    /// So much time passes before the answer.
    Waits(Duration),
    Body(&'static str),
}

impl Hub {
    pub fn new() -> Hub {
        Hub::serving(None)
    }

    /// With the certificate [`certificate`]`("server.pem")`, whose issuer nobody knows.
    pub fn with_tls() -> Hub {
        let chain = CertificateDer::pem_file_iter(certificate("server.pem")).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        Hub::serving(Some(Arc::new(config)))
    }

    fn serving(tls: Option<Arc<ServerConfig>>) -> Hub {
        let state = Arc::new(Mutex::new(State::default()));
        let serve = |is_storage: bool| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let scheme = if tls.is_some() { "https" } else { "http" };
            let url = format!("{scheme}://{}", listener.local_addr().unwrap());
            let (state, tls) = (Arc::clone(&state), tls.clone());
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let (state, stream, tls) = (Arc::clone(&state), stream.unwrap(), tls.clone());
                    // A client that goes away is no fault of the server.
                    std::thread::spawn(move || match tls {
                        None => drop(answer(&state, stream, is_storage)),
                        Some(tls) => {
                            let connection = ServerConnection::new(tls).unwrap();
                            drop(answer(&state, StreamOwned::new(connection, stream), is_storage));
                        }
                    });
                }
            });
            url
        };
        let url = serve(false);
        state.lock().unwrap().storage = serve(true);
        Hub { url, state }
    }

    /// Publishes files as a commit, and names the commit.
    pub fn publish(&self, id: &str, revisions: &[&str], files: BTreeMap<String, Vec<u8>>) -> String {
        let mut state = self.state.lock().unwrap();
        let empty = Model { revisions: BTreeMap::new(), commits: BTreeMap::new(), gated: false };
        let model = state.models.entry(id.to_owned()).or_insert(empty);
        let commit = sum(format!("{id} {}", model.commits.len()).as_bytes())[..40].to_owned();
        model.commits.insert(commit.clone(), files);
        for revision in revisions {
            model.revisions.insert((*revision).to_owned(), commit.clone());
        }
        commit
    }

    pub fn gate(&self, id: &str) {
        self.state.lock().unwrap().models.get_mut(id).unwrap().gated = true;
    }

    /// Large files are in storage of the hub's own host.
    pub fn store_itself(&self) {
        self.state.lock().unwrap().storage = format!("{}/storage", self.url);
    }

    pub fn rename(&self, from: &str, to: &str) {
        self.state.lock().unwrap().renamed.insert(from.to_owned(), to.to_owned());
    }

    pub fn require_token(&self, token: &str) {
        self.state.lock().unwrap().token = Some(token.to_owned());
    }

    pub fn trouble(&self, path: &'static str, kind: Kind, times: usize) {
        self.state.lock().unwrap().trouble.push(Trouble { path, kind, times });
    }

    /// `METHOD PATH`, and the range if one was asked for, of the requests since the last call.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }
}

/// A file of `fixtures/tls`.
pub fn certificate(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tls").join(name)
}

pub fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a small file's etag is: nothing that says anything about its content.
fn etag(bytes: &[u8]) -> String {
    if bytes.len() < LARGE { sum(bytes)[..40].to_owned() } else { sum(bytes) }
}

struct Request {
    method: String,
    path: String,
    /// The first byte that is wanted.
    from: Option<usize>,
    token: Option<String>,
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let (method, rest) = first.split_once(' ')?;
    let target = rest.split_once(' ')?.0;
    let path = target.split('?').next()?.replace("%2F", "/");
    let mut request = Request { method: method.to_owned(), path, from: None, token: None };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        match name.to_lowercase().as_str() {
            "range" => request.from = value.trim().strip_prefix("bytes=")?.split('-').next()?.parse().ok(),
            "authorization" => request.token = value.trim().strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    Some(request)
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn refusal(status: u16, code: &str, message: &str) -> Self {
        let headers = vec![("X-Error-Code", code.to_owned()), ("X-Error-Message", message.to_owned())];
        Answer { status, headers, body: message.as_bytes().to_vec() }
    }
}

fn answer(state: &Mutex<State>, mut stream: impl Read + Write, is_storage: bool) -> std::io::Result<()> {
    let Some(request) = read(&mut stream) else { return Ok(()) };
    let (answer, trouble) = {
        let mut state = state.lock().unwrap();
        let range = request.from.map(|from| format!(" from {from}")).unwrap_or_default();
        state.requests.push(format!("{} {}{range}", request.method, request.path));
        let trouble = state.trouble.iter_mut().find(|t| t.times > 0 && request.path.contains(t.path));
        let trouble = trouble.map(|t| {
            t.times -= 1;
            t.kind.clone()
        });
        let answer = if is_storage { stored(&state, &request) } else { hub(&state, &request) };
        (answer, trouble)
    };
    let Answer { mut status, mut headers, mut body } = answer;
    let mut range = request.from;
    match &trouble {
        Some(Kind::Waits(time)) => std::thread::sleep(*time),
        Some(Kind::Status(code)) => (status, body) = (*code, b"trouble".to_vec()),
        Some(Kind::Plain(code)) => (status, headers) = (*code, Vec::new()),
        Some(Kind::NoRange) => range = None,
        Some(Kind::Garbles) => body.iter_mut().for_each(|byte| *byte = !*byte),
        Some(Kind::Body(text)) => body = text.as_bytes().to_vec(),
        _ => {}
    }
    if let (200, Some(from)) = (status, range) {
        let total = body.len();
        if from >= total {
            (status, body) = (416, Vec::new());
        } else {
            (status, body) = (206, body.split_off(from));
            headers.push(("Content-Range", format!("bytes {from}-{}/{total}", total - 1)));
        }
    }
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len())?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    if request.method == "HEAD" {
        return Ok(());
    }
    match trouble {
        Some(Kind::BreaksAfter(n)) => stream.write_all(&body[..n.min(body.len())]),
        Some(Kind::StallsAfter(n)) => {
            stream.write_all(&body[..n.min(body.len())])?;
            std::thread::sleep(Duration::from_secs(30));
            Ok(())
        }
        _ => stream.write_all(&body),
    }
}

/// The storage knows files by their sums. A token that reaches it is an error of the client's.
fn stored(state: &State, request: &Request) -> Answer {
    let own = request.path.starts_with("/storage/");
    if request.token.is_some() && !own {
        return Answer::refusal(400, "", "the storage was sent a token");
    }
    let files = state.models.values().flat_map(|m| m.commits.values()).flat_map(BTreeMap::values);
    let wanted = request.path.trim_start_matches("/storage").trim_start_matches('/');
    match files.into_iter().find(|bytes| sum(bytes) == wanted) {
        Some(bytes) => {
            Answer { status: 200, headers: vec![("ETag", "\"of-the-storage\"".to_owned())], body: bytes.clone() }
        }
        None => Answer::refusal(404, "", "no such content"),
    }
}

fn hub(state: &State, request: &Request) -> Answer {
    let not_found = || Answer::refusal(404, "RepoNotFound", "Repository not found");
    if let (Some(valid), Some(token)) = (&state.token, &request.token)
        && valid != token
    {
        return Answer::refusal(401, "", "Invalid credentials in Authorization header");
    }
    if request.path.starts_with("/storage/") {
        return stored(state, request);
    }
    let path = request.path.trim_start_matches('/');
    for (from, to) in &state.renamed {
        if let Some(rest) = path.strip_prefix(&format!("{from}/")) {
            return Answer { status: 307, headers: vec![("Location", format!("/{to}/{rest}"))], body: Vec::new() };
        }
        if let Some(rest) = path.strip_prefix(&format!("api/models/{from}/")) {
            let location = format!("/api/models/{to}/{rest}");
            return Answer { status: 307, headers: vec![("Location", location)], body: Vec::new() };
        }
    }
    let (separator, path) = match path.strip_prefix("api/models/") {
        Some(path) => ("/revision/", path),
        None => ("/resolve/", path),
    };
    let Some((id, rest)) = path.split_once(separator) else { return not_found() };
    let Some(model) = state.models.get(id) else {
        // As the hub does it to whom it does not know.
        return if request.token.is_some() {
            not_found()
        } else {
            Answer::refusal(401, "RepoNotFound", "Repository not found")
        };
    };
    let revisions = model.revisions.iter().chain(model.commits.keys().map(|c| (c, c)));
    let fits = |revision: &str| rest == revision || rest.starts_with(&format!("{revision}/"));
    let Some((revision, commit)) = revisions.into_iter().find(|(revision, _)| fits(revision)) else {
        return Answer::refusal(404, "RevisionNotFound", "Invalid rev id");
    };
    let files = &model.commits[commit];
    if separator == "/revision/" {
        let siblings: Vec<_> = files.keys().map(|name| json!({"rfilename": name})).collect();
        let info = json!({"id": id, "sha": commit, "gated": model.gated, "siblings": siblings});
        return Answer { status: 200, headers: Vec::new(), body: info.to_string().into_bytes() };
    }
    if model.gated && request.token.is_none() {
        return Answer::refusal(401, "GatedRepo", "Access to this model is restricted.");
    }
    if model.gated && state.token.is_none() {
        return Answer::refusal(403, "GatedRepo", "You are not in the authorized list.");
    }
    let commit_header = ("X-Repo-Commit", commit.clone());
    match files.get(rest[revision.len()..].trim_start_matches('/')) {
        None => {
            let mut refusal = Answer::refusal(404, "EntryNotFound", "Entry not found");
            refusal.headers.push(commit_header);
            refusal
        }
        Some(bytes) if bytes.len() < LARGE => {
            let headers = vec![commit_header, ("ETag", format!("\"{}\"", etag(bytes)))];
            Answer { status: 200, headers, body: bytes.clone() }
        }
        Some(bytes) => {
            let headers = vec![
                commit_header,
                ("X-Linked-Etag", format!("\"{}\"", sum(bytes))),
                ("X-Linked-Size", bytes.len().to_string()),
                ("Location", format!("{}/{}", state.storage, sum(bytes))),
            ];
            Answer { status: 302, headers, body: b"moved".to_vec() }
        }
    }
}
