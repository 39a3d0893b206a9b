//! The one place that moves time. Nothing else advances an epoch, steps a worker or reads a probe.
//!
//! The engine is synchronous and holds no clock: tests, benchmarks and the controller call it like any function.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use differential_dataflow::VecCollection;
use differential_dataflow::consolidation::consolidate;
use differential_dataflow::input::{Input, InputSession};
use timely::dataflow::{ProbeHandle, Scope};
use timely::worker::Worker;

use crate::Inputs;
use crate::model::{Datum, Fact, Key, Kind, Ref, Row, Settings, Task, Update};
use crate::operators::{Diff, Epoch, Rows};

mod topology;
mod work;

pub use topology::{Edge, Plan, Topology};
pub use work::Work;

/// What one epoch changed.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The epoch that was closed.
    pub epoch: Epoch,
    /// Input rows that were inserted or retracted.
    pub rows: usize,
    /// Tasks that are new, different, or done (`None`), by object.
    pub tasks: Vec<(Key, Option<Ref<Task>>)>,
}

type Session = InputSession<Epoch, (Key, Row), Diff>;
type Changes = Rc<RefCell<Vec<((Key, Row), Diff)>>>;

/// The dataflow with its worker. Not `Send`: built on the thread that steps it.
pub struct Engine {
    worker: Worker,
    sessions: Sessions,
    probe: ProbeHandle<Epoch>,
    changes: Changes,
    epoch: Epoch,
    asserted: BTreeMap<Key, Box<[Fact]>>,
    log: work::Log,
}

impl Engine {
    /// Builds the dataflow.
    pub fn new(settings: Settings) -> Self {
        Self::build(&settings, false)
    }

    /// Builds a dataflow that counts what it does, for [`Self::work`] and [`Self::topology`]. Counting makes an epoch
    /// dearer by a quarter to a half.
    pub fn counting(settings: Settings) -> Self {
        Self::build(&settings, true)
    }

    fn build(settings: &Settings, counting: bool) -> Self {
        let allocator = timely::communication::Allocator::Thread(timely::communication::allocator::Thread::default());
        // Parking is the caller's business: between steps the thread is the caller's.
        let config = timely::WorkerConfig::default().idle_spin(Duration::ZERO);
        let mut worker = Worker::new(config, allocator, Some(Instant::now()));
        let mut log = work::Log::default();
        if counting {
            log.register(&mut worker);
        }
        let probe = ProbeHandle::new();
        let changes = Changes::default();
        let sessions = worker.dataflow_named::<Epoch, _, _>("deltagate", |scope| {
            let (sessions, inputs) = Sessions::open(scope);
            let mut plan = Plan::new(scope);
            let outputs = crate::build(&mut plan, settings, inputs);
            log.plan(plan.views());
            let sink = changes.clone();
            outputs
                .tasks
                .raw()
                .inspect(move |(row, _, diff)| sink.borrow_mut().push((row.clone(), *diff)))
                .probe_with(&probe);
            sessions
        });
        Self { worker, sessions, probe, changes, epoch: 0, asserted: BTreeMap::new(), log }
    }

    /// Closes one epoch: folds the updates in (the last of several for one source counts), runs until the epoch is
    /// complete, returns what changed.
    pub fn step(&mut self, updates: impl IntoIterator<Item = Update>) -> Step {
        // One source may speak several times in a batch: rows that come and go cancel before anything sees them.
        let rows = updates.into_iter().map(|update| self.assert(update.source, update.facts)).sum();
        self.epoch += 1;
        self.sessions.advance_to(self.epoch);
        while self.probe.less_than(&self.epoch) {
            self.worker.step();
        }
        Step { epoch: self.epoch, rows, tasks: self.drain() }
    }

    /// What the dataflow has done since this was last asked; nothing, if it does not count.
    pub fn work(&mut self) -> Work {
        self.log.take()
    }

    /// The views of the running dataflow and what flows between them; empty, if it does not count.
    pub fn topology(&self) -> Topology {
        self.log.topology()
    }

    /// Puts the facts of a source in place of what it asserted before. Exactly the rows that were inserted are
    /// retracted, and what did not change is not touched.
    fn assert(&mut self, source: Key, mut facts: Vec<Fact>) -> usize {
        facts.sort_unstable();
        facts.dedup();
        let before = self.asserted.remove(&source).unwrap_or_default();
        let mut rows = 0;
        for gone in before.iter().filter(|fact| facts.binary_search(fact).is_err()) {
            self.sessions.change(gone, -1);
            rows += 1;
        }
        for new in facts.iter().filter(|fact| before.binary_search(fact).is_err()) {
            self.sessions.change(new, 1);
            rows += 1;
        }
        if !facts.is_empty() {
            self.asserted.insert(source, facts.into_boxed_slice());
        }
        rows
    }

    fn drain(&mut self) -> Vec<(Key, Option<Ref<Task>>)> {
        let mut changes: Vec<_> = self.changes.borrow_mut().drain(..).collect();
        consolidate(&mut changes);
        let mut tasks: BTreeMap<Key, Option<Ref<Task>>> = BTreeMap::new();
        for ((key, row), diff) in changes {
            if diff > 0 {
                tasks.insert(key, row.get::<Task>().cloned());
            } else {
                tasks.entry(key).or_insert(None);
            }
        }
        tasks.into_iter().collect()
    }
}

macro_rules! sessions {
    ($($relation:ident => $input:ident),* $(,)?) => {
        /// One input per relation. All advance together.
        struct Sessions {
            observed_objects: Session,
            observed_statuses: Session,
            $($input: Session),*
        }

        impl Sessions {
            fn open(scope: Scope<'_, Epoch>) -> (Self, Inputs<'_>) {
                let (observed_objects, objects) = open(scope);
                let (observed_statuses, statuses) = open(scope);
                $(let $input = open(scope);)*
                let inputs = Inputs {
                    observed_objects: Rows::of(objects),
                    observed_statuses: Rows::of(statuses),
                    $($input: Rows::of($input.1)),*
                };
                (Self { observed_objects, observed_statuses, $($input: $input.0),* }, inputs)
            }

            fn change(&mut self, fact: &Fact, diff: Diff) {
                let session = match fact.row.datum() {
                    Datum::Observed(observed) if is_generated(observed.object.kind) => &mut self.observed_objects,
                    Datum::Observed(_) => &mut self.observed_statuses,
                    $(Datum::$relation(_) => &mut self.$input,)*
                    // Only constructors of `Fact` make facts, and each makes a row of an input.
                    derived => unreachable!("{} is derived, not an input", derived.relation()),
                };
                session.update((fact.key, fact.row.clone()), diff);
            }

            fn advance_to(&mut self, epoch: Epoch) {
                for session in [&mut self.observed_objects, &mut self.observed_statuses, $(&mut self.$input),*] {
                    session.advance_to(epoch);
                    session.flush();
                }
            }
        }
    };
}

sessions! {
    Class => classes,
    ClassParameters => class_parameters,
    Gateway => gateways,
    Listener => listeners,
    ParentRef => parent_refs,
    RouteMatches => route_matches,
    Rule => rules,
    BackendRef => backend_refs,
    Generation => generations,
    NamespaceLabels => namespace_labels,
    MeshChoice => mesh_choices,
    Destination => destinations,
    Grant => grants,
    Mesh => meshes,
    GatewayAddress => addresses,
    Refusal => refusals,
}

fn open(scope: Scope<'_, Epoch>) -> (Session, VecCollection<'_, Epoch, (Key, Row), Diff>) {
    scope.new_collection()
}

/// Whether objects of a kind are written whole; of the others only a status is.
const fn is_generated(kind: Kind) -> bool {
    matches!(kind, Kind::MeshGateway | Kind::MeshGatewayInstance | Kind::MeshHttpRoute | Kind::MeshTcpRoute)
}
