//! The one place that moves time. Nothing else advances an epoch, steps a worker or reads a probe.
//!
//! The engine is synchronous and holds no clock: tests, benchmarks and the controller call it like any function.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use differential_dataflow::consolidation::consolidate;
use differential_dataflow::input::{Input as _, InputSession};
use timely::dataflow::operators::{Exchange as _, Inspect as _, Probe as _};
use timely::dataflow::{ProbeHandle, Scope};
use timely::worker::Worker;

use crate::Inputs;
use crate::model::{Datum, Fact, Key, Ref, Row, Settings, Task, Update, Written};
use crate::operators::{Change, Diff, Epoch, Rows, Unshared, split};

mod bell;
mod peers;
mod share;
mod topology;
mod work;

use bell::Bell;
pub use peers::Cluster;
use peers::Peers;
pub use share::Share;
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
/// What comes out, of all workers.
type Changes = Arc<Mutex<Vec<((Key, Row), Diff)>>>;

/// What a source asserts. Most assert one fact, which takes no room of its own.
enum Asserted {
    One(Fact),
    Many(Box<[Fact]>),
}

impl Asserted {
    fn of(mut facts: Vec<Fact>) -> Option<Self> {
        match facts.len() {
            0 => None,
            1 => facts.pop().map(Self::One),
            _ => Some(Self::Many(facts.into_boxed_slice())),
        }
    }

    fn facts(&self) -> &[Fact] {
        match self {
            Self::One(fact) => std::slice::from_ref(fact),
            Self::Many(facts) => facts,
        }
    }
}

/// The dataflow with its workers. Not `Send`: built on the thread that steps it.
///
/// Everything goes in at the worker of that thread. Where there are more, each row travels to the worker of its key. Where
/// there are several processes, each puts in its share and gets the tasks of its share.
pub struct Engine {
    worker: Worker,
    peers: Peers,
    /// `None` once the engine is being dropped.
    session: Option<Session>,
    /// Where there are several processes.
    bell: Option<Bell>,
    probe: ProbeHandle<Epoch>,
    changes: Changes,
    epoch: Epoch,
    asserted: BTreeMap<Key, Asserted>,
    log: work::Log,
}

impl Engine {
    /// Builds the dataflow with one worker.
    pub fn new(settings: Settings) -> Self {
        Self::build(settings, NonZeroUsize::MIN, None, work::Log::deaf).expect("one worker needs nothing of the system")
    }

    /// Builds the dataflow with so many workers. More than one pays where epochs are large and processors idle. An error is
    /// one of the system, which has no threads left. A worker that panics ends the process, as the others would wait for it.
    pub fn with_workers(settings: Settings, workers: NonZeroUsize) -> io::Result<Self> {
        Self::build(settings, workers, None, work::Log::deaf)
    }

    /// Builds the dataflow as one of several processes, with so many workers in each. It returns when all of them have
    /// built it. An error is one of the system, which has no threads or handles left.
    ///
    /// All processes need the same settings and number of workers. When one of them is gone, threads of the others whose
    /// names begin with `timely:` panic: nobody can go on alone. Dropping an engine waits until all others are dropped.
    pub fn in_cluster(settings: Settings, workers: NonZeroUsize, cluster: Cluster) -> io::Result<Self> {
        Self::build(settings, workers, Some(cluster), work::Log::deaf)
    }

    /// Builds a dataflow with one worker that counts what it does, for [`Self::work`] and [`Self::topology`]. Counting
    /// makes an epoch dearer by a quarter to a half.
    pub fn counting(settings: Settings) -> Self {
        Self::build(settings, NonZeroUsize::MIN, None, work::Log::of).expect("one worker needs nothing of the system")
    }

    fn build(
        settings: Settings,
        workers: NonZeroUsize,
        cluster: Option<Cluster>,
        log: fn(&mut Worker) -> work::Log,
    ) -> io::Result<Self> {
        let layout = Layout { workers, share: cluster.as_ref().map_or(Share::WHOLE, Cluster::share) };
        let changes = Changes::default();
        let (of_others, for_others) = (changes.clone(), settings.clone());
        // Other workers have nothing to put in: their sessions are closed at once, or they would hold time back.
        let build = move |worker: &mut Worker| {
            drop(layout.bell(worker));
            let log = work::Log::deaf(worker);
            drop(install(worker, layout, &for_others, (&of_others, &log)));
        };
        let (mut worker, peers) = Peers::start(workers, cluster, build)?;
        let log = log(&mut worker);
        let bell = layout.bell(&mut worker);
        let (session, probe) = install(&mut worker, layout, &settings, (&changes, &log));
        let (session, epoch, asserted) = (Some(session), 0, BTreeMap::new());
        Ok(Self { worker, peers, session, bell, probe, changes, epoch, asserted, log })
    }

    /// Closes one epoch: folds the updates in (the last of several for one source counts), runs until the epoch is
    /// complete, returns what changed. Updates that assert what was asserted before are no epoch, save at the start and
    /// where another process has called for one.
    pub fn step(&mut self, updates: impl IntoIterator<Item = Update>) -> Step {
        // One source may speak several times in a batch: rows that come and go cancel before anything sees them.
        let rows: usize = updates.into_iter().map(|update| self.assert(update.source, update.facts)).sum();
        if rows == 0 && self.epoch > 0 && !self.is_called() {
            return Step { epoch: self.epoch, rows, tasks: Vec::new() };
        }
        let heard = self.bell.as_ref().map_or(0, Bell::heard);
        self.epoch = (self.epoch + 1).max(heard);
        if let Some(session) = &mut self.session {
            session.advance_to(self.epoch);
            session.flush();
        }
        if let Some(bell) = self.bell.as_mut().filter(|_| heard < self.epoch) {
            bell.ring(self.epoch);
        }
        while self.probe.less_than(&self.epoch) {
            self.peers.step(&mut self.worker);
        }
        Step { epoch: self.epoch, rows, tasks: self.drain() }
    }

    /// Whether another process has closed an epoch that this one has not.
    pub fn is_called(&self) -> bool {
        self.bell.as_ref().is_some_and(|bell| bell.heard() > self.epoch)
    }

    /// Does what other processes ask for, or sleeps until they do, the thread is unparked, or the time is over.
    pub fn rest(&mut self, most: Option<Duration>) {
        self.worker.step_or_park(most);
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
        let entry = self.asserted.entry(source);
        let before = match &entry {
            Entry::Occupied(entry) => entry.get().facts(),
            Entry::Vacant(_) => &[],
        };
        let gone = before.iter().filter(|fact| facts.binary_search(fact).is_err()).map(|fact| (fact, -1));
        let new = facts.iter().filter(|fact| before.binary_search(fact).is_err()).map(|fact| (fact, 1));
        let mut rows = 0;
        for (fact, diff) in gone.chain(new) {
            rows += 1;
            if let Some(session) = &mut self.session {
                session.update((fact.key, fact.row.clone()), diff);
            }
        }
        match (Asserted::of(facts), entry) {
            (Some(facts), Entry::Occupied(mut entry)) => drop(entry.insert(facts)),
            (Some(facts), Entry::Vacant(entry)) => _ = entry.insert(facts),
            (None, Entry::Occupied(entry)) => drop(entry.remove()),
            (None, Entry::Vacant(_)) => {}
        }
        rows
    }

    fn drain(&mut self) -> Vec<(Key, Option<Ref<Task>>)> {
        let mut changes = std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner));
        consolidate(&mut changes);
        let mut tasks: Vec<(Key, Option<Ref<Task>>)> = Vec::with_capacity(changes.len());
        for ((key, row), diff) in changes {
            // What was there before lies beside what is there now.
            if tasks.last().is_none_or(|(last, _)| *last != key) {
                tasks.push((key, None));
            }
            if let Some((_, task)) = tasks.last_mut().filter(|_| diff > 0) {
                *task = row.get::<Task>().cloned();
            }
        }
        tasks
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        (self.session, self.bell) = (None, None);
        self.peers.end(&mut self.worker);
    }
}

/// Over what the dataflow is spread.
#[derive(Clone, Copy)]
struct Layout {
    workers: NonZeroUsize,
    share: Share,
}

impl Layout {
    /// The bell, where there is anybody who could hear it.
    fn bell(self, worker: &mut Worker) -> Option<Bell> {
        let listeners = (0..self.share.processes).map(|process| self.first_worker(process)).collect();
        (self.share.processes > 1).then(|| Bell::install(worker, listeners))
    }

    /// The worker of the thread of a process's engine.
    const fn first_worker(self, process: usize) -> u64 {
        (process * self.workers.get()) as u64
    }

    /// Brings each task to the process that may do it.
    fn deliver(self, tasks: Unshared<'_>) -> Unshared<'_> {
        if self.share.processes == 1 {
            return tasks;
        }
        let owner = move |((_, row), ..): &Change| {
            row.get::<Task>().map_or(0, |task| self.first_worker(self.share.owner(&task.pending.object)))
        };
        tasks.exchange(owner)
    }
}

/// Builds the dataflow on one worker.
fn install(
    worker: &mut Worker,
    layout: Layout,
    settings: &Settings,
    (changes, log): (&Changes, &work::Log),
) -> (Session, ProbeHandle<Epoch>) {
    let (probe, sink) = (ProbeHandle::new(), changes.clone());
    let session = worker.dataflow_named::<Epoch, _, _>("deltagate", |scope| {
        let (session, inputs) = open(scope);
        let mut plan = Plan::new(scope);
        let outputs = crate::build(&mut plan, settings, inputs);
        log.plan(plan.views());
        layout
            .deliver(outputs.tasks.unshared("tasks"))
            .inspect(move |(row, _, diff): &Change| {
                sink.lock().unwrap_or_else(PoisonError::into_inner).push((row.clone(), *diff));
            })
            .probe_with(&probe);
        session
    });
    (session, probe)
}

macro_rules! inputs {
    ($($relation:ident => $input:ident),* $(,)?) => {
        /// The inputs, told apart by what their rows are.
        #[derive(Clone, Copy)]
        #[allow(non_camel_case_types)] // Each variant is the input whose name it bears.
        enum Input { observed_objects, observed_statuses, route_generations, $($input),* }

        impl Input {
            const COUNT: usize = [Self::observed_objects, Self::observed_statuses, Self::route_generations, $(Self::$input),*].len();

            fn of(row: &Row) -> Self {
                match row.datum() {
                    Datum::Observed(_, observed) if observed.object.kind.written() == Written::Whole => Self::observed_objects,
                    Datum::Observed(..) => Self::observed_statuses,
                    Datum::Generation(_, of) if of.kind.is_route() => Self::route_generations,
                    $(Datum::$relation(..) => Self::$input,)*
                    // Only constructors of `Fact` make facts, and each makes a row of an input.
                    derived => unreachable!("{} is derived, not an input", derived.relation()),
                }
            }
        }

        /// One session for all inputs: each would cost as much as an operator in every epoch.
        fn open(scope: Scope<'_, Epoch>) -> (Session, Inputs<'_>) {
            let (session, rows) = scope.new_collection::<(Key, Row), Diff>();
            let streams = split("inputs", rows.inner, Input::COUNT, |row| Input::of(row) as usize);
            let of = |input: Input| streams[input as usize].clone();
            let inputs = Inputs {
                observed_objects: Rows::from_raw(of(Input::observed_objects)),
                observed_statuses: Rows::from_raw(of(Input::observed_statuses)),
                route_generations: Rows::from_raw(of(Input::route_generations)),
                $($input: Rows::from_raw(of(Input::$input))),*
            };
            (session, inputs)
        }
    };
}

inputs! {
    Class => classes,
    ClassParameters => class_parameters,
    CrdVersion => definitions,
    Gateway => gateways,
    Listener => listeners,
    ListenerSet => listener_sets,
    ParentRef => parent_refs,
    Rule => rules,
    BackendRef => backend_refs,
    Generation => generations,
    NamespaceLabels => namespace_labels,
    MeshChoice => mesh_choices,
    Destination => destinations,
    Grant => grants,
    Certificate => certificates,
    Mesh => meshes,
    GatewayAddress => addresses,
    Refusal => refusals,
}
