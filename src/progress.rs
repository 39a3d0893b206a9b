//! What a person at a terminal sees of a running controller, and what a log keeps of it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use dataflows::model::{Action, ObjectName, Task, Written};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::engine_thread::Readiness;
use crate::events::EpochReport;

/// How epochs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A progress line while the start lasts, then a line for people per epoch.
    Terminal,
    /// Events of the log.
    Log,
}

impl Style {
    /// For people if there is one: a terminal, and no request for machine-readable logs.
    pub fn detect(json: bool) -> Self {
        if !json && io::stderr().is_terminal() { Self::Terminal } else { Self::Log }
    }
}

/// Names of written objects on a line at most.
const NAMES_MAX: usize = 3;

const TICK: Duration = Duration::from_millis(100);

/// All bars of the process, so that log lines and a moving bar do not overwrite each other.
fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

/// Standard error, with a moving bar out of the way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Tells of the start and of epochs.
#[derive(Debug)]
pub struct Progress {
    style: Style,
    begin: Instant,
    bar: Option<ProgressBar>,
    readiness: Readiness,
}

impl Progress {
    /// Begins with the start.
    pub fn new(style: Style, readiness: Readiness) -> Self {
        let bar = (style == Style::Terminal).then(|| {
            let bar = bars().add(ProgressBar::new_spinner());
            // A template that does not parse is a bar that looks different, no more.
            if let Ok(look) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(look);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { style, begin: Instant::now(), bar, readiness }
    }

    /// How often [`Self::tick`] wants to be called while the start lasts.
    pub const TICK: Duration = TICK;

    /// Whether the start still lasts.
    pub const fn is_starting(&self) -> bool {
        self.bar.is_some()
    }

    /// Shows how far the start has come.
    pub fn tick(&self) {
        let Some(bar) = &self.bar else { return };
        let missing = self.readiness.missing();
        let objects = self.readiness.objects();
        bar.set_message(if missing.is_empty() {
            format!("computing the first epoch over {objects} objects")
        } else {
            let complete = self.readiness.expected().saturating_sub(missing.len());
            let expected = self.readiness.expected();
            format!("read {objects} objects, {complete} of {expected} inputs; waiting for {}", missing.join(", "))
        });
    }

    /// Tells of an epoch, in one line if it changed something that people care for.
    pub fn epoch(&mut self, report: &EpochReport) {
        let writes = Writes::of(report);
        if report.epoch == 1 {
            self.first_epoch(report, &writes);
            return;
        }
        // The cluster shows what was written: the end of a story that was told already.
        let confirms = !report.tasks.is_empty() && report.tasks.iter().all(|(_, task)| task.is_none());
        let trigger = trigger(report);
        let took = milliseconds(report.took);
        match self.style {
            Style::Terminal if confirms => {}
            Style::Terminal => say(&format!(
                "epoch {:<5} {trigger}: {} changed, writes {writes}, {took} ms",
                report.epoch,
                counted(report.rows, "row")
            )),
            Style::Log if confirms => {
                tracing::debug!(epoch = report.epoch, trigger, rows = report.rows, took_ms = took, "confirmed");
            }
            Style::Log => tracing::info!(
                epoch = report.epoch, trigger, events = report.events, rows = report.rows, writes = %writes,
                took_ms = took, "epoch"
            ),
        }
    }

    fn first_epoch(&mut self, report: &EpochReport, writes: &Writes) {
        let after = self.begin.elapsed();
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            bars().remove(&bar);
        }
        match self.style {
            Style::Terminal => say(&format!(
                "in sync after {:.1} s: {} in {}, writes {writes}, first epoch {} ms",
                after.as_secs_f64(),
                counted(report.rows, "row"),
                counted(report.events, "object"),
                milliseconds(report.took)
            )),
            Style::Log => tracing::info!(
                objects = report.events, rows = report.rows, writes = %writes, took_ms = milliseconds(report.took),
                after_ms = milliseconds(after), "in sync"
            ),
        }
    }
}

fn say(line: &str) {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(Stderr, "{line}");
}

fn trigger(report: &EpochReport) -> String {
    let mut text = report.triggers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let more = report.events.saturating_sub(report.triggers.len());
    if more > 0 {
        let _ = write!(text, " and {}", counted(more, "other event"));
    }
    text
}

/// With one digit after the point: less is noise.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// What an epoch asks the writer for, in alphabetical order.
struct Writes(Vec<String>);

impl Writes {
    fn of(report: &EpochReport) -> Self {
        let tasks = report.tasks.iter().filter_map(|(_, task)| task.as_deref());
        let mut writes: Vec<String> = tasks.filter_map(write_of).collect();
        writes.sort();
        Self(writes)
    }
}

fn write_of(task: &Task) -> Option<String> {
    if !task.blocked_by.is_empty() {
        return None;
    }
    let object = &task.pending.object;
    match task.pending.action {
        Action::Write(_) => Some(what(object)),
        Action::Remove { .. } => Some(format!("no {}", what(object))),
        Action::Obstructed(_) => None,
    }
}

fn what(object: &ObjectName) -> String {
    if object.kind.written() == Written::Status { format!("status of {object}") } else { object.to_string() }
}

impl std::fmt::Display for Writes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.len() {
            0 => f.write_str("nothing"),
            count if count <= NAMES_MAX => f.write_str(&self.0.join(", ")),
            count => write!(f, "{} and {} more", self.0[..NAMES_MAX].join(", "), count - NAMES_MAX),
        }
    }
}
