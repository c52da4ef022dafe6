//! One running process of a figure command.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long a program may take until it says what it draws.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much is kept of what a program says on standard error.
const LAST_WORDS: usize = 4096;

pub(super) struct Child {
    process: std::process::Child,
    /// `None` once the program has been asked to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last_words: Arc<Mutex<Vec<u8>>>,
}

impl Child {
    /// Starts a program, with `python_path` as Python's path, and reads its first line.
    pub fn start<T: DeserializeOwned>(words: &[String], python_path: &OsStr) -> Result<(Child, T)> {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env("LENS_FIGURES", "1").env("PYTHONPATH", python_path);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C is for the program that draws heads, which finishes the one at hand.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn().with_context(|| format!("cannot start {}", words[0]))?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else { bail!("{} has no pipes", words[0]) };
        let last_words = Arc::default();
        thread::spawn({
            let last_words = Arc::clone(&last_words);
            move || listen(errors, &last_words)
        });
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = String::new();
            let read = output.read_line(&mut line);
            // Nobody listens any more if the program took too long.
            let _ = send.send((read.map(|_| line), output));
        });
        let Ok((line, output)) = receive.recv_timeout(PATIENCE) else {
            let _ = process.kill();
            let _ = process.wait();
            bail!(
                "it has not said what it draws after {} s; does the script import lens_figures, or speak its protocol?",
                PATIENCE.as_secs()
            );
        };
        let mut child = Child { process, input: Some(input), output, last_words };
        let line = line.map_err(|e| child.ended(e.into()))?;
        if line.is_empty() {
            return Err(child.ended(anyhow!("it registers no figure function")));
        }
        let greeting = serde_json::from_str(&line).with_context(|| {
            format!(
                "its first line is not what lens_figures writes: {}",
                line.trim().chars().take(80).collect::<String>()
            )
        })?;
        Ok((child, greeting))
    }

    /// Sends a request with the bytes that belong to it, and reads the line that answers it.
    pub fn ask<T: DeserializeOwned>(&mut self, request: &impl Serialize, bytes: &[u8]) -> Result<T> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let mut answer = String::new();
        let mut exchange = || -> std::io::Result<usize> {
            let input = self.input.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
            input.write_all(&line)?;
            input.write_all(bytes)?;
            input.flush()?;
            self.output.read_line(&mut answer)
        };
        match exchange() {
            Ok(0) => Err(self.ended(anyhow!("it ended while it drew"))),
            Ok(_) => serde_json::from_str(&answer).context("its answer is not understood"),
            Err(e) => Err(self.ended(anyhow!(e).context("it ended while it drew"))),
        }
    }

    /// The next `n` bytes of its answer.
    pub fn take(&mut self, n: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = (&mut self.output).take(n as u64).read_to_end(&mut bytes);
        match read {
            Ok(read) if read == n => Ok(bytes),
            _ => Err(self.ended(anyhow!("it ended in the middle of a file"))),
        }
    }

    /// `error` with how the program ended, and what it said last.
    fn ended(&mut self, error: anyhow::Error) -> anyhow::Error {
        self.input = None;
        let status = self.wait();
        let said = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        let status = status.map_or("it is still running".to_owned(), |status| status.to_string());
        anyhow!("{error:#} ({status}){}{said}", if said.is_empty() { "" } else { "\n" })
    }

    /// Waits a little for the program to end by itself.
    fn wait(&mut self) -> Option<std::process::ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(2) {
            match self.process.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(5)),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
        None
    }
}

impl Drop for Child {
    /// The end of its input tells the program to end; if it does not listen, it is stopped.
    fn drop(&mut self) {
        self.input = None;
        if self.wait().is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// Reads what a program says, so that it never waits for a reader, and keeps the end of it.
fn listen(mut errors: impl std::io::Read, last_words: &Mutex<Vec<u8>>) {
    let mut piece = [0; 1024];
    while let Ok(n @ 1..) = errors.read(&mut piece) {
        let mut kept = last_words.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&piece[..n]);
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
}
