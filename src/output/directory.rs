//! The sink of `run --from`: keeps a directory as the dataflow wants it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, select};
use dataflows::model::{Action, Desired, Key, Kind, ObjectName, Ref, Settings, Task, Written};
use dataflows::rules::pending::is_claimed;
use serde_json::Value;

use super::files::{OutputDirectory, OutputError, Put};
use super::known::{Known, Sight};
use super::shown;
use super::sightings::{Shown, Sightings};
use crate::admin::metrics::Metrics;
use crate::apply::WriteLabels;
use crate::documents::Changes;
use crate::events::{EpochReport, Event};
use crate::vault::Vault;

/// The name under which the engine thread waits for what the directory shows at the start.
pub const INPUT: &str = "output directory";

const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Keeps a directory as tasks ask for.
pub struct DirectorySink {
    /// The settings of the engine.
    pub settings: Settings,
    /// Where to write.
    pub directory: OutputDirectory,
    /// What copies of Secrets have to hold.
    pub vault: Vault,
    /// What input and output show.
    pub sightings: Sightings,
    /// Where writes are counted.
    pub metrics: Arc<Metrics>,
    /// Where observations go.
    pub events: Sender<Event>,
}

/// Between a change of the directory and the look at it: our own writes come in numbers.
const LOOK_AFTER: Duration = Duration::from_millis(300);

/// The engine thread is gone.
#[derive(Debug)]
struct Gone;

/// A task that is not done.
struct Queued {
    task: Ref<Task>,
    failures: u32,
    due: Instant,
    /// What was logged about it last, so that a lasting trouble is told once.
    told: String,
}

/// What became of a task.
enum Done {
    /// It is done, and this is there now.
    Now(Option<Shown>),
    /// A Secret does not hold what its copy should: another task is about to come, or another process read it first.
    Later,
}

/// What the sink knows while it works.
struct Work {
    queue: BTreeMap<Key, Queued>,
    known: Known,
    changes: Changes,
    /// When to look at the directory again: something changed in it.
    look_at: Option<Instant>,
    /// Why the directory could not be looked at, if it could not.
    trouble: Option<String>,
}

impl DirectorySink {
    /// Starts the thread. It ends when no more reports can come.
    pub fn spawn(self, reports: Receiver<EpochReport>) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            // The engine is gone: then there is nothing to do any more.
            let _ = self.follow(&reports);
        })
    }

    fn follow(&self, reports: &Receiver<EpochReport>) -> Result<(), Gone> {
        let mut known = Known::default();
        self.observe_start(&mut known, reports)?;
        let changes = Changes::of(self.directory.root());
        let mut work = Work { queue: BTreeMap::new(), known, changes, look_at: None, trouble: None };
        loop {
            self.wait(&mut work, reports)?;
            self.metrics.count_pending();
            if work.look_at.is_some_and(|at| at <= Instant::now()) {
                self.observe(&mut work)?;
            }
            self.work_off(&mut work)?;
            self.clear_beside(&mut work)?;
        }
    }

    /// Tells what the directory shows, as soon as it can be read.
    fn observe_start(&self, known: &mut Known, reports: &Receiver<EpochReport>) -> Result<(), Gone> {
        let (mut failures, mut sights) = (0, Vec::new());
        while let Err(error) = self.directory.scan(&self.settings, known, &mut sights) {
            if failures == 0 {
                tracing::error!("{error}; nothing is written until then");
            }
            failures += 1;
            if matches!(reports.recv_timeout(pause(failures)), Err(RecvTimeoutError::Disconnected)) {
                return Err(Gone);
            }
        }
        for sight in sights {
            self.tell(sight)?;
        }
        self.events.send(Event::Complete { input: INPUT }).map_err(|_| Gone)
    }

    /// Waits until there is something to do.
    fn wait(&self, work: &mut Work, reports: &Receiver<EpochReport>) -> Result<(), Gone> {
        let due = work.queue.values().map(|queued| queued.due).chain(work.look_at).min();
        let pause = due.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
        select! {
            recv(reports) -> report => {
                self.enqueue(&mut work.queue, report.map_err(|_| Gone)?);
                reports.try_iter().for_each(|report| self.enqueue(&mut work.queue, report));
            }
            recv(work.changes.changed()) -> _ => {
                work.look_at.get_or_insert_with(|| Instant::now() + LOOK_AFTER);
            }
            default(pause.min(work.changes.pause())) => {
                if work.changes.is_due() {
                    work.look_at.get_or_insert_with(Instant::now);
                }
            }
        }
        Ok(())
    }

    /// Tells what others changed in the directory.
    fn observe(&self, work: &mut Work) -> Result<(), Gone> {
        work.look_at = None;
        work.changes.looking();
        let mut sights = Vec::new();
        let result = self.directory.scan(&self.settings, &mut work.known, &mut sights);
        for sight in sights {
            tracing::debug!(object = %sight.0, "somebody else changed its file");
            self.tell(sight)?;
        }
        match result {
            Ok(()) => work.trouble = None,
            Err(error) => {
                let text = error.to_string();
                if work.trouble.as_ref() != Some(&text) {
                    tracing::error!("{text}; edits of what was written are not seen until then");
                }
                work.trouble = Some(text);
            }
        }
        Ok(())
    }

    /// The newest task of each object counts.
    fn enqueue(&self, queue: &mut BTreeMap<Key, Queued>, report: EpochReport) {
        for (key, task) in report.tasks {
            let before = queue.remove(&key);
            if before.is_some() {
                self.metrics.counters().avoided.inc();
            }
            let Some(task) = task.filter(|task| task.blocked_by.is_empty()) else { continue };
            let (failures, told) = before.map_or((0, String::new()), |before| (before.failures, before.told));
            queue.insert(key, Queued { task, failures, due: Instant::now(), told });
        }
    }

    /// Does what is due.
    fn work_off(&self, work: &mut Work) -> Result<(), Gone> {
        let now = Instant::now();
        let due: Vec<Key> = work.queue.iter().filter(|(_, queued)| queued.due <= now).map(|(key, _)| *key).collect();
        for key in due {
            let Some(mut queued) = work.queue.remove(&key) else { continue };
            match self.perform(&mut work.known, &queued.task) {
                Ok(Done::Now(shown)) => {
                    if queued.failures > 0 {
                        tracing::info!(object = %queued.task.pending.object, "done at last");
                    }
                    self.tell((queued.task.pending.object.clone(), shown))?;
                }
                Ok(Done::Later) => {
                    queued.due = Instant::now() + PAUSE_MIN;
                    work.queue.insert(key, queued);
                }
                Err(error) => {
                    queued.failures += 1;
                    queued.due = Instant::now() + pause(queued.failures);
                    tell_trouble(&mut queued, &error);
                    work.queue.insert(key, queued);
                }
            }
        }
        Ok(())
    }

    /// Does what a task asks for.
    fn perform(&self, known: &mut Known, task: &Task) -> Result<Done, OutputError> {
        let object = &task.pending.object;
        match &task.pending.action {
            Action::Write(desired) => {
                self.claim(desired);
                self.write(known, desired)
            }
            Action::Remove { then, .. } => {
                if let Some(desired) = then {
                    self.claim(desired);
                }
                let removed = self.remove(known, object);
                self.count(
                    object.kind,
                    if object.kind.written() == Written::Status { "delete_status" } else { "delete" },
                    removed.is_ok(),
                );
                removed.map(|()| Done::Now(None))
            }
            // The input holds an object of this name that is not ours: a copy of ours beside it would be a lie.
            Action::Obstructed(_) => self.remove(known, object).map(|()| Done::Now(None)),
        }
    }

    fn remove(&self, known: &mut Known, object: &ObjectName) -> Result<(), OutputError> {
        self.directory.remove(object)?;
        known.removed(&self.directory.path(object));
        Ok(())
    }

    /// An object in the input that bears our owner label is ours after all if the dataflow asks us to write it.
    fn claim(&self, desired: &Desired) {
        self.sightings.claim(&desired.object, |foreign| is_claimed(&self.settings, foreign.claim(), desired));
    }

    /// Removes what lies beside an object of somebody else although nothing asks for it any more.
    fn clear_beside(&self, work: &mut Work) -> Result<(), Gone> {
        for object in self.sightings.beside() {
            // If it cannot be removed now, the next look tries again.
            if self.remove(&mut work.known, &object).is_ok() {
                self.tell((object, None))?;
            }
        }
        Ok(())
    }

    fn write(&self, known: &mut Known, desired: &Desired) -> Result<Done, OutputError> {
        let object = &desired.object;
        let Some(mut value) = self.vault.render(&self.settings, desired) else { return Ok(Done::Later) };
        let observed = shown(&self.settings, desired, &value);
        let is_status = object.kind.written() == Written::Status;
        if is_status {
            self.sightings.apply_version(object, &mut value);
        }
        let api_version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let put = self.directory.put(object, value, &now);
        if matches!(put, Ok(Put::Unchanged(_))) {
            self.metrics.counters().avoided.inc();
        } else {
            self.count(object.kind, if is_status { "apply_status" } else { "apply" }, put.is_ok());
        }
        let (Put::Written(text) | Put::Unchanged(text)) = put?;
        let shown = Shown { observed, api_version };
        known.wrote(&self.directory.path(object), text, shown.clone());
        Ok(Done::Now(Some(shown)))
    }

    fn count(&self, kind: Kind, verb: &'static str, written: bool) {
        let outcome = if written { "written" } else { "later" };
        let labels = WriteLabels { kind: kind.name(), verb, outcome };
        self.metrics.counters().writes.get_or_create(&labels).inc();
    }

    fn tell(&self, (object, shown): Sight) -> Result<(), Gone> {
        let send = |update| Event::Answered { object: object.clone(), updates: vec![update], heard: Instant::now() };
        self.sightings.output(&object, shown, |update| self.events.send(send(update))).map_err(|_| Gone)
    }
}

/// Doubles from the shortest to the longest pause.
fn pause(failures: u32) -> Duration {
    PAUSE_MIN.saturating_mul(1 << failures.saturating_sub(1).min(5)).min(PAUSE_MAX)
}

fn tell_trouble(queued: &mut Queued, error: &OutputError) {
    let text = error.to_string();
    if queued.told != text {
        let seconds = pause(queued.failures).as_secs();
        tracing::error!(object = %queued.task.pending.object, "{text}; trying again, next in {seconds} s");
        queued.told = text;
    }
}
