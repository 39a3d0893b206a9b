//! What the writer did, for the metrics.

use std::sync::atomic::AtomicU64;

use dataflows::model::Kind;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::dispatch::First;
use super::outcome::Outcome;
use super::request::Verb;

/// What an answered request was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WriteLabels {
    /// The kind of the object.
    pub kind: &'static str,
    /// How it was written.
    pub verb: &'static str,
    /// What became of it.
    pub outcome: &'static str,
}

/// Who waits for a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LaneLabels {
    /// The lane.
    pub lane: &'static str,
}

/// Times by lane.
type Times = Family<LaneLabels, Histogram, fn() -> Histogram>;

/// From a twentieth of a millisecond to half a minute in steps of a half: fine enough for a median.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 1.5, 34))
}

/// Counters of the writer, read while it runs.
#[derive(Debug)]
pub struct Counters {
    /// From an observation to the first request that follows from it.
    pub reaction: Times,
    /// From when a task could start to its first request.
    pub queued: Times,
    /// Answered requests.
    pub writes: Family<WriteLabels, Counter>,
    /// Tasks that were not needed any more when their turn came.
    pub avoided: Counter,
    /// Repairs that wait because somebody else keeps undoing them.
    pub put_off: Counter,
    /// Requests on their way.
    pub in_flight: Gauge,
    /// Requests that may be on their way at once.
    pub limit: Gauge,
    /// Objects and statuses that the cluster does not show as they should be.
    pub pending: Gauge,
    /// Unix time since when the oldest of them is pending; 0 if there is none.
    pub oldest_pending: Gauge<f64, AtomicU64>,
}

impl Default for Counters {
    fn default() -> Self {
        let (writes, avoided, put_off, in_flight, limit, pending, oldest_pending) = Default::default();
        let times = || Times::new_with_constructor(times);
        Self { reaction: times(), queued: times(), writes, avoided, put_off, in_flight, limit, pending, oldest_pending }
    }
}

impl Counters {
    /// Adds the counters to a registry, which gives them their prefix.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "reaction",
            "Time from an observation to the first request that follows from it",
            Unit::Seconds,
            self.reaction.clone(),
        );
        registry.register_with_unit(
            "queued",
            "Time from when a task could start to its first request",
            Unit::Seconds,
            self.queued.clone(),
        );
        registry.register("writes", "Answered requests of the writer", self.writes.clone());
        registry.register(
            "writes_avoided",
            "Tasks that were not needed any more when their turn came",
            self.avoided.clone(),
        );
        registry.register(
            "repairs_put_off",
            "Repairs that wait because somebody else keeps undoing them",
            self.put_off.clone(),
        );
        registry.register("writes_in_flight", "Requests on their way", self.in_flight.clone());
        registry.register("writes_limit", "Requests that may be on their way at once", self.limit.clone());
        registry.register("pending", "Objects and statuses that differ from what they should be", self.pending.clone());
        registry.register(
            "oldest_pending_timestamp_seconds",
            "Unix time since when the oldest difference exists, 0 if there is none",
            self.oldest_pending.clone(),
        );
    }

    pub(super) fn start(&self, first: &First) {
        let labels = LaneLabels { lane: first.lane.name() };
        self.reaction.get_or_create(&labels).observe(first.heard.elapsed().as_secs_f64());
        self.queued.get_or_create(&labels).observe(first.free.elapsed().as_secs_f64());
    }

    pub(super) fn count(&self, kind: Kind, verb: Verb, outcome: &Outcome) {
        let labels = WriteLabels { kind: kind.name(), verb: verb.name(), outcome: outcome.name() };
        self.writes.get_or_create(&labels).inc();
    }
}
