//! Percentiles of durations.

use std::time::Duration;

use serde::Serialize;

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Percentiles {
    p50_us: f64,
    p99_us: f64,
    max_us: f64,
}

impl Percentiles {
    /// Of at least one duration.
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let at = |permille: usize| {
            let index = (durations.len() * permille / 1000).min(durations.len().saturating_sub(1));
            durations.get(index).copied().unwrap_or_default().as_secs_f64() * 1e6
        };
        Self { p50_us: at(500), p99_us: at(990), max_us: at(1000) }
    }
}
