//! What has to be written, in which order, and when. No I/O and no clock: time comes with every call.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use dataflows::model::{Key, Kind, Ref, Task};

use super::dispatch::{Aim, Dispatch, Landing, Step, Update};
use super::pacing::{Pacing, Turn};
use crate::observations::kinds::{Part, written};
use crate::observations::pause::growing;

/// Pauses after answers that concern the object or the server's load.
const LATER: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// Pauses after a refusal. What refused it seldom changes its mind, but a webhook may be mended.
const REFUSED: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(300));

/// Pauses after a missing permission. It is most often given within moments of being missed, as when the rules of a new
/// release are applied after its Deployment.
const FORBIDDEN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(120));

/// Pauses when others keep being faster. Short, as each attempt is made from the newest observation.
const STALE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How long to wait for a newer observation before looking ourselves.
const OBSERVATION_MAX: Duration = Duration::from_secs(2);

/// How long the dataflow may ask for something that the newest observation does not ask for, before it is believed.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);

/// Statuses in a row while objects wait as well. A user looks at statuses first, but they must not starve the rest.
const STATUSES_IN_A_ROW: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Waits for other objects, or is nobody's work.
    Blocked,
    /// In a ready line at this place.
    Ready(u64),
    /// On its way.
    Flying,
    /// Waits for the time, because of what it asks for.
    Refused(Instant),
    /// Waits for the time, because of the server.
    Paused(Instant),
    /// Waits for news of the object, or for the time.
    Awaiting(Instant),
}

#[derive(Debug)]
struct Waiting {
    task: Ref<Task>,
    aim: Aim,
    since: Instant,
    standing: Standing,
    step: Step,
    failures: u32,
    sent: bool,
}

/// The tasks: newest wins per key, one request in flight per key.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: HashMap<Key, Waiting>,
    /// Statuses, then objects; first come, first served.
    ready: [BTreeMap<u64, Key>; 2],
    timers: BTreeSet<(Instant, Key)>,
    ages: BTreeSet<(Instant, Key)>,
    flying: HashMap<Key, Aim>,
    pacing: Pacing,
    place: u64,
    statuses_in_a_row: u32,
}

impl Queue {
    /// Takes the newest task of an object with its aim, or that there is none any more.
    pub fn update(&mut self, key: Key, task: Option<(Ref<Task>, Aim)>, now: Instant) -> Update {
        let Some((task, aim)) = task else { return self.forget(key) };
        let flying = self.flying.contains_key(&key);
        let mut waiting = self.waiting.remove(&key).unwrap_or_else(|| {
            self.ages.insert((now, key));
            Waiting::new(Ref::clone(&task), aim, now)
        });
        let fresh = waiting.aim != aim;
        if fresh {
            (waiting.step, waiting.failures, waiting.sent) = (Step::Write, 0, false);
        }
        (waiting.task, waiting.aim) = (task, aim);
        self.unlist(key, waiting.standing);
        waiting.standing = match waiting.standing {
            _ if !waiting.may_start() => Standing::Blocked,
            _ if flying => Standing::Flying,
            // Trouble of the server is not mended by another wish.
            Standing::Ready(_) | Standing::Paused(_) => waiting.standing,
            Standing::Refused(_) | Standing::Awaiting(_) if !fresh => waiting.standing,
            _ => self.next_place(),
        };
        self.list(key, &waiting);
        self.waiting.insert(key, waiting);
        Update::Taken
    }

    fn forget(&mut self, key: Key) -> Update {
        let Some(waiting) = self.waiting.remove(&key) else { return Update::Done };
        self.unlist(key, waiting.standing);
        self.ages.remove(&(waiting.since, key));
        if waiting.sent || waiting.aim == Aim::Nothing { Update::Done } else { Update::Avoided }
    }

    /// Takes the news that an object was observed anew.
    pub fn observed(&mut self, key: Key) {
        self.become_ready(key, |standing| matches!(standing, Standing::Awaiting(_)), Step::Write);
    }

    /// Takes the news that a kind was listed: a refusal may have been that it was not served.
    pub fn listed(&mut self, kind: Kind) {
        let of_kind = |waiting: &Waiting| waiting.task.pending.object.kind == kind;
        let refused = |waiting: &Waiting| matches!(waiting.standing, Standing::Refused(_)) && of_kind(waiting);
        let keys: BTreeSet<Key> =
            self.waiting.iter().filter(|(_, waiting)| refused(waiting)).map(|(key, _)| *key).collect();
        for key in keys {
            self.become_ready(key, |_| true, Step::Write);
        }
    }

    /// The next task to be done, if one may be done now. It counts as on its way until [`Self::landed`].
    pub fn next(&mut self, now: Instant) -> Option<Dispatch> {
        self.wake(now);
        if !self.pacing.allows(now) {
            return None;
        }
        let line = self.line()?;
        let (place, key) = self.ready[line].pop_first()?;
        let Some(waiting) = self.waiting.get_mut(&key) else {
            debug_assert!(false, "place {place} without a task");
            return None;
        };
        self.statuses_in_a_row = if line == STATUSES { self.statuses_in_a_row + 1 } else { 0 };
        waiting.standing = Standing::Flying;
        let (task, step) = (Ref::clone(&waiting.task), std::mem::replace(&mut waiting.step, Step::Write));
        self.flying.insert(key, waiting.aim);
        self.pacing.started();
        Some(Dispatch { key, task, step })
    }

    /// Notes that the request for a task was really sent, rather than found to be needless.
    pub fn sent(&mut self, key: Key) {
        if let Some(waiting) = self.waiting.get_mut(&key) {
            waiting.sent = true;
        }
    }

    /// Takes back a dispatch for which there was nothing to send: it waits for news, or for its time.
    pub fn unsent(&mut self, key: Key, now: Instant) {
        self.pacing.returned();
        self.settle(key, Landing::Settled, now);
    }

    /// Takes what became of a dispatch that was sent.
    pub fn landed(&mut self, key: Key, landing: Landing, now: Instant) -> Option<Turn> {
        let turn = self.pacing.landed(landing.signal(), now);
        self.settle(key, landing, now);
        turn
    }

    fn settle(&mut self, key: Key, landing: Landing, now: Instant) {
        let flown = self.flying.remove(&key);
        let Some(mut waiting) = self.waiting.remove(&key) else { return };
        self.unlist(key, waiting.standing);
        let same = flown == Some(waiting.aim);
        waiting.standing =
            if waiting.may_start() { self.after(&mut waiting, landing, same, now) } else { Standing::Blocked };
        self.list(key, &waiting);
        self.waiting.insert(key, waiting);
    }

    /// Where a task stands after an answer. `same` if the answer is to this task and not to one before it.
    fn after(&mut self, waiting: &mut Waiting, landing: Landing, same: bool, now: Instant) -> Standing {
        let before = std::mem::replace(&mut waiting.failures, 0);
        let failures = before + 1;
        let pause = |(first, most)| growing(first, most, failures);
        match landing {
            Landing::Later(asked) => {
                waiting.failures = failures;
                let own = pause(LATER);
                Standing::Paused(now + asked.map_or(own, |asked| asked.max(own)))
            }
            _ if !same => self.next_place(),
            Landing::Unreachable | Landing::Again => {
                waiting.failures = before;
                self.next_place()
            }
            Landing::Settled => {
                waiting.step = Step::Insist;
                Standing::Awaiting(now + CATCH_UP_MAX)
            }
            Landing::Stale { newer } => {
                waiting.failures = failures;
                match newer {
                    // The first time at once: most conflicts are one change that came just before ours.
                    true if failures == 1 => self.next_place(),
                    true => Standing::Refused(now + pause(STALE)),
                    false => {
                        waiting.step = Step::Read;
                        Standing::Awaiting(now + OBSERVATION_MAX)
                    }
                }
            }
            Landing::Refused | Landing::Forbidden => {
                waiting.failures = failures;
                let pauses = if landing == Landing::Forbidden { FORBIDDEN } else { REFUSED };
                Standing::Refused(now + pause(pauses))
            }
        }
    }

    fn wake(&mut self, now: Instant) {
        while let Some((at, key)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, key));
            let step = self.waiting.get(&key).map_or(Step::Write, |waiting| waiting.step);
            self.become_ready(key, |_| true, step);
        }
    }

    fn become_ready(&mut self, key: Key, from: impl Fn(Standing) -> bool, step: Step) {
        if !self.waiting.get(&key).is_some_and(|waiting| from(waiting.standing)) {
            return;
        }
        let standing = self.next_place();
        let Some(mut waiting) = self.waiting.remove(&key) else { return };
        self.unlist(key, waiting.standing);
        (waiting.standing, waiting.step) = (standing, step);
        self.list(key, &waiting);
        self.waiting.insert(key, waiting);
    }

    fn line(&self) -> Option<usize> {
        let (statuses, objects) = (!self.ready[STATUSES].is_empty(), !self.ready[OBJECTS].is_empty());
        match (statuses, objects) {
            (false, false) => None,
            (true, true) if self.statuses_in_a_row >= STATUSES_IN_A_ROW => Some(OBJECTS),
            (true, _) => Some(STATUSES),
            (false, true) => Some(OBJECTS),
        }
    }

    const fn next_place(&mut self) -> Standing {
        self.place += 1;
        Standing::Ready(self.place)
    }

    fn list(&mut self, key: Key, waiting: &Waiting) {
        match waiting.standing {
            Standing::Ready(place) => {
                self.ready[waiting.line()].insert(place, key);
            }
            Standing::Refused(until) | Standing::Paused(until) | Standing::Awaiting(until) => {
                self.timers.insert((until, key));
            }
            Standing::Blocked | Standing::Flying => {}
        }
    }

    fn unlist(&mut self, key: Key, standing: Standing) {
        match standing {
            Standing::Ready(place) => {
                for line in &mut self.ready {
                    line.remove(&place);
                }
            }
            Standing::Refused(until) | Standing::Paused(until) | Standing::Awaiting(until) => {
                self.timers.remove(&(until, key));
            }
            Standing::Blocked | Standing::Flying => {}
        }
    }

    /// When there is something to do that time alone brings.
    pub fn wake_at(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let probe = self.pacing.opens_at().filter(|_| self.line().is_some());
        timer.into_iter().chain(probe).min()
    }

    /// What is to be done and not done yet, blocked and refused tasks included.
    pub fn pending(&self) -> usize {
        self.waiting.len()
    }

    /// Since when the oldest of that is asked for.
    pub fn oldest(&self) -> Option<Instant> {
        self.ages.first().map(|(since, _)| *since)
    }

    /// How many requests may be on their way, and how many are.
    pub const fn pacing(&self) -> &Pacing {
        &self.pacing
    }
}

const STATUSES: usize = 0;
const OBJECTS: usize = 1;

impl Waiting {
    const fn new(task: Ref<Task>, aim: Aim, since: Instant) -> Self {
        Self { task, aim, since, standing: Standing::Blocked, step: Step::Write, failures: 0, sent: false }
    }

    fn may_start(&self) -> bool {
        self.task.blocked_by.is_empty() && self.aim != Aim::Nothing
    }

    fn line(&self) -> usize {
        if written(self.task.pending.object.kind) == Part::Status { STATUSES } else { OBJECTS }
    }
}

#[cfg(test)]
mod tests;
