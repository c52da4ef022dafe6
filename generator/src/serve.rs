//! A web server for one folder: the site, on this machine unless told otherwise.

use std::fs::Metadata;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lens_schema::path::{INDEX_HTML, MANIFEST, MODELS, NOT_FOUND_HTML};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower_http::services::ServeFile;

/// A server that has its port but does not answer yet.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    root: PathBuf,
}

impl Server {
    /// Takes a port for the site in `folder`; port 0 takes any free one.
    ///
    /// An error if there is no site, or if the port is taken.
    pub fn bind(folder: &Path, host: &str, port: u16) -> Result<Self> {
        let missing = "there is no site; build one with `lens-build --out DIR`, or name one with --out";
        let root = folder.canonicalize().with_context(|| format!("{}: {missing}", folder.display()))?;
        let data = if root.join(MODELS).is_file() { "; `lens-build site` makes one of a data directory" } else { "" };
        ensure!(root.join(MANIFEST).is_file(), "{}: {missing} (it has no {MANIFEST}{data})", folder.display());
        let runtime = Runtime::new().context("cannot start the server")?;
        // As in an address: `[::1]`.
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let listener = match runtime.block_on(TcpListener::bind((host, port))) {
            Ok(listener) => listener,
            Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
                bail!("port {port} of {host} is in use; choose another with --port, or any free one with --port 0")
            }
            Err(e) => return Err(e).with_context(|| format!("cannot serve at {host}, port {port}")),
        };
        let address = listener.local_addr().context("cannot serve")?;
        Ok(Server { runtime, listener, address, root })
    }

    /// Where the site can be opened.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers until Ctrl-C, or until the system asks to stop.
    pub fn run(self) -> Result<()> {
        let Server { runtime, listener, root, .. } = self;
        let app = Router::new().fallback(answer).with_state(root);
        runtime.block_on(async {
            tokio::select! {
                result = axum::serve(listener, app) => result.context("the server stopped"),
                result = asked_to_stop() => result.context("cannot wait for Ctrl-C"),
            }
        })
    }
}

#[cfg(unix)]
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// The file that a request names; the site's own page where there is none.
async fn answer(State(root): State<PathBuf>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let Some((file, metadata)) = find(&root, &path) else {
        return not_found(&root).await;
    };
    if metadata.is_dir() {
        // Relative links need the slash. The query goes along; a second slash would name another host.
        let query = request.uri().query().map_or(String::new(), |q| format!("?{q}"));
        let target = format!("/{}/{query}", path.trim_matches('/'));
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, target)]).into_response();
    }
    let tag = entity_tag(&metadata);
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|h| h.as_bytes() == tag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { send(&file, request).await };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    // A site may be built again at any time: ask each time, and send only what has changed.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The file or folder below `root` that a URL's path names. Nothing outside of `root` is found, be it by `..`,
/// by an encoded separator or by a symbolic link.
fn find(root: &Path, url_path: &str) -> Option<(PathBuf, Metadata)> {
    let decoded = percent_encoding::percent_decode_str(url_path).decode_utf8().ok()?;
    let mut file = root.to_owned();
    for part in decoded.split('/').filter(|part| !part.is_empty()) {
        if part == "." || part == ".." || part.contains(['\\', ':', '\0']) {
            return None;
        }
        file.push(part);
    }
    if decoded.ends_with('/') {
        file.push(INDEX_HTML);
    }
    let file = file.canonicalize().ok().filter(|f| f.starts_with(root))?;
    let metadata = file.metadata().ok()?;
    Some((file, metadata))
}

async fn send(file: &Path, mut request: Request) -> Response {
    // The entity tag has decided already, and it is finer than a date.
    request.headers_mut().remove(header::IF_MODIFIED_SINCE);
    let Ok(response) = ServeFile::new(file).try_call(request).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = response.map(Body::new);
    let content_type = match file.extension().and_then(|e| e.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("jsonl") => "application/jsonl",
        Some("svg") => "image/svg+xml",
        Some("npz" | "zip") => "application/zip",
        _ => return response,
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

async fn not_found(root: &Path) -> Response {
    let page = tokio::fs::read(root.join(NOT_FOUND_HTML)).await.unwrap_or_else(|_| b"not found".to_vec());
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::NOT_FOUND, headers, page).into_response()
}

/// Size and time of the last change, which a rebuilt file does not share with the old one.
fn entity_tag(metadata: &Metadata) -> String {
    let changed = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    format!("\"{:x}-{:x}\"", metadata.len(), changed.map_or(0, |d| d.as_nanos()))
}
