//! The web server, asked by hand over a socket.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use lens_build::serve::Server;
use lens_build::site::SiteOptions;
use tempfile::TempDir;

use crate::site::{HOSTILE, build};

/// A site being served, and a secret beside it.
struct Served {
    _dir: TempDir,
    address: String,
}

impl Served {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let out = dir.path().join("site");
        build(&out, &SiteOptions::default(), dir.path()).unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("secret"), out.join("link")).unwrap();
        let server = Server::bind(&out, "127.0.0.1", 0).unwrap();
        let address = server.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
        std::thread::spawn(move || server.run());
        Served { _dir: dir, address }
    }

    /// Head and body of the answer.
    fn ask(&self, request_line: &str, headers: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{request_line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        (String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase(), answer[end + 4..].to_vec())
    }
}

#[test]
fn files_have_their_types() {
    let served = Served::new();
    let overview = lens_schema::path::overview("org-one-1.4b", &lens_schema::path::prompt_hash(HOSTILE));
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/single.html?head=m.L0.H0&prompt=x", "text/html; charset=utf-8"),
        ("/models.jsonl", "application/jsonl"),
        ("/lens.json", "application/json"),
        (&format!("/{overview}"), "application/zip"),
    ] {
        let (head, body) = served.ask(&format!("GET {path}"), "");
        assert!(
            head.starts_with("http/1.1 200") && head.contains(&format!("content-type: {content_type}")),
            "{path}: {head}"
        );
        assert!(head.contains("cache-control: no-cache") && !body.is_empty(), "{path}: {head}");
    }
}

#[test]
fn nothing_outside_is_served() {
    let served = Served::new();
    for path in [
        "/../secret",
        "/..%2fsecret",
        "/%2e%2e/secret",
        "/assets/../../secret",
        "/link",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/..%5csecret",
        "/%00",
        "/%ff",
        "/nothing",
        "/empty/",
    ] {
        let (head, body) = served.ask(&format!("GET {path}"), "");
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        assert!(String::from_utf8_lossy(&body).contains("There is nothing here"), "{path}");
    }
    let (head, _) = served.ask("GET /org-one-1.4b?a=b", "");
    assert!(head.starts_with("http/1.1 308") && head.contains("location: /org-one-1.4b/?a=b"), "{head}");
    assert!(served.ask("POST /lens.json", "Content-Length: 0\r\n").0.starts_with("http/1.1 405"));
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let served = Served::new();
    let (head, _) = served.ask("GET /lens.json", "");
    let tag = head.lines().find_map(|l| l.strip_prefix("etag: ")).unwrap();
    let (head, body) = served.ask("GET /lens.json", &format!("If-None-Match: {tag}\r\n"));
    assert!(head.starts_with("http/1.1 304") && body.is_empty(), "{head}");
    assert!(served.ask("GET /lens.json", "If-None-Match: \"other\"\r\n").0.starts_with("http/1.1 200"));
}

#[test]
fn a_taken_port_and_a_missing_site_are_told() {
    let dir = TempDir::new().unwrap();
    let missing = format!("{:#}", Server::bind(&dir.path().join("none"), "127.0.0.1", 0).unwrap_err());
    assert!(missing.contains("there is no site; build one"), "{missing}");
    let empty = format!("{:#}", Server::bind(dir.path(), "127.0.0.1", 0).unwrap_err());
    assert!(empty.contains("lens.json"), "{empty}");
    let out = dir.path().join("site");
    build(&out, &SiteOptions::default(), dir.path()).unwrap();
    let server = Server::bind(&out, "127.0.0.1", 0).unwrap();
    let port = server.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    let serves = |host: &str| Server::bind(&out, host, 0).map(|server| server.url().starts_with("http://[::1]:")).ok();
    assert_eq!(serves("[::1]"), serves("::1"), "an address of IPv6 may have brackets, where there is IPv6");
    let taken = Server::bind(&out, "127.0.0.1", port).unwrap_err().to_string();
    assert!(taken.contains(&format!("port {port}")) && taken.contains("--port 0"), "{taken}");
}
