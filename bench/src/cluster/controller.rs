//! The controller as its users run it: a process of its own, of which the kernel says what it costs.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::metrics::Metrics;
use super::place::Place;
use super::trouble::Trouble;

/// Time for the controller to say that it is ready, at any size that a laptop bears.
const READY_MAX: Duration = Duration::from_secs(120);

/// Time for one page of the controller.
const PAGE_MAX: Duration = Duration::from_secs(10);

/// A running controller. It ends with the value.
pub(crate) struct Controller {
    child: Child,
    admin: SocketAddr,
    log: PathBuf,
    begun: Instant,
}

impl Controller {
    pub(crate) fn start(program: &Path, place: &Place) -> Result<Self, Trouble> {
        let failed = |error| Trouble::Controller(format!("{} cannot be started", program.display()), error);
        let admin = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(failed)?;
        let log = place.folder().join("deltagate.log");
        let output = OpenOptions::new().create(true).append(true).open(&log).map_err(failed)?;
        let begun = Instant::now();
        let child = Command::new(program)
            .args(["run", "--log-format", "json", "--admin-address", &admin.to_string(), "--kubeconfig"])
            .arg(place.kubeconfig())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .map_err(failed)?;
        Ok(Self { child, admin, log, begun })
    }

    /// Waits until it has read everything, and says how long that took from its start.
    pub(crate) fn ready(&mut self) -> Result<Duration, Trouble> {
        while self.page("/readyz").is_none() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Trouble::Ended(format!("the controller ended with {status}: {}", self.log.display())));
            }
            if self.begun.elapsed() > READY_MAX {
                let what = format!("the controller is not ready ({})", self.log.display());
                return Err(Trouble::Late { what, limit: READY_MAX });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(self.begun.elapsed())
    }

    pub(crate) fn metrics(&self) -> Metrics {
        self.page("/metrics").as_deref().map(Metrics::parse).unwrap_or_default()
    }

    /// What the controller asked of processors so far, in all its threads.
    pub(crate) fn processor_time(&self) -> Duration {
        let tasks = fs::read_dir(self.file("task")).into_iter().flatten().flatten();
        let spent = tasks.filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(spent.sum())
    }

    /// Memory of its own and its share of what is shared, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        self.field("smaps_rollup", "Pss:")
    }

    /// The most that was ever resident, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.field("status", "VmHWM:")
    }

    fn field(&self, file: &str, name: &str) -> u64 {
        let text = fs::read_to_string(self.file(file)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(name)
    }

    /// The body of a page, if the answer is a success.
    fn page(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect_timeout(&self.admin, PAGE_MAX).ok()?;
        stream.set_read_timeout(Some(PAGE_MAX)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // SIGKILL: a crash is the harder start. Either fails only where the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
