//! What the controller counts itself, read from its `/metrics`.

use std::collections::BTreeMap;
use std::time::Duration;

/// One reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    samples: BTreeMap<String, f64>,
}

impl Metrics {
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Self { samples: lines.filter_map(sample).collect() }
    }

    /// What was counted since an earlier reading.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let change = |(name, value): (&String, &f64)| {
            (name.clone(), value - before.samples.get(name).copied().unwrap_or_default())
        };
        Self { samples: self.samples.iter().map(change).collect() }
    }

    /// The sum of a metric over all label sets that hold all of these, like `verb="patch"`.
    pub(crate) fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let of_name =
            |sample: &str| sample.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'));
        let samples = self.samples.iter().filter(|(sample, _)| of_name(sample));
        samples
            .filter(|(sample, _)| labels.iter().all(|label| sample.contains(label)))
            .fold(0.0, |sum, (_, value)| sum + value)
    }

    /// Requests that create, change or delete.
    pub(crate) fn writes(&self) -> f64 {
        let verbs = ["create", "update", "patch", "delete"];
        verbs.iter().fold(0.0, |sum, verb| sum + self.sum("deltagate_requests_total", &[&format!("verb=\"{verb}\"")]))
    }

    /// Writes that somebody else was faster than.
    pub(crate) fn conflicts(&self) -> f64 {
        self.sum("deltagate_requests_total", &["code=\"409\""])
    }

    /// The time that so many of a thousand observations of a histogram do not exceed, within its buckets.
    pub(crate) fn quantile(&self, name: &str, labels: &[&str], permille: f64) -> Option<Duration> {
        let mut buckets = BTreeMap::<u64, (f64, f64)>::new();
        for (sample, count) in &self.samples {
            let of_name = sample.starts_with(&format!("{name}_bucket{{"));
            if let Some(bound) = bound(sample).filter(|_| of_name && labels.iter().all(|label| sample.contains(label)))
            {
                buckets.entry(bound.to_bits()).or_insert((bound, 0.0)).1 += count;
            }
        }
        let total = buckets.values().next_back().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
        let (wanted, mut below, mut lower) = (total * permille / 1000.0, 0.0, 0.0);
        for (bound, count) in buckets.into_values() {
            if count >= wanted {
                let bound = if bound.is_finite() { bound } else { lower };
                let share = if count > below { (wanted - below) / (count - below) } else { 1.0 };
                return Some(Duration::from_secs_f64(lower + (bound - lower) * share));
            }
            (below, lower) = (count, bound);
        }
        None
    }
}

fn bound(sample: &str) -> Option<f64> {
    let (_, rest) = sample.split_once("le=\"")?;
    let (text, _) = rest.split_once('"')?;
    if text == "+Inf" { Some(f64::INFINITY) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# TYPE deltagate_requests counter
deltagate_requests_total{verb="patch",resource="gateways",subresource="status",code="200"} 3
deltagate_requests_total{verb="patch",resource="httproutes",subresource="status",code="409"} 1
deltagate_requests_total{verb="watch",resource="gateways",subresource="",code="200"} 1
deltagate_reaction_seconds_bucket{lane="bulk",le="0.001"} 0
deltagate_reaction_seconds_bucket{lane="bulk",le="0.002"} 2
deltagate_reaction_seconds_bucket{lane="bulk",le="+Inf"} 4
# EOF
"#;

    #[test]
    fn counters_are_summed_over_labels() {
        let metrics = Metrics::parse(TEXT);
        let watches = metrics.sum("deltagate_requests_total", &["verb=\"watch\""]);
        let counts = [metrics.writes(), metrics.conflicts(), watches, metrics.since(&metrics).writes()];
        assert_eq!(counts.map(|count| count.to_string()), ["4", "1", "1", "0"]);
    }

    #[test]
    fn quantiles_lie_between_the_bounds_of_their_bucket() {
        let metrics = Metrics::parse(TEXT);
        let at = |permille| metrics.quantile("deltagate_reaction_seconds", &["lane=\"bulk\""], permille);
        assert_eq!(at(250.0), Some(Duration::from_micros(1_500)));
        assert_eq!(at(500.0), Some(Duration::from_millis(2)));
        assert_eq!(at(990.0), Some(Duration::from_millis(2)), "past the last bound nothing is known");
        assert_eq!(metrics.quantile("deltagate_queued_seconds", &[], 500.0), None);
    }
}
