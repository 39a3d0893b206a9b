//! What the process counts.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dataflows::model::Key;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::inputs::Inputs;
use crate::apply::Counters;
use crate::events::EpochReport;
use crate::observations::Health;
use crate::watch::cluster::Requests;

/// The counters, and what they need to know of the past.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    epochs: Counter,
    epoch_duration: Histogram,
    rows: Counter,
    oldest_pending: Gauge<f64, AtomicU64>,
    unreadable: Gauge,
    pending_since: Mutex<HashMap<Key, Instant>>,
    counters: Arc<Counters>,
    requests: Requests,
    health: Arc<Health>,
}

impl Default for Metrics {
    fn default() -> Self {
        // From a tenth of a millisecond, below which nobody notices, to 13 seconds, the first epoch of a huge cluster.
        let epoch_duration = Histogram::new(exponential_buckets(0.0001, 2.0, 18));
        let mut metrics = Self {
            registry: Registry::with_prefix("deltagate"),
            epochs: Counter::default(),
            epoch_duration,
            rows: Counter::default(),
            oldest_pending: Gauge::default(),
            unreadable: Gauge::default(),
            pending_since: Mutex::default(),
            counters: Arc::default(),
            requests: Requests::default(),
            health: Arc::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        self.counters.register(registry);
        self.requests.register(registry);
        registry.register_collector(Box::new(Inputs(Arc::clone(&self.health))));
        registry.register("epochs", "Epochs that changed something", self.epochs.clone());
        registry.register_with_unit(
            "epoch_duration",
            "Time the dataflow took for an epoch that changed something",
            Unit::Seconds,
            self.epoch_duration.clone(),
        );
        registry.register("input_rows", "Input rows inserted or retracted", self.rows.clone());
        registry.register_with_unit(
            "oldest_pending_age",
            "Time since the oldest pending object or status began to differ, 0 if there is none",
            Unit::Seconds,
            self.oldest_pending.clone(),
        );
        registry.register(
            "unreadable_documents",
            "Documents, files and directories of --from that cannot be read",
            self.unreadable.clone(),
        );
    }

    /// Notes how much of an input directory cannot be read.
    pub fn unreadable(&self, count: usize) {
        self.unreadable.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// What whoever writes counts in.
    pub const fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// What whoever asks the API server counts in.
    pub const fn requests(&self) -> &Requests {
        &self.requests
    }

    /// What whoever reads tells what it is doing.
    pub const fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Counts an epoch.
    pub fn epoch(&self, report: &EpochReport) {
        self.epochs.inc();
        self.epoch_duration.observe(report.took.as_secs_f64());
        self.rows.inc_by(report.rows as u64);
        let now = Instant::now();
        let mut since = self.pending_since.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, task) in &report.tasks {
            if task.is_some() {
                since.entry(*key).or_insert(now);
            } else {
                since.remove(key);
            }
        }
    }

    /// Counts the objects and statuses that are not shown as they should be, where no writer for a cluster does.
    pub fn count_pending(&self) {
        let (count, oldest) = {
            let since = self.pending_since.lock().unwrap_or_else(PoisonError::into_inner);
            (since.len(), since.values().min().copied())
        };
        let began = oldest.and_then(|since| SystemTime::now().checked_sub(since.elapsed()));
        let unix = began.and_then(|began| began.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        self.counters.pending.set(i64::try_from(count).unwrap_or(i64::MAX));
        self.counters.oldest_pending.set(unix.as_secs_f64());
    }

    /// All of it, in the text format of `OpenMetrics`.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let oldest = self.pending_since.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied();
        self.oldest_pending.set(oldest.map_or(0.0, |since| since.elapsed().as_secs_f64()));
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::LaneLabels;

    #[test]
    fn every_metric_is_there_once() {
        let metrics = Metrics::default();
        let labels = LaneLabels { lane: "bulk" };
        metrics.counters().reaction.get_or_create(&labels).observe(0.001);
        metrics.counters().queued.get_or_create(&labels).observe(0.001);
        let text = metrics.encode().unwrap();
        for name in [
            "deltagate_epochs_total",
            "deltagate_epoch_duration_seconds_bucket",
            "deltagate_pending",
            "deltagate_oldest_pending_age_seconds",
            "deltagate_unreadable_documents",
            "deltagate_writes_avoided_total",
            "deltagate_repairs_put_off_total",
            "deltagate_input_rows_total",
            "deltagate_reaction_seconds_bucket",
            "deltagate_queued_seconds_bucket",
        ] {
            assert!(
                text.lines()
                    .any(|line| line.starts_with(&format!("{name} ")) || line.starts_with(&format!("{name}{{"))),
                "{name} is missing from {text}"
            );
        }
        let mut kinds: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE ")).collect();
        let count = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
    }

    #[test]
    fn what_is_pending_is_counted_with_its_time() {
        let metrics = Metrics::default();
        metrics.count_pending();
        assert_eq!((metrics.counters.pending.get(), metrics.counters.oldest_pending.get()), (0, 0.0));
        metrics.pending_since.lock().unwrap().insert(Key::hash(&[b"one"]), Instant::now());
        metrics.count_pending();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let oldest = metrics.counters.oldest_pending.get();
        assert_eq!(metrics.counters.pending.get(), 1);
        assert!((now - oldest).abs() < 60.0, "{oldest} at {now}");
    }
}
