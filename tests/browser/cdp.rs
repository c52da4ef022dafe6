//! The Chrome DevTools Protocol, spoken to one target over its own connection.
//!
//! Blocking and without threads: every event that arrives while a command waits for its answer is kept, whatever its
//! shape, so that a test which asserts that nothing was reported has seen everything that was.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// Longer than anything that a page does in a test.
const PATIENCE: Duration = Duration::from_secs(90);

/// A connection to the browser or to one of its pages.
pub struct Connection {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    /// Events in the order of their arrival: `{"method": …, "params": …}`.
    pub events: Vec<Value>,
}

impl Connection {
    /// Opens `ws://127.0.0.1:PORT/devtools/…`.
    pub fn open(url: &str) -> Self {
        let address = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("cannot reach the browser at {url}: {e}"));
        stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout can be set");
        stream.set_nodelay(true).expect("a socket can send without delay");
        let (socket, _) = tungstenite::client(url, stream).unwrap_or_else(|e| panic!("the browser refuses {url}: {e}"));
        Connection { socket, last_id: 0, events: Vec::new() }
    }

    /// Sends a command and returns its result.
    ///
    /// # Panics
    /// If the browser answers with an error, or not at all.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Sends a command and returns its result, or the error that the browser answers with.
    ///
    /// # Panics
    /// If the browser does not answer.
    pub fn try_call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.last_id += 1;
        let command = json!({ "id": self.last_id, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).unwrap_or_else(|e| panic!("cannot send {method}: {e}"));
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let message = self.socket.read().unwrap_or_else(|e| panic!("no answer to {method}: {e}"));
            let Message::Text(text) = message else { continue };
            let mut answer: Value = serde_json::from_str(&text).expect("the browser speaks JSON");
            if answer.get("id").is_none() {
                self.events.push(answer);
            } else if answer["id"] == self.last_id {
                return match answer.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(answer["result"].take()),
                };
            }
        }
        panic!("no answer to {method} within {PATIENCE:?}");
    }
}
