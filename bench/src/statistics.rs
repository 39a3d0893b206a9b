//! Percentiles of durations.

use std::time::Duration;

use serde::Serialize;

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Percentiles {
    /// Half of the durations are no longer.
    p50: f64,
    /// 99 of 100 are no longer.
    p99: f64,
    /// None is longer.
    max: f64,
}

impl Percentiles {
    /// Of at least one duration.
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let at = |permille: usize| {
            let index = (durations.len() * permille / 1000).min(durations.len().saturating_sub(1));
            durations.get(index).copied().unwrap_or_default().as_secs_f64() * 1e6
        };
        Self { p50: at(500), p99: at(990), max: at(1000) }
    }
}
