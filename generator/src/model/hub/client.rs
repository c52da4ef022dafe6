//! Requests to the hub, and what its answers say.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use hf_hub::Repo;
use rustls::CertificateError;
use serde::Deserialize;
use ureq::http::{HeaderMap, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::error::HubError;
use super::settings::Settings;
use crate::fs;

const MAX_REDIRECTS: usize = 10;
/// The list of a model's files is no longer.
const MAX_LISTING: u64 = 64 << 20;

/// Asks the hub.
#[derive(Debug)]
pub struct Client<'a> {
    agent: Agent,
    settings: &'a Settings,
}

/// A file, or the rest of it.
#[derive(Debug)]
pub struct Reply {
    /// The commit that the revision is.
    pub commit: Option<String>,
    /// Name of the content: its SHA-256 for large files.
    pub etag: Option<String>,
    /// Size of the whole file.
    pub size: Option<u64>,
    /// Where in the file the body begins.
    pub start: u64,
    /// Where the hub has sent us, if the file comes from there.
    pub elsewhere: Option<String>,
    body: Body,
}

/// What a revision of a model has, as far as the hub tells.
#[derive(Debug)]
pub struct Listing {
    pub commit: Option<String>,
    pub files: Option<BTreeSet<String>>,
}

impl<'a> Client<'a> {
    /// # Errors
    /// An address that is none; certificates that cannot be read.
    pub fn new(settings: &'a Settings) -> Result<Self> {
        let endpoint = &settings.endpoint;
        let scheme = endpoint.split_once("://").map_or("", |(scheme, _)| scheme);
        ensure!(
            matches!(scheme, "http" | "https"),
            "HF_ENDPOINT is {endpoint}; it must begin with https:// or http://"
        );
        let mut trusted = Vec::new();
        for (variable, path) in &settings.certificates {
            let own = certificates(path);
            let explained = |e| anyhow!("{variable} is {}: {e:#}; correct it or unset it", path.display());
            trusted.extend(own.map_err(explained)?);
        }
        let config = Agent::config_builder()
            .user_agent(concat!("lens-build/", env!("CARGO_PKG_VERSION")))
            // Followed here, because what the hub says of a file stands in the redirection.
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_resolve(Some(settings.answer_timeout))
            .timeout_connect(Some(settings.answer_timeout))
            .timeout_recv_response(Some(settings.answer_timeout))
            .timeout_per_read(Some(settings.read_timeout));
        let config = match trusted.as_slice() {
            [] => config,
            trusted => config.tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(trusted)).build()),
        };
        Ok(Client { agent: config.build().into(), settings })
    }

    /// The files of the repository's revision.
    pub fn listing(&self, repo: &Repo) -> Result<Listing, HubError> {
        #[derive(Deserialize)]
        struct Info {
            sha: Option<String>,
            #[serde(default)]
            siblings: Vec<File>,
        }
        #[derive(Deserialize)]
        struct File {
            rfilename: String,
        }
        let url = format!("{}/api/{}", self.settings.endpoint, repo.api_url());
        let reply = self.get(&url, 0)?;
        let json = reply.body.into_with_config().limit(MAX_LISTING).read_to_vec();
        let json = json.map_err(|e| unreachable(&url, e))?;
        let info: Info = serde_json::from_slice(&json)
            .map_err(|e| HubError::Odd { url: url.clone(), what: format!("no list of files ({e})") })?;
        let commit = info.sha.map(|sha| checked(&url, "the commit", sha)).transpose()?;
        let files: BTreeSet<String> = info.siblings.into_iter().map(|file| file.rfilename).collect();
        Ok(Listing { commit, files: (!files.is_empty()).then_some(files) })
    }

    /// A file at a commit or another revision, from the byte `start` on if the server can do that.
    pub fn file(&self, repo: &Repo, revision: &str, file: &str, start: u64) -> Result<Reply, HubError> {
        let repo = Repo::with_revision(repo.url(), hf_hub::RepoType::Model, revision.to_owned());
        self.get(&format!("{}/{}/resolve/{}/{file}", self.settings.endpoint, repo.url(), repo.url_revision()), start)
    }

    fn get(&self, first_url: &str, start: u64) -> Result<Reply, HubError> {
        let (mut commit, mut etag, mut linked_etag, mut linked_size) = (None, None, None, None);
        let (mut url, mut elsewhere) = (first_url.to_owned(), None);
        for _ in 0..=MAX_REDIRECTS {
            // Storage that the hub redirects to must not learn the token, and names content its own way.
            let is_hub = is_of(&self.settings.endpoint, &url);
            let mut request = self.agent.get(&url).header(header::ACCEPT_ENCODING, "identity");
            if let Some(token) = self.settings.token.as_ref().filter(|_| is_hub) {
                request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.value));
            }
            if start > 0 {
                request = request.header(header::RANGE, format!("bytes={start}-"));
            }
            let response = request.call().map_err(|e| unreachable(&url, e))?;
            let (status, headers) = (response.status().as_u16(), response.headers());
            if !is_hub {
                elsewhere = Some(origin(&url));
            } else {
                commit = text(headers, "x-repo-commit").or(commit);
                etag = text(headers, "etag").or(etag);
                // What the hub says of a large file counts more than what its storage says, which may be the same host.
                linked_etag = text(headers, "x-linked-etag").or(linked_etag);
                linked_size = number(headers, "x-linked-size").or(linked_size);
            }
            match (status, text(headers, "location")) {
                (301 | 302 | 303 | 307 | 308, Some(location)) => url = join(&url, &location),
                (200 | 206, _) => {
                    let range = text(headers, "content-range").filter(|_| status == 206);
                    let range = range.as_deref().and_then(parse_range);
                    let length = number(headers, "content-length").filter(|_| status == 200);
                    let etag = linked_etag.or(etag);
                    return Ok(Reply {
                        commit: commit.map(|c| checked(first_url, "the commit", c)).transpose()?,
                        etag: etag.map(|e| checked(first_url, "the etag", normalized(&e))).transpose()?,
                        size: linked_size.or(range.and_then(|(_, total)| total)).or(length),
                        start: range.map_or(if status == 206 { start } else { 0 }, |(from, _)| from),
                        elsewhere,
                        body: response.into_body(),
                    });
                }
                _ => {
                    let header = |name| text(headers, name).unwrap_or_default();
                    return Err(HubError::refused(status, &header("x-error-code"), &header("x-error-message")));
                }
            }
        }
        Err(HubError::Odd { url: first_url.to_owned(), what: "it redirects without end".to_owned() })
    }
}

impl Reply {
    /// The bytes from [`Reply::start`] on. Their end may come early: a connection that breaks is an error only if the
    /// server had told the length.
    pub fn reader(self) -> impl Read {
        self.body.into_reader()
    }
}

/// The certificates of a file in the PEM format, or of a folder's files that have some.
fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>> {
    let certificates = if path.is_dir() {
        let files = fs::list(path)?.into_iter().map(|name| path.join(name)).filter(|file| file.is_file());
        files.filter_map(|file| certificates_of_file(&file).ok()).flatten().collect()
    } else {
        certificates_of_file(path)?
    };
    ensure!(!certificates.is_empty(), "it has no certificate in the PEM format");
    Ok(certificates)
}

fn certificates_of_file(file: &Path) -> Result<Vec<Certificate<'static>>> {
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&fs::read(file)?) {
        if let PemItem::Certificate(certificate) = item? {
            certificates.push(certificate);
        }
    }
    Ok(certificates)
}

fn unreachable(url: &str, error: ureq::Error) -> HubError {
    let tls = match &error {
        ureq::Error::Rustls(e) => Some(e),
        ureq::Error::Io(e) => e.get_ref().and_then(|e| e.downcast_ref()),
        _ => None,
    };
    let cause = match error {
        _ if let Some(rustls::Error::InvalidCertificate(e)) = tls => return untrusted(url, e),
        _ if matches!(tls, Some(rustls::Error::InvalidMessage(_))) => {
            "its answer is not TLS; is it http:// that it speaks?".to_owned()
        }
        ureq::Error::Io(e) => e.to_string(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "there is no host of that name".to_owned(),
        e => e.to_string(),
    };
    HubError::Unreachable { url: origin(url), cause }
}

/// A server whose certificate was refused.
fn untrusted(url: &str, error: &CertificateError) -> HubError {
    let unknown_issuer = *error == CertificateError::UnknownIssuer;
    let cause = match error {
        CertificateError::UnknownIssuer => "the issuer of its certificate is not known".to_owned(),
        CertificateError::Other(e) if e.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is one of a certificate authority (CA:TRUE), which is none for servers".to_owned()
        }
        e => e.to_string(),
    };
    HubError::Untrusted { url: origin(url), cause, unknown_issuer }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

/// `bytes 100-199/1000`: the first byte, and the size of the whole if it is told.
fn parse_range(range: &str) -> Option<(u64, Option<u64>)> {
    let (bytes, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    Some((bytes.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// An etag without its quotes and its mark of weakness.
fn normalized(etag: &str) -> String {
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"').to_owned()
}

/// What becomes a file's name in the cache, unless it is none.
fn checked(url: &str, what: &str, name: String) -> Result<String, HubError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && name.len() < 200 && name.chars().all(plain) && !name.starts_with('.') {
        true => Ok(name),
        false => Err(HubError::Odd { url: url.to_owned(), what: format!("{what} is {name:?}") }),
    }
}

/// Whether a URL has the host and port of the hub, and is no less safe than the hub's address.
fn is_of(hub: &str, url: &str) -> bool {
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_lowercase());
    host(url).eq_ignore_ascii_case(host(hub))
        && (scheme(url) == scheme(hub) || scheme(url).is_some_and(|s| s == "https"))
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let scheme = url.split_once("://").map_or("https", |(scheme, _)| scheme);
    format!("{scheme}://{}", host(url))
}

/// Host and port of a URL.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The address that a `Location` means, seen from `url`.
fn join(url: &str, location: &str) -> String {
    let scheme = url.split_once("://").map_or("https", |(scheme, _)| scheme);
    if location.contains("://") && !location.starts_with('/') {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{}{location}", host(url))
    } else {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        format!("{}/{location}", path.rsplit_once('/').map_or(path, |(folder, _)| folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_seen_from_where_they_are_found() {
        let from = "http://h:1/a/b?x=/y";
        for (location, to) in [
            ("https://cdn/c?sig=http://x", "https://cdn/c?sig=http://x"),
            ("//cdn/c", "http://cdn/c"),
            ("/c?next=http://x", "http://h:1/c?next=http://x"),
            ("c", "http://h:1/a/c"),
        ] {
            assert_eq!(join(from, location), to);
        }
        assert_eq!(host("http://h:1?x"), "h:1");
        assert_eq!(origin("http://h:1?x"), "http://h:1");
    }

    #[test]
    fn what_is_less_safe_than_the_hub_is_not_the_hub() {
        assert!(
            is_of("https://h", "https://H/a")
                && is_of("http://h:1", "http://h:1/a")
                && is_of("http://h", "https://h/a")
        );
        for url in ["http://h/a", "https://h:1/a", "https://h.example/a", "https://a/h", "https://h@a/"] {
            assert!(!is_of("https://h", url), "{url}");
        }
    }

    #[test]
    fn certificates_are_read_from_files() {
        let dir = tempfile::tempdir().unwrap();
        let error = |file: &str| format!("{:#}", certificates(&dir.path().join(file)).err().unwrap());
        assert!(error("none.pem").contains("none.pem"), "{}", error("none.pem"));
        std::fs::write(dir.path().join("empty.pem"), "none here").unwrap();
        assert_eq!(error("empty.pem"), "it has no certificate in the PEM format");
    }

    #[test]
    fn headers_are_read() {
        assert_eq!(parse_range("bytes 100-199/1000"), Some((100, Some(1000))));
        assert_eq!(parse_range("bytes 0-0/*"), Some((0, None)));
        assert_eq!(parse_range("lines 1-2/3"), None);
        assert_eq!(normalized("W/\"abc\""), "abc");
        for bad in ["", "../x", "a/b", ".hidden", "a b"] {
            assert!(checked("u", "the etag", bad.to_owned()).is_err(), "{bad}");
        }
    }
}
