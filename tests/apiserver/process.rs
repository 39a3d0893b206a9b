//! The controller as a child process.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::cluster::eventually;

/// Starts that may fail because somebody took the port between its choice and its use.
const STARTS_MAX: usize = 3;

/// Time for an ordered end: longer than the process gives its own threads.
const END_LIMIT: Duration = Duration::from_secs(20);

/// A running controller. It ends with the value.
pub(super) struct Deltagate {
    child: Child,
    admin: SocketAddr,
    log: PathBuf,
}

impl Deltagate {
    /// Starts it with a kubeconfig that has the controller's rights. What it logs is appended to `log`.
    pub(super) fn start(kubeconfig: &Path, arguments: &[&str], log: PathBuf) -> Self {
        for _ in 1..STARTS_MAX {
            if let Some(started) = Self::start_once(kubeconfig, arguments, log.clone()) {
                return started;
            }
        }
        Self::start_once(kubeconfig, arguments, log).expect("a free port stays free for a moment")
    }

    /// `None` if the port was taken.
    fn start_once(kubeconfig: &Path, arguments: &[&str], log: PathBuf) -> Option<Self> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let admin = free.expect("there is a free port");
        let output = OpenOptions::new().create(true).append(true).open(&log).expect("the log can be written");
        let child = Command::new(env!("CARGO_BIN_EXE_deltagate"))
            .arg("run")
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["--admin-address", &admin.to_string(), "--log-level", "deltagate=debug"])
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .expect("the controller was built");
        let mut started = Self { child, admin, log };
        eventually("the controller answers or ends", || match started.child.try_wait() {
            Ok(Some(_)) => Ok(()),
            _ => started.ask("/livez").map(drop),
        });
        let ended = started.child.try_wait().expect("a child can be watched");
        let Some(status) = ended else { return Some(started) };
        assert!(started.log().contains("cannot listen on"), "ended with {status}: {}", started.log());
        None
    }

    /// A page: the body of a success, or what came instead.
    pub(super) fn ask(&self, path: &str) -> Result<String, String> {
        let text = (|| {
            let patience = Duration::from_secs(5);
            let mut stream = TcpStream::connect_timeout(&self.admin, patience)?;
            stream.set_read_timeout(Some(patience))?;
            write!(stream, "GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text).map(|_| text)
        })();
        let text = text.map_err(|error| error.to_string())?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| format!("no answer: {text}"))?;
        if head.starts_with("HTTP/1.1 200 ") { Ok(body.to_owned()) } else { Err(body.to_owned()) }
    }

    pub(super) fn wait_until_ready(&self) {
        eventually("/readyz says ok", || self.ask("/readyz").map_err(|reason| format!("{reason}; {}", self.tail())));
    }

    /// Everything logged so far, by earlier processes of the same world too.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The last lines of the log.
    pub(super) fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Whether the process lives.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, as Kubernetes does, and waits until it has.
    pub(super) fn stop(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.is_ok_and(|status| status.success()), "the process can be signalled");
        let deadline = Instant::now() + END_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be watched") {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not end within {END_LIMIT:?}: {}", self.tail());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it without a chance to do anything more.
    pub(super) fn kill(self) {
        drop(self);
    }
}

impl Drop for Deltagate {
    fn drop(&mut self) {
        // SIGKILL. Either fails only where the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
