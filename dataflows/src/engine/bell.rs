//! How the processes of a cluster keep in step. Time moves only when all of them have moved it, so whoever closes an
//! epoch rings, and whoever hears it closes that epoch too, with what it has.
//!
//! A dataflow of its own: what it carries must arrive while the epochs that it speaks of are open.

use std::cell::Cell;
use std::rc::Rc;

use differential_dataflow::input::{Input as _, InputSession};
use timely::dataflow::operators::{Exchange as _, Inspect as _};
use timely::worker::Worker;

use crate::operators::{Diff, Epoch};

/// A worker and the epoch that it should close.
type Call = (u64, Epoch);

/// The bell of one process.
pub(super) struct Bell {
    calls: InputSession<u64, Call, Diff>,
    heard: Rc<Cell<Epoch>>,
    /// The first worker of each process.
    listeners: Vec<u64>,
}

impl Bell {
    /// Builds it on one worker, as every worker has to.
    pub(super) fn install(worker: &mut Worker, listeners: Vec<u64>) -> Self {
        let heard = Rc::new(Cell::new(0));
        let last = Rc::clone(&heard);
        let calls = worker.dataflow_named::<u64, _, _>("bell", |scope| {
            let (calls, rung) = scope.new_collection::<Call, Diff>();
            let arrived = rung.inner.exchange(|((listener, _), _, _): &(Call, u64, Diff)| *listener);
            arrived.inspect(move |((_, epoch), _, _)| last.set(last.get().max(*epoch)));
            calls
        });
        Self { calls, heard, listeners }
    }

    /// Calls all processes to close an epoch.
    pub(super) fn ring(&mut self, epoch: Epoch) {
        for listener in &self.listeners {
            self.calls.update((*listener, epoch), 1);
        }
        // Only what moves time is sent at once.
        self.calls.advance_to(epoch);
        self.calls.flush();
    }

    /// The last epoch that anybody closed.
    pub(super) fn heard(&self) -> Epoch {
        self.heard.get()
    }
}
