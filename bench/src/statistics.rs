//! Percentiles of durations.

use std::time::Duration;

use crate::record::Figure;

/// Durations in order.
pub(crate) struct Percentiles(Vec<Duration>);

impl Percentiles {
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The duration that so many of a thousand do not exceed; zero if there is none at all.
    pub(crate) fn at(&self, permille: usize) -> Duration {
        let index = (self.0.len() * permille / 1000).min(self.0.len().saturating_sub(1));
        self.0.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn mean(&self) -> Duration {
        self.0.iter().sum::<Duration>() / u32::try_from(self.0.len().max(1)).unwrap_or(u32::MAX)
    }

    /// Median and 99th percentile as figures in microseconds.
    pub(crate) fn figures(&self, figure: &str, case: &str, measure: &str, routes: u32) -> [Figure; 2] {
        [(500, "p50"), (990, "p99")].map(|(permille, name)| {
            Figure::new(figure, case, &format!("{measure} {name}"), routes, micros(self.at(permille)), "µs")
        })
    }
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_durations() {
        let percentiles = Percentiles::of((1..=1000).rev().map(Duration::from_micros).collect());
        assert_eq!(percentiles.at(500), Duration::from_micros(501));
        assert_eq!(percentiles.at(990), Duration::from_micros(991));
        assert_eq!(percentiles.at(1000), Duration::from_millis(1));
        assert_eq!(Percentiles::of(Vec::new()).at(990), Duration::ZERO);
    }
}
