//! The writer: pending rows of the dataflow become requests, and what is answered becomes observations.
//!
//! Which rows are pending is decided by the dataflow alone. The writer decides when, how and how many at once.

mod counters;
mod dispatch;
mod fights;
mod finalizer;
mod flight;
mod lines;
pub mod outcome;
pub mod pacing;
pub mod queue;
pub mod request;
mod settling;
pub mod status;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dataflows::model::{Key, Kind, ObjectName, Refusal};
use jiff::Timestamp;
use kube::Client;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch::Receiver;
use tokio::task::{JoinError, JoinSet};

pub use counters::{Counters, LaneLabels, WriteLabels};
pub use dispatch::{Aim, Asked, Dispatch, First, Landing, Step, Update};
pub use fights::{Hold, Stage};
pub use lines::Lane;

use crate::events::EpochReport;
use crate::observations::{Entry, Feed};
use crate::vault;
use flight::{Landed, Pilot, RefusedWrite};
use pacing::Turn;
use queue::Queue;
use request::{Request, Verb};

/// How long requests on their way may take to finish when the process ends.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// Tasks of one epoch that are taken in before others get their turn: what a task is about has to be worked out.
const TASKS_AT_ONCE: usize = 256;

/// The writer of one process.
pub struct Writer {
    pilot: Arc<Pilot>,
    reports: UnboundedReceiver<EpochReport>,
    may_write: Receiver<bool>,
    queue: Queue,
    flights: JoinSet<Landed>,
    /// Objects of which the engine was told that the last write was refused.
    refused: HashMap<Key, ObjectName>,
    /// Missing permissions that the operator was told of.
    told: HashSet<(Kind, Verb)>,
}

impl Writer {
    /// A writer that works from the engine's reports, as long as `may_write` says true.
    pub fn new(
        client: Client,
        feed: Arc<Feed>,
        reports: UnboundedReceiver<EpochReport>,
        may_write: Receiver<bool>,
        counters: Arc<Counters>,
    ) -> Self {
        let pilot = Arc::new(Pilot { client, feed, counters });
        let (queue, flights, refused, told) = Default::default();
        Self { pilot, reports, may_write, queue, flights, refused, told }
    }

    /// Writes until `stop` says true (or is dropped) or the engine has ended, then finishes what is on its way.
    pub async fn run(mut self, mut stop: Receiver<bool>) {
        let feed = Arc::clone(&self.pilot.feed);
        loop {
            self.dispatch().await;
            self.count();
            let wake_at = self.queue.wake_at().filter(|_| self.may_write());
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                report = self.reports.recv() => match report {
                    Some(report) => self.take(report).await,
                    None => break,
                },
                Some(landed) = self.flights.join_next() => self.landed(landed).await,
                fresh = feed.news().next() => {
                    fresh.objects.into_iter().for_each(|key| self.queue.observed(key));
                    fresh.kinds.into_iter().for_each(|kind| self.queue.listed(kind));
                }
                Ok(()) = self.may_write.changed() => {}
                () = sleep_until(wake_at) => {}
            }
        }
        self.finish().await;
    }

    /// Whether this process is the one that writes.
    fn may_write(&self) -> bool {
        *self.may_write.borrow()
    }

    async fn take(&mut self, report: EpochReport) {
        let asked = report.tasks.iter().filter(|(_, task)| task.is_some()).count();
        let (now, lane) = (Instant::now(), Lane::of(asked));
        for (at, (key, task)) in report.tasks.into_iter().enumerate() {
            if at % TASKS_AT_ONCE == TASKS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            let done = task.is_none();
            let asked = task.map(|task| {
                let lane = if dispatch::is_awaited(&report.changed, key, &task) { Lane::Interactive } else { lane };
                Asked { aim: Aim::of(self.pilot.feed.settings(), &task), task, lane, heard: report.heard }
            });
            if self.queue.update(key, asked, now) == Update::Avoided {
                self.pilot.counters.avoided.inc();
            }
            if done {
                self.withdraw_refusal(key).await;
            }
        }
    }

    async fn dispatch(&mut self) {
        while self.may_write() {
            let Some(dispatch) = self.queue.next(Instant::now()) else { return };
            let entry = self.pilot.feed.entry(dispatch.key).await;
            let pending = &dispatch.task.pending;
            let edge = (&**self.pilot.feed.settings(), self.pilot.feed.vault());
            let request = match dispatch.step {
                Step::Read => Some(Request::read(pending.object.clone())),
                Step::Write | Step::Insist => {
                    request::plan(edge, pending, entry.as_deref(), dispatch.step, Timestamp::now())
                }
            };
            match request {
                None => self.queue.unsent(dispatch.key, Instant::now()),
                Some(request) if request.verb == Verb::Read => self.send(dispatch, request, entry),
                Some(mut request) => match self.queue.hold(dispatch.key, Instant::now()) {
                    None => self.send(dispatch, request, entry),
                    Some(hold) => {
                        vault::wipe(&mut request.body);
                        self.put_off(&pending.object, hold, entry.as_deref());
                    }
                },
            }
        }
    }

    fn send(&mut self, dispatch: Dispatch, request: Request, entry: Option<Arc<Entry>>) {
        self.queue.sent(dispatch.key);
        self.flights.spawn(Arc::clone(&self.pilot).fly(dispatch, request, entry));
    }

    /// Tells the operator of a fight, once.
    fn put_off(&self, object: &ObjectName, hold: Hold, entry: Option<&Entry>) {
        if hold.stage != Stage::Known {
            self.pilot.counters.put_off.inc();
        }
        if hold.stage != Stage::Begins {
            return;
        }
        let other = entry.and_then(|entry| entry.rival.as_deref()).unwrap_or("unknown");
        tracing::warn!(
            %object, other_manager = other, pause_s = hold.pause.as_secs(),
            "somebody else keeps undoing what is written, so it is written again ever later: find the other writer, and \
             stop it or give it another controllerName"
        );
    }

    async fn landed(&mut self, landed: Result<Landed, JoinError>) {
        let landed = match landed {
            Ok(landed) => landed,
            // A broken invariant in a flight is a bug like any other: the process must not go on without that object.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return,
        };
        let key = landed.dispatch.key;
        let newest = self.pilot.feed.entry(key).await;
        let landing = landed.sight.compare(landed.landing, newest.as_deref().map(|entry| &entry.identity));
        match self.queue.landed(key, landing, Instant::now()) {
            Some(Turn::Lost) => {
                let reason = landed.unreachable.unwrap_or_default();
                tracing::warn!(%reason, pending = self.queue.pending(), "the API server is away; writes wait");
            }
            Some(Turn::Regained(after)) => {
                tracing::info!(after_ms = after.as_millis(), "the API server can be reached again; writes go on");
            }
            None => {}
        }
        match landed.refusal {
            Some(refusal) => self.refuse(&landed.dispatch, refusal).await,
            None if landed.landing == Landing::Settled => self.withdraw_refusal(key).await,
            None => {}
        }
    }

    /// Tells the engine, hence the owner of the object, and the operator. Not if something else is asked for by now, or
    /// nothing: a refusal is taken back when its task ends, so one without a task would stay.
    async fn refuse(&mut self, dispatch: &Dispatch, refused: RefusedWrite) {
        let aim = Aim::of(self.pilot.feed.settings(), &dispatch.task);
        if self.queue.aim(dispatch.key) != Some(aim) {
            return;
        }
        let object = &dispatch.task.pending.object;
        let RefusedWrite { verb, reason, permission } = refused;
        if !permission {
            tracing::warn!(%object, verb = verb.name(), reason, "a write was refused; its owner is told");
        } else if self.told.insert((object.kind, verb)) {
            let (group, resource) = (object.kind.group().name(), object.kind.plural());
            tracing::error!(
                %object, verb = verb.name(), group, resource, reason,
                "not permitted to write a kind: add a rule for this resource of this API group to our ClusterRole"
            );
        }
        let fingerprint = match aim {
            Aim::Show(fingerprint) => Some(fingerprint),
            Aim::Absence | Aim::Nothing => None,
        };
        let refusal = Refusal { fingerprint, reason: reason.into() };
        self.refused.insert(dispatch.key, object.clone());
        self.pilot.feed.refused(object, Some(refusal)).await;
    }

    async fn withdraw_refusal(&mut self, key: Key) {
        if let Some(object) = self.refused.remove(&key) {
            self.told.retain(|(kind, _)| *kind != object.kind);
            self.pilot.feed.refused(&object, None).await;
        }
    }

    fn count(&self) {
        let (counters, pacing) = (&self.pilot.counters, self.queue.pacing());
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        counters.in_flight.set(number(pacing.in_flight()));
        counters.limit.set(number(pacing.limit()));
        counters.pending.set(number(self.queue.pending()));
        let since = self.queue.oldest().and_then(|since| SystemTime::now().checked_sub(since.elapsed()));
        let unix = since.and_then(|since| since.duration_since(UNIX_EPOCH).ok());
        counters.oldest_pending.set(unix.unwrap_or_default().as_secs_f64());
    }

    /// Starts nothing more, and hears what the requests on their way are answered.
    async fn finish(mut self) {
        let finished = async { while self.flights.join_next().await.is_some() {} };
        if tokio::time::timeout(FINISH_MAX, finished).await.is_err() {
            tracing::warn!("requests on their way did not finish in time; what they did is seen at the next start");
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
