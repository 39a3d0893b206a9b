//! What an operator has been sent for epochs that are still open, and the batches that closed epochs become.
//!
//! An operator that waits for its epochs to close holds a capability only while something waits with it, and asks to
//! hear of time only then. So an operator that an epoch brings nothing is not run at all: most of what an epoch costs is
//! the operators that have nothing to do.

use differential_dataflow::consolidation::consolidate_updates;
use differential_dataflow::trace::implementations::ValBuilder;
use differential_dataflow::trace::{Builder, Description, Span, SpanOf};
use timely::dataflow::operators::Capability;
use timely::progress::Antichain;
use timely::progress::frontier::MutableAntichain;

use super::{Batch, Change, Epoch, Trace};

/// Changes of open epochs, with the capability to speak of them once they are closed.
#[derive(Default)]
pub(super) struct Inbox {
    changes: Vec<Change>,
    capability: Option<Capability<Epoch>>,
    /// Up to where epochs were closed before.
    closed: Epoch,
}

/// The changes of the epochs that were closed since an operator last looked, as they came.
pub(super) struct Closed {
    pub(super) changes: Vec<Change>,
    pub(super) capability: Capability<Epoch>,
    pub(super) lower: Epoch,
    /// The first epoch that is still open; `None` once there is no end.
    pub(super) upper: Option<Epoch>,
}

impl Inbox {
    pub(super) fn take_in(&mut self, capability: Capability<Epoch>, changes: &mut Vec<Change>) {
        let earlier = self.capability.as_ref().is_none_or(|held| capability.time() < held.time());
        if earlier {
            self.capability = Some(capability);
        }
        if self.changes.is_empty() {
            std::mem::swap(&mut self.changes, changes);
        } else {
            self.changes.append(changes);
        }
    }

    /// What belongs to epochs that no input can bring anything for any more. Later changes stay.
    pub(super) fn close(&mut self, frontiers: &[MutableAntichain<Epoch>]) -> Option<Closed> {
        let upper = frontiers.iter().filter_map(|frontier| frontier.frontier().first().copied()).min();
        let is_closed = |epoch: Epoch| upper.is_none_or(|upper| epoch < upper);
        if !self.capability.as_ref().is_some_and(|held| is_closed(*held.time())) {
            return None;
        }
        let capability = self.capability.take()?;
        let later: Vec<Change> = self.changes.extract_if(.., |(_, epoch, _)| !is_closed(*epoch)).collect();
        let changes = std::mem::replace(&mut self.changes, later);
        self.capability = self.changes.iter().map(|(_, epoch, _)| *epoch).min().map(|epoch| capability.delayed(&epoch));
        let lower = std::mem::replace(&mut self.closed, upper.unwrap_or(Epoch::MAX));
        Some(Closed { changes, capability, lower, upper })
    }
}

impl Closed {
    /// The changes as a batch of a trace: sorted by key, each row once.
    pub(super) fn span(&mut self) -> SpanOf<Trace> {
        // Most of what comes in is in order already, in as many runs as there are inputs.
        self.changes.sort_by(|(one, at, _), (other, then, _)| (one, at).cmp(&(other, then)));
        consolidate_updates(&mut self.changes);
        let upper = Antichain::from_iter(self.upper);
        let description = Description::new(Antichain::from_elem(self.lower), upper, Antichain::from_elem(0));
        Span::new(description, batch(&mut self.changes))
    }
}

/// Rooms of the right size: a batch that grows keeps up to twice the memory that it needs.
fn batch(changes: &mut Vec<Change>) -> Option<Batch> {
    let keys = changes.chunk_by(|((one, _), ..), ((other, _), ..)| one == other).count();
    let (mut rows, mut updates, mut last) = (0, 0, None);
    for row in changes.chunk_by(|(one, ..), (other, ..)| one == other) {
        let update = row.last().map(|(_, epoch, diff)| (*epoch, *diff));
        // A row that came or went just as the one before it takes no room.
        updates += if row.len() == 1 && update == last { 0 } else { row.len() };
        (rows, last) = (rows + 1, update);
    }
    let mut builder = ValBuilder::with_capacity(keys, rows, updates);
    builder.push(changes);
    builder.done().map(Batch::new)
}
