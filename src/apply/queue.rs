//! What has to be written, in which order, and when. No I/O and no clock: time comes with every call.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use dataflows::model::{Key, Kind};

use super::dispatch::{Aim, Asked, Dispatch, First, Landing, Step, Update};
use super::fights::{Fights, Hold};
use super::lines::{Lane, Lines, Place, Rank};
use super::pacing::{Pacing, Start, Turn};
use super::settling::Settling;
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

/// Pauses between looks at an object that is not found. Its watch, or a list of its kind, ends them earlier.
const MISSING: (Duration, Duration) = (OBSERVATION_MAX, Duration::from_secs(60));

/// How long the dataflow may ask for something that the newest observation does not ask for, before it is believed.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Waits for other objects, or is nobody's work.
    Blocked,
    /// In line at this place.
    Ready(Place),
    /// Waits for counts to come to rest, or for the time.
    Settling(Instant),
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
    asked: Asked,
    since: Instant,
    /// Since when it differs from what was sent last.
    moved: Instant,
    /// Since when it could start.
    free: Instant,
    standing: Standing,
    step: Step,
    failures: u32,
    sent: bool,
}

/// A request that is on its way.
#[derive(Debug)]
struct Flight {
    aim: Aim,
    start: Start,
}

/// The tasks: newest wins per key, one request in flight per key.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: HashMap<Key, Waiting>,
    lines: Lines,
    settling: Settling,
    fights: Fights,
    timers: BTreeSet<(Instant, Key)>,
    ages: BTreeSet<(Instant, Key)>,
    flying: HashMap<Key, Flight>,
    pacing: Pacing,
}

impl Queue {
    /// Takes the newest task of an object, or that there is none any more.
    pub fn update(&mut self, key: Key, asked: Option<Asked>, now: Instant) -> Update {
        let Some(asked) = asked else { return self.forget(key) };
        let flying = self.flying.contains_key(&key);
        let mut waiting = self.waiting.remove(&key).unwrap_or_else(|| {
            self.ages.insert((now, key));
            Waiting::new(asked.clone(), now)
        });
        let (fresh, was_free) = (waiting.asked.aim != asked.aim, waiting.may_start());
        waiting.take(asked, now);
        self.unlist(key, waiting.standing);
        waiting.standing = match waiting.standing {
            _ if !waiting.may_start() => Standing::Blocked,
            _ if flying => Standing::Flying,
            // Who gets a better place takes it.
            Standing::Ready(place) if place.lane <= waiting.asked.lane => waiting.standing,
            // Trouble of the server is not mended by another wish.
            Standing::Paused(_) => waiting.standing,
            Standing::Refused(_) | Standing::Awaiting(_) | Standing::Settling(_) if !fresh => waiting.standing,
            _ => self.start(key, &waiting, now),
        };
        if fresh || !was_free {
            waiting.free = now;
        }
        self.list(key, &waiting);
        self.waiting.insert(key, waiting);
        Update::Taken
    }

    fn forget(&mut self, key: Key) -> Update {
        let Some(waiting) = self.waiting.remove(&key) else { return Update::Done };
        self.unlist(key, waiting.standing);
        self.ages.remove(&(waiting.since, key));
        if waiting.sent || waiting.asked.aim == Aim::Nothing { Update::Done } else { Update::Avoided }
    }

    /// Takes the news that an object was observed anew.
    pub fn observed(&mut self, key: Key) {
        self.become_ready(key, |standing| matches!(standing, Standing::Awaiting(_)), Step::Write);
    }

    /// Takes the news that a kind was listed: that an object was refused, or not found, may have been that it was not served.
    pub fn listed(&mut self, kind: Kind) {
        let is_concerned = |waiting: &Waiting| match waiting.standing {
            Standing::Refused(_) => true,
            Standing::Awaiting(_) => waiting.step == Step::Read,
            _ => false,
        };
        let of_kind = |waiting: &Waiting| waiting.asked.task.pending.object.kind == kind;
        let concerned = self.waiting.iter().filter(|(_, waiting)| of_kind(waiting) && is_concerned(waiting));
        let keys: BTreeSet<Key> = concerned.map(|(key, _)| *key).collect();
        for key in keys {
            self.become_ready(key, |_| true, Step::Write);
        }
    }

    /// The next task to be done, if one may be done now. It counts as on its way until [`Self::landed`].
    pub fn next(&mut self, now: Instant) -> Option<Dispatch> {
        self.wake(now);
        let key = if self.pacing.allows(Lane::Bulk, now) {
            self.lines.pop()?
        } else if self.pacing.allows(Lane::Interactive, now) {
            self.lines.pop_interactive()?
        } else {
            return None;
        };
        let Some(waiting) = self.waiting.get_mut(&key) else {
            debug_assert!(false, "a place in line without a task");
            return None;
        };
        waiting.standing = Standing::Flying;
        let Asked { task, aim, lane, heard } = waiting.asked.clone();
        let step = std::mem::replace(&mut waiting.step, Step::Write);
        let first = (!waiting.sent).then_some(First { heard, free: waiting.free, lane });
        self.settling.told(key, &task, now);
        self.flying.insert(key, Flight { aim, start: self.pacing.started(now) });
        Some(Dispatch { key, task, step, first })
    }

    /// Notes that the request for a task was really sent, rather than found to be needless.
    pub fn sent(&mut self, key: Key) {
        if let Some(waiting) = self.waiting.get_mut(&key) {
            waiting.sent = true;
        }
    }

    /// Asks before a dispatch is written. `Some` if it waits first, as somebody else keeps undoing it.
    pub fn hold(&mut self, key: Key, now: Instant) -> Option<Hold> {
        let aim = self.flying.get(&key)?.aim;
        let hold = self.fights.comes_back(key, aim, now)?;
        self.pacing.returned();
        self.flying.remove(&key);
        if let Some(mut waiting) = self.waiting.remove(&key) {
            waiting.standing = Standing::Refused(hold.until);
            self.list(key, &waiting);
            self.waiting.insert(key, waiting);
        }
        Some(hold)
    }

    /// Takes back a dispatch for which there was nothing to send: it waits for news, or for its time.
    pub fn unsent(&mut self, key: Key, now: Instant) {
        self.pacing.returned();
        self.settle(key, Landing::Settled, now);
    }

    /// Takes what became of a dispatch that was sent.
    pub fn landed(&mut self, key: Key, landing: Landing, now: Instant) -> Option<Turn> {
        let start = self.flying.get(&key).map(|flight| flight.start);
        if let (Some(flight), Landing::Settled | Landing::Overtaken) = (self.flying.get(&key), landing) {
            self.fights.settled(key, flight.aim, now);
        }
        let turn = start.and_then(|start| self.pacing.landed(landing.signal(), start, now));
        self.settle(key, landing, now);
        turn
    }

    fn settle(&mut self, key: Key, landing: Landing, now: Instant) {
        let flown = self.flying.remove(&key).map(|flight| flight.aim);
        let Some(mut waiting) = self.waiting.remove(&key) else { return };
        self.unlist(key, waiting.standing);
        let same = flown == Some(waiting.asked.aim);
        waiting.standing =
            if waiting.may_start() { self.after(key, &mut waiting, landing, same, now) } else { Standing::Blocked };
        self.list(key, &waiting);
        self.waiting.insert(key, waiting);
    }

    /// Where a task stands after an answer. `same` if the answer is to this task and not to one before it.
    fn after(&mut self, key: Key, waiting: &mut Waiting, landing: Landing, same: bool, now: Instant) -> Standing {
        let before = std::mem::replace(&mut waiting.failures, 0);
        let failures = before + 1;
        let pause = |(first, most)| growing(first, most, failures);
        match landing {
            Landing::Later(asked) => {
                waiting.failures = failures;
                let own = pause(LATER);
                Standing::Paused(now + asked.map_or(own, |asked| asked.max(own)))
            }
            _ if !same => self.start(key, waiting, now),
            Landing::Overtaken => self.in_line(waiting),
            Landing::Unreachable | Landing::Again => {
                waiting.failures = before;
                self.in_line(waiting)
            }
            Landing::Settled => {
                waiting.step = Step::Insist;
                Standing::Awaiting(now + CATCH_UP_MAX)
            }
            Landing::Stale { newer } => {
                waiting.failures = failures;
                match newer {
                    // The first time at once: most conflicts are one change that came just before ours.
                    true if failures == 1 => self.in_line(waiting),
                    true => Standing::Refused(now + pause(STALE)),
                    false => {
                        waiting.step = Step::Read;
                        Standing::Awaiting(now + OBSERVATION_MAX)
                    }
                }
            }
            Landing::Missing => {
                (waiting.failures, waiting.step) = (failures, Step::Read);
                Standing::Awaiting(now + pause(MISSING))
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
        let Some(mut waiting) = self.waiting.remove(&key) else { return };
        self.unlist(key, waiting.standing);
        let standing = self.in_line(&waiting);
        (waiting.standing, waiting.step) = (standing, step);
        self.list(key, &waiting);
        self.waiting.insert(key, waiting);
    }

    /// Where a task stands that may start: in line, or held as long as its counts move.
    fn start(&mut self, key: Key, waiting: &Waiting, now: Instant) -> Standing {
        match self.settling.until(key, &waiting.asked.task, waiting.moved, now) {
            Some(until) => Standing::Settling(until),
            None => self.in_line(waiting),
        }
    }

    fn in_line(&mut self, waiting: &Waiting) -> Standing {
        Standing::Ready(self.lines.end(waiting.asked.lane, waiting.rank()))
    }

    fn list(&mut self, key: Key, waiting: &Waiting) {
        match waiting.standing {
            Standing::Ready(place) => self.lines.insert(place, key),
            Standing::Refused(until)
            | Standing::Paused(until)
            | Standing::Awaiting(until)
            | Standing::Settling(until) => {
                self.timers.insert((until, key));
            }
            Standing::Blocked | Standing::Flying => {}
        }
    }

    fn unlist(&mut self, key: Key, standing: Standing) {
        match standing {
            Standing::Ready(place) => self.lines.remove(place),
            Standing::Refused(until)
            | Standing::Paused(until)
            | Standing::Awaiting(until)
            | Standing::Settling(until) => {
                self.timers.remove(&(until, key));
            }
            Standing::Blocked | Standing::Flying => {}
        }
    }

    /// When there is something to do that time alone brings.
    pub fn wake_at(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let probe = self.pacing.opens_at().filter(|_| !self.lines.is_empty());
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

    /// What is asked for an object, if anything is.
    pub fn aim(&self, key: Key) -> Option<Aim> {
        self.waiting.get(&key).map(|waiting| waiting.asked.aim)
    }

    /// How many requests may be on their way, and how many are.
    pub const fn pacing(&self) -> &Pacing {
        &self.pacing
    }
}

impl Waiting {
    const fn new(asked: Asked, now: Instant) -> Self {
        let (standing, step) = (Standing::Blocked, Step::Write);
        Self { asked, since: now, moved: now, free: now, standing, step, failures: 0, sent: false }
    }

    /// Takes the newest task. As long as it is about the same, who waits for it and since when stays as it was.
    fn take(&mut self, asked: Asked, now: Instant) {
        if self.asked.aim == asked.aim {
            self.asked.task = asked.task;
            return;
        }
        self.asked = asked;
        if self.sent {
            self.moved = now;
        }
        (self.step, self.failures, self.sent) = (Step::Write, 0, false);
    }

    fn may_start(&self) -> bool {
        self.asked.task.blocked_by.is_empty() && self.asked.aim != Aim::Nothing
    }

    fn rank(&self) -> Rank {
        match self.asked.task.pending.object.kind {
            Kind::GatewayClass | Kind::Gateway | Kind::ListenerSet => Rank::Gateways,
            kind if kind.is_route() => Rank::Routes,
            _ => Rank::Objects,
        }
    }
}

#[cfg(test)]
mod tests;
