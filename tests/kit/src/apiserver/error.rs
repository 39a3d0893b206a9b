//! What the harness says when it cannot go on.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::Path;

/// Lines of a server's log that a report quotes.
const LOG_LINES: usize = 40;

type Cause = Box<dyn Error + Send + Sync>;

/// What failed, why, and what the server logged last. A test can only stop and show it, so there is one form, and
/// `Debug` (what `unwrap` prints) is as readable as `Display`.
pub struct HarnessError {
    what: String,
    cause: Option<Cause>,
    log: Option<String>,
}

impl HarnessError {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), cause: None, log: None }
    }

    /// For `map_err`: keeps the cause under a sentence that says what was being done.
    pub(super) fn because<E: Into<Cause>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |cause| Self { what, cause: Some(cause.into()), log: None }
    }

    /// Adds the last lines of a log, or the reason why it cannot be read.
    pub(super) fn with_log(mut self, path: &Path) -> Self {
        let tail = match fs::read(path) {
            Ok(bytes) => tail(&String::from_utf8_lossy(&bytes)),
            Err(error) => error.to_string(),
        };
        self.log = Some(format!("{}:\n{tail}", path.display()));
        self
    }

    /// Whether another process took a port between the moment it was found free and the start of the server.
    pub(super) fn is_port_taken(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.contains("address already in use"))
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

impl fmt::Display for HarnessError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl fmt::Debug for HarnessError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(out, ": {error}")?;
            cause = error.source();
        }
        match &self.log {
            Some(log) => write!(out, "\n--- {log}\n---"),
            None => Ok(()),
        }
    }
}

impl Error for HarnessError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause.as_ref() as &(dyn Error + 'static))
    }
}
