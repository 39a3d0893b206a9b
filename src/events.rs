//! What the threads tell each other. Each thread reacts to one closed list of events.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dataflows::model::{Key, ObjectName, Ref, Task, Update};

/// Everything that can happen to the engine thread.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody changed an object: its sources assert something else than before.
    Changed {
        /// The object whose event it was, for the line that tells what triggered an epoch.
        trigger: ObjectName,
        /// What is asserted now.
        updates: Vec<Update>,
        /// When it was observed.
        heard: Instant,
    },
    /// An answer to a write of our own shows something else than before. Nobody waits for what follows from it.
    Answered {
        /// The object that was written.
        object: ObjectName,
        /// What is asserted now.
        updates: Vec<Update>,
        /// When the answer came.
        heard: Instant,
    },
    /// A named input has delivered all that it holds at the start. The first epoch closes when all have.
    Complete {
        /// One of the names that the engine thread was told to wait for.
        input: &'static str,
    },
}

/// What one epoch did, for the writer, the metrics and the progress lines.
#[derive(Clone, Debug)]
pub struct EpochReport {
    /// The epoch.
    pub epoch: u64,
    /// The objects whose events were folded into it; at most a handful are kept.
    pub triggers: Vec<ObjectName>,
    /// What was changed by others: whoever did it waits for what becomes of it.
    pub changed: BTreeSet<Key>,
    /// When the first of them was observed.
    pub heard: Instant,
    /// Number of events that were folded into it.
    pub events: usize,
    /// Input rows that were inserted or retracted.
    pub rows: usize,
    /// How long the dataflow took.
    pub took: Duration,
    /// Tasks that are new, different, or done (`None`), by object.
    pub tasks: Vec<(Key, Option<Ref<Task>>)>,
}
