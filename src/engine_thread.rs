//! The thread that owns the dataflow: takes what has piled up, closes one epoch, tells what changed; nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use dataflows::engine::Share;
use dataflows::model::{Key, ObjectName, Settings, Update};
use dataflows::{Engine, Step};
use tokio::sync::mpsc::UnboundedSender;

use crate::causes::chain;
use crate::cluster::Membership;
use crate::events::{EpochReport, Event};

mod alarm;
mod intake;

pub use alarm::leave;
use intake::{Intake, Waited};

/// Events folded into one epoch at most, so that a relist cannot stall an answer.
pub const BATCH_MAX: usize = 4_096;

/// How long answers to our own writes wait for each other: those to the writes of one change come a moment apart, and
/// nobody waits for what follows from them. Whatever else comes takes them along at once.
const LINGER: Duration = Duration::from_millis(5);

/// Triggers that a report names at most; it is a line for people.
const TRIGGERS_MAX: usize = 4;

const THREAD_NAME: &str = "engine";

/// What is waited for before everything else.
const OTHERS: &str = "other processes";

/// Over what the dataflow is spread.
#[derive(Debug)]
pub struct Spread {
    /// Its workers in this process, each a thread.
    pub workers: NonZeroUsize,
    /// This process among the others, if there are any.
    pub membership: Option<Membership>,
}

/// How far the start has come. Cheap to clone and to read from any thread.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<State>);

#[derive(Debug, Default)]
struct State {
    ready: AtomicBool,
    objects: AtomicUsize,
    expected: AtomicUsize,
    missing: Mutex<Vec<&'static str>>,
    cause: Mutex<Option<String>>,
}

impl Readiness {
    /// Whether every input is complete and the first epoch is closed.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// The inputs that have not delivered all they hold.
    pub fn missing(&self) -> Vec<&'static str> {
        self.0.missing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Events about objects that arrived before the first epoch.
    pub fn objects(&self) -> usize {
        self.0.objects.load(Ordering::Relaxed)
    }

    /// Number of inputs that are waited for, complete or not.
    pub fn expected(&self) -> usize {
        self.0.expected.load(Ordering::Relaxed)
    }

    /// Says why an input does not deliver, or that it can.
    pub fn explain(&self, cause: Option<String>) {
        *self.0.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }

    /// Why an input does not deliver, where that is known.
    pub fn cause(&self) -> Option<String> {
        self.0.cause.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_missing(&self, missing: &[&'static str]) {
        missing.clone_into(&mut self.0.missing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Starts the thread, which is one of the workers of the dataflow. It ends when every sender of events is gone.
///
/// The first epoch closes when each of the expected inputs has said [`Event::Complete`]; after that each batch of
/// events is an epoch. In a cluster of processes each keeps to its share of all objects, and ends when another does,
/// unless it was told to [leave]. A panic on this thread is a bug in the dataflow, whose state nobody can trust
/// afterwards: the process is aborted, with the cause.
pub fn spawn(
    settings: Settings,
    spread: Spread,
    expected_inputs: Vec<&'static str>,
    events: Receiver<Event>,
    reports: UnboundedSender<EpochReport>,
    readiness: Readiness,
) -> std::io::Result<JoinHandle<()>> {
    alarm::arm(THREAD_NAME);
    readiness.0.expected.store(expected_inputs.len(), Ordering::Relaxed);
    let waits = if spread.membership.is_some() { vec![OTHERS] } else { expected_inputs.clone() };
    readiness.set_missing(&waits);
    thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(move || {
        let share = spread.membership.as_ref().map_or(Share::WHOLE, Membership::share);
        let Some((mut engine, intake)) = start(settings, spread, events) else { return };
        readiness.set_missing(&expected_inputs);
        let mut batch = initial_batch(expected_inputs, &intake, &readiness);
        while let Some(ready) = batch {
            if !close_epoch(&mut engine, ready, &reports) {
                break;
            }
            readiness.0.ready.store(true, Ordering::Release);
            batch = next_batch(&mut engine, &intake);
        }
        if share != Share::WHOLE {
            leave();
            // An orderly end would wait for the others, which go on: they have to notice that this process is gone.
            std::mem::forget(engine);
        }
    })
}

/// The engine, and where it hears from; `None` if there is none, which was told.
fn start(settings: Settings, spread: Spread, events: Receiver<Event>) -> Option<(Engine, Intake)> {
    let Spread { workers, membership } = spread;
    let share = membership.as_ref().map_or(Share::WHOLE, Membership::share);
    let cluster = membership.map(|membership| membership.join(workers.get(), &settings)).transpose();
    let cluster = cluster.inspect_err(|error| tracing::error!("{}", chain(error))).ok()?;
    let engine = match cluster {
        None => Engine::with_workers(settings, workers),
        Some(cluster) => Engine::in_cluster(settings, workers, cluster),
    };
    let started = engine.and_then(|engine| Ok((engine, Intake::new(events, share)?)));
    started
        .inspect_err(|error| {
            tracing::error!(%error, "the system refuses threads: lower --workers, or raise the limits of this process");
        })
        .ok()
}

/// The events of one epoch.
#[derive(Default)]
struct Batch {
    triggers: Vec<ObjectName>,
    /// Objects that others changed.
    changed: BTreeSet<Key>,
    events: usize,
    heard: Option<Instant>,
    /// By source, as only the last word of each counts: the initial batch must not grow with repetitions.
    updates: BTreeMap<Key, Update>,
}

impl Batch {
    /// Takes an event in. Those that assert nothing have been dealt with before.
    fn add(&mut self, event: Event) {
        match event {
            Event::Changed { trigger, updates, heard } => {
                // Whoever waits, waits since the first change, not since an answer that came before.
                self.heard =
                    self.heard.filter(|_| !self.changed.is_empty()).map_or(heard, |first| first.min(heard)).into();
                self.changed.insert(trigger.key());
                self.assert(trigger, updates);
            }
            Event::Answered { object, updates, heard } => {
                self.heard.get_or_insert(heard);
                self.assert(object, updates);
            }
            Event::Complete { .. } => {}
        }
    }

    fn assert(&mut self, trigger: ObjectName, updates: Vec<Update>) {
        self.events += 1;
        if self.triggers.len() < TRIGGERS_MAX && !self.triggers.contains(&trigger) {
            self.triggers.push(trigger);
        }
        self.updates.extend(updates.into_iter().map(|update| (update.source, update)));
    }
}

/// All that the inputs hold at the start; `None` if every sender is gone before.
fn initial_batch(mut missing: Vec<&'static str>, intake: &Intake, readiness: &Readiness) -> Option<Batch> {
    let mut batch = Batch::default();
    while !missing.is_empty() {
        match intake.next()? {
            Event::Complete { input } => {
                missing.retain(|name| *name != input);
                readiness.set_missing(&missing);
            }
            event => {
                batch.add(event);
                readiness.0.objects.store(batch.events, Ordering::Relaxed);
            }
        }
    }
    Some(batch)
}

/// Waits for work, then takes what has piled up meanwhile; `None` once every sender is gone. It is empty if another
/// process has closed an epoch.
fn next_batch(engine: &mut Engine, intake: &Intake) -> Option<Batch> {
    let mut batch = Batch::default();
    match intake.wait(engine, None) {
        Waited::Event(event) => batch.add(event),
        Waited::Called | Waited::Late => return Some(batch),
        Waited::Ended => return None,
    }
    let until = Instant::now() + LINGER;
    loop {
        intake.ready().take(BATCH_MAX.saturating_sub(batch.events)).for_each(|event| batch.add(event));
        if !batch.changed.is_empty() || batch.events >= BATCH_MAX {
            return Some(batch);
        }
        match intake.wait(engine, Some(until)) {
            Waited::Event(event) => batch.add(event),
            // The end is noticed when there is nothing left to do.
            Waited::Called | Waited::Late | Waited::Ended => return Some(batch),
        }
    }
}

/// Closes one epoch and reports it if it changed something; `false` once nobody listens.
fn close_epoch(engine: &mut Engine, batch: Batch, reports: &UnboundedSender<EpochReport>) -> bool {
    let Batch { triggers, changed, events, heard, updates } = batch;
    let begin = Instant::now();
    let heard = heard.unwrap_or(begin);
    let step = engine.step(updates.into_values());
    let took = begin.elapsed();
    // The first epoch is told even if nothing was there: it is what readiness and the progress line wait for.
    if step.rows == 0 && step.tasks.is_empty() && step.epoch > 1 {
        return !reports.is_closed();
    }
    let Step { epoch, rows, tasks } = step;
    let report = EpochReport { epoch, triggers, changed, heard, events, rows, took, tasks };
    reports.send(report).is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dataflows::model::{Fact, Kind};
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    fn mesh(name: &str) -> Event {
        let object = ObjectName::new(Kind::Mesh, "", name);
        let facts = vec![Fact::generation(&object, 1)];
        Event::Changed { updates: vec![Update { source: object.key(), facts }], trigger: object, heard: Instant::now() }
    }

    #[test]
    fn the_first_epoch_waits_for_every_input() {
        let (events, received) = crossbeam_channel::unbounded();
        let (sender, mut reports) = unbounded_channel();
        let readiness = Readiness::default();
        let thread = spawn(
            Settings::default(),
            Spread { workers: NonZeroUsize::MIN, membership: None },
            vec!["meshes", "services"],
            received,
            sender,
            readiness.clone(),
        )
        .unwrap();
        events.send(mesh("default")).unwrap();
        events.send(Event::Complete { input: "meshes" }).unwrap();
        thread::sleep(Duration::from_millis(50));
        assert!(reports.try_recv().is_err());
        assert!(!readiness.is_ready());
        assert_eq!(readiness.missing(), ["services"]);
        events.send(Event::Complete { input: "services" }).unwrap();
        let report = reports.blocking_recv().unwrap();
        assert_eq!((report.epoch, report.events), (1, 1));
        assert_eq!(report.triggers, [ObjectName::new(Kind::Mesh, "", "default")]);
        drop(events);
        thread.join().unwrap();
        assert!(readiness.is_ready());
    }

    fn answered(name: &str) -> Event {
        let Event::Changed { trigger, updates, heard } = mesh(name) else { unreachable!() };
        Event::Answered { object: trigger, updates, heard }
    }

    #[test]
    fn answers_wait_for_each_other_and_for_nothing_else() {
        let (events, received) = crossbeam_channel::unbounded();
        let intake = Intake::new(received.clone(), Share::WHOLE).unwrap();
        let mut engine = Engine::new(Settings::default());
        events.send(answered("a")).unwrap();
        let sender = events.clone();
        let later = thread::spawn(move || {
            thread::sleep(LINGER / 5);
            sender.send(answered("b")).unwrap();
        });
        let batch = next_batch(&mut engine, &intake).unwrap();
        later.join().unwrap();
        // A machine that is busy may let the second come too late, but never both.
        let rest = received.try_iter().count();
        assert_eq!((batch.events + rest, batch.changed.len()), (2, 0));

        events.send(answered("a")).unwrap();
        events.send(mesh("b")).unwrap();
        let batch = next_batch(&mut engine, &intake).unwrap();
        assert_eq!(batch.changed, [ObjectName::new(Kind::Mesh, "", "b").key()].into());
        assert_eq!(batch.events, 2);
    }

    #[test]
    fn the_last_word_of_a_source_counts() {
        let mut batch = Batch::default();
        for name in ["a", "a", "b"] {
            batch.add(mesh(name));
        }
        assert_eq!((batch.events, batch.updates.len(), batch.triggers.len()), (3, 2, 2));
    }
}
