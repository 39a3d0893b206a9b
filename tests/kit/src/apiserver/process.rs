//! A program of the control plane while it runs.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::HarnessError;

/// A child process that ends with this value, and with this process however that dies.
pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts the program `name` of a folder; what it prints is appended to `log`.
    pub(super) fn start(
        binaries: &Path,
        name: &'static str,
        arguments: &[String],
        log: PathBuf,
    ) -> Result<Self, HarnessError> {
        let failed = || format!("starting {name} of {}", binaries.display());
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(HarnessError::because(format!("opening {}", log.display())))?;
        let errors = output.try_clone().map_err(HarnessError::because(failed()))?;
        // The program sees the end of its input as soon as nobody holds the pipe, hence also when we are killed.
        let child = Command::new(binaries.join(name))
            .args(arguments)
            .env("EXIT_WITH_STDIN", "1")
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(HarnessError::because(failed()))?;
        Ok(Self { name, child, log })
    }

    /// An error when the program has ended by itself.
    pub(super) fn check(&mut self) -> Result<(), HarnessError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.report(format!("{} ended with {status}", self.name))),
            Err(error) => Err(HarnessError::because(format!("watching {}", self.name))(error)),
        }
    }

    /// An error that quotes this program's log.
    pub(super) fn report(&self, what: impl Into<String>) -> HarnessError {
        HarnessError::new(what).with_log(&self.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only where the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
