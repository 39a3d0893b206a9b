//! What a measurement says: JSON lines, first of the run, then one per figure.

use std::fs;
use std::io::{self, Write};
use std::process::Command;

use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// One line of results.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Run(Run),
    Figure(Figure),
}

/// On what was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    pub(crate) date: String,
    /// Of the program, with a plus sign if files differ from it.
    pub(crate) commit: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    /// Of the minute before: what else the machine was busy with.
    pub(crate) load_before: f64,
}

/// One number of one case.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Figure {
    /// The headline figure that it belongs to: `M1` to `M12`, or `calibration`.
    pub(crate) headline: String,
    /// What was done.
    pub(crate) case: String,
    /// What was measured, with its percentile.
    pub(crate) measure: String,
    /// How many routes there were.
    pub(crate) routes: u32,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// The value that we aim for; less is better unless the measure is a rate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) target: Option<f64>,
    /// The value divided by what this machine can do, as calibrated in the same run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) of_calibrated: Option<f64>,
}

impl Figure {
    pub(crate) fn new(headline: &str, case: &str, measure: &str, routes: u32, value: f64, unit: &str) -> Self {
        let (headline, case, measure, unit) = (headline.into(), case.into(), measure.into(), unit.into());
        Self { headline, case, measure, routes, value, unit, target: None, of_calibrated: None }
    }

    /// With what we aim for.
    pub(crate) fn aim(self, target: f64) -> Self {
        Self { target: Some(target), ..self }
    }

    /// With what this machine can do.
    pub(crate) fn calibrated(self, best: f64) -> Self {
        Self { of_calibrated: (best > 0.0).then_some(self.value / best), ..self }
    }

    /// Whether more is better.
    pub(crate) fn is_rate(&self) -> bool {
        self.unit.ends_with("/s")
    }

    /// Whether the aim is missed.
    pub(crate) fn is_missed(&self) -> bool {
        self.target.is_some_and(|target| if self.is_rate() { self.value < target } else { self.value > target })
    }

    /// Writes the line to standard output, if there is a figure: a rate over no time is none.
    pub(crate) fn tell(self) {
        if self.value.is_finite() {
            Line::Figure(self).tell();
        }
    }
}

impl Line {
    pub(crate) fn tell(self) {
        // Whoever closes standard output has seen enough.
        let _ = writeln!(io::stdout(), "{}", serde_json::to_string(&self).unwrap_or_default());
    }
}

impl Run {
    /// This machine and this program, now.
    pub(crate) fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: String, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
            line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let memory = field(read("/proc/meminfo"), "MemTotal");
        let kib: u64 = memory.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        Self {
            date: Zoned::now().strftime("%Y-%m-%d %H:%M %Z").to_string(),
            commit: commit(),
            processor: field(read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: kib.div_ceil(1 << 20),
            load_before: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default(),
        }
    }
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok();
        output
            .filter(|output| output.status.success())
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=10", "HEAD"]) else { return "unknown".to_owned() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    format!("{}{}", commit.trim(), if changed { "+" } else { "" })
}
