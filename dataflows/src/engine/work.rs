//! Counts of what the dataflow does, from timely's own log: the same on every run, unlike times.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use differential_dataflow::logging::{DifferentialEvent, DifferentialEventBuilder};
use timely::logging::{StartStop, TimelyEvent, TimelyEventBuilder};
use timely::worker::Worker;

use super::topology::{Graph, Topology};

/// What the dataflow did in some span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How often an operator was scheduled.
    pub scheduled: u64,
    /// Records that were sent from operator to operator.
    pub records: u64,
    /// Rows that arrangements took in.
    pub arranged: u64,
}

/// The log of a worker, folded as it comes.
#[derive(Default)]
pub(super) struct Log {
    shared: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    work: Work,
    graph: Graph,
}

impl Log {
    /// One that hears nothing, and costs nothing.
    pub(super) fn deaf(_: &mut Worker) -> Self {
        Self::default()
    }

    /// One that listens to a worker. Operators take their logger when they are built, so this comes first.
    pub(super) fn of(worker: &mut Worker) -> Self {
        let mut log = Self::default();
        log.register(worker);
        log
    }

    fn register(&mut self, worker: &mut Worker) {
        let (timely, differential) = (self.shared.clone(), self.shared.clone());
        if let Some(mut registry) = worker.log_register() {
            registry.insert::<TimelyEventBuilder, _>("timely", move |_, events| {
                for (_, event) in events.iter_mut().flat_map(|events| events.drain(..)) {
                    timely.borrow_mut().hear(event);
                }
            });
            registry.insert::<DifferentialEventBuilder, _>("differential/arrange", move |_, events| {
                for (_, event) in events.iter_mut().flat_map(|events| events.drain(..)) {
                    if let DifferentialEvent::Batch(batch) = event {
                        differential.borrow_mut().work.arranged += batch.length as u64;
                    }
                }
            });
        }
    }

    pub(super) fn take(&self) -> Work {
        std::mem::take(&mut self.shared.borrow_mut().work)
    }

    pub(super) fn plan(&self, views: Vec<(&'static str, Range<usize>)>) {
        self.shared.borrow_mut().graph.plan(views);
    }

    pub(super) fn topology(&self) -> Topology {
        self.shared.borrow().graph.topology()
    }
}

impl State {
    fn hear(&mut self, event: TimelyEvent) {
        match event {
            TimelyEvent::Operates(operates) => self.graph.operator(operates.id, &operates.addr),
            TimelyEvent::Channels(channel) => {
                self.graph.channel(&channel.scope_addr, channel.source.0, channel.target.0);
            }
            TimelyEvent::Schedule(schedule) if schedule.start_stop == StartStop::Start => self.work.scheduled += 1,
            TimelyEvent::Messages(messages) if messages.is_send => {
                self.work.records += u64::try_from(messages.record_count).unwrap_or_default();
            }
            _ => {}
        }
    }
}
