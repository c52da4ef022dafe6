//! A server of files that answers after a while, and counts what it sends.

use std::fs;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Serves a folder until the program ends.
pub struct Server {
    pub url: String,
    pub folder: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    latency: Duration,
    sent: Vec<(String, usize)>,
}

impl Server {
    pub fn start(folder: &Path) -> Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, served) = (state.clone(), folder.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, served) = (shared.clone(), served.clone());
                thread::spawn(move || answer(stream, &served, &shared));
            }
        });
        Ok(Server { url, folder: folder.to_owned(), state })
    }

    /// Forgets what was sent; from now on every answer takes so long.
    pub fn begin(&self, latency: Duration) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { latency, sent: Vec::new() };
    }

    /// The paths that were asked for, each with the bytes of the answer's body.
    pub fn sent(&self) -> Vec<(String, usize)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sent.clone()
    }
}

/// Answers the requests of one connection, one after the other.
fn answer(stream: TcpStream, folder: &Path, state: &Mutex<State>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(request) = lines.next().transpose()? {
        for header in lines.by_ref() {
            if header?.is_empty() {
                break;
            }
        }
        let path = request.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
        let path = percent_encoding::percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
        let file = if path.is_empty() { "index.html" } else { path.as_str() };
        let latency = state.lock().unwrap_or_else(PoisonError::into_inner).latency;
        thread::sleep(latency);
        let found = fs::read(folder.join(file)).ok().filter(|_| !file.split('/').any(|part| part == ".."));
        let (status, body) = found.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
        state.lock().unwrap_or_else(PoisonError::into_inner).sent.push((file.to_owned(), body.len()));
        let kind = media_type(file);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: max-age=600\r\n\r\n",
            body.len()
        );
        writer.write_all(&[head.as_bytes(), &body].concat())?;
    }
    Ok(())
}

fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "json" | "jsonl" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
