//! Slows down what somebody else keeps undoing: a second writer under our controllerName, or one that takes our objects for
//! its own, would otherwise be answered as fast as the API server answers, for ever.
//!
//! What is undone now and then is repaired at once. Once a repair follows a repair it waits, longer each time, and the
//! operator is told.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use dataflows::model::Key;

use super::dispatch::Aim;
use crate::observations::pause::growing;

/// What comes back within so long of being done was undone by somebody who watches it.
const CALM: Duration = Duration::from_secs(5);

/// Repairs that are made at once. A person who tries out whether an edit stays seldom needs more.
const AT_ONCE: u32 = 2;

/// The first repair that waits.
const FIRST_HELD: u32 = AT_ONCE + 1;

/// Pauses before the repairs after them.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How long a repair may take that could start. Longer than the answer to a request.
const REPAIR_MAX: Duration = Duration::from_secs(60);

/// What was done to an object lately.
#[derive(Debug)]
struct Done {
    aim: Aim,
    /// How often the same was done since it was done first, each time soon after the time before.
    repairs: u32,
    /// From when on it may be done again; `None` as long as it has not come back.
    again: Option<Instant>,
    forgotten: Instant,
}

/// What is new about a repair that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is the first of its fight.
    Begins,
    /// There was one before it.
    GoesOn,
    /// Nothing: it waits already.
    Known,
}

/// A repair that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// For how long from when it came back.
    pub pause: Duration,
    /// Until when.
    pub until: Instant,
    /// Whether that is news.
    pub stage: Stage,
}

/// What came back lately. Bounded by how much is done within [`CALM`], and by how much is fought about.
#[derive(Debug, Default)]
pub(super) struct Fights {
    done: HashMap<Key, Done>,
    timers: BTreeSet<(Instant, Key)>,
}

impl Fights {
    /// Notes that an object shows what was asked for.
    pub(super) fn settled(&mut self, key: Key, aim: Aim, now: Instant) {
        let before = self.forget(key).filter(|done| done.aim == aim);
        let repairs = before.map_or(0, |done| done.repairs);
        self.keep(key, Done { aim, repairs, again: None, forgotten: now + CALM });
    }

    /// Takes that something has to be written. `Some` if it was undone too often to be done again now.
    pub(super) fn comes_back(&mut self, key: Key, aim: Aim, now: Instant) -> Option<Hold> {
        self.forget_until(now);
        let mut done = self.forget(key).filter(|done| done.aim == aim)?;
        let known = done.again.is_some();
        let repair = if known { done.repairs } else { done.repairs + 1 };
        let until = done.again.unwrap_or_else(|| now + pause(repair));
        (done.repairs, done.again, done.forgotten) = (repair, Some(until), until + REPAIR_MAX);
        self.keep(key, done);
        let stage = match repair {
            _ if known => Stage::Known,
            FIRST_HELD => Stage::Begins,
            _ => Stage::GoesOn,
        };
        (until > now).then(|| Hold { pause: pause(repair), until, stage })
    }

    fn keep(&mut self, key: Key, done: Done) {
        self.timers.insert((done.forgotten, key));
        self.done.insert(key, done);
    }

    fn forget(&mut self, key: Key) -> Option<Done> {
        let done = self.done.remove(&key)?;
        self.timers.remove(&(done.forgotten, key));
        Some(done)
    }

    fn forget_until(&mut self, now: Instant) {
        while let Some((_, key)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.forget(key);
        }
    }

    #[cfg(test)]
    fn len(&self) -> (usize, usize) {
        (self.done.len(), self.timers.len())
    }
}

fn pause(repair: u32) -> Duration {
    match repair.saturating_sub(AT_ONCE) {
        0 => Duration::ZERO,
        number => growing(PAUSE.0, PAUSE.1, number),
    }
}

#[cfg(test)]
mod tests {
    use dataflows::model::Fingerprint;

    use super::*;

    fn show(state: u8) -> Aim {
        Aim::Show(Fingerprint(Key::hash(&[&[state]])))
    }

    #[test]
    fn repairs_wait_longer_each_time_until_there_is_calm() {
        let (mut fights, key, start) = (Fights::default(), Key::hash(&[b"a"]), Instant::now());
        let mut now = start;
        let (mut pauses, mut stages) = (Vec::new(), Vec::new());
        assert_eq!(fights.comes_back(key, show(1), now), None, "the first time");
        for _ in 0..11 {
            fights.settled(key, show(1), now);
            now += Duration::from_millis(20);
            let hold = fights.comes_back(key, show(1), now);
            if let Some(hold) = hold {
                let early = now + hold.pause / 2;
                let known = Hold { stage: Stage::Known, ..hold };
                assert_eq!(fights.comes_back(key, show(1), early), Some(known), "asked for again it waits no longer");
                stages.push(hold.stage);
                now = hold.until;
                assert_eq!(fights.comes_back(key, show(1), now), None);
            }
            pauses.push(hold.map_or(0, |hold| hold.pause.as_secs()));
        }
        assert_eq!(pauses, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!((stages[0], &stages[1..]), (Stage::Begins, &[Stage::GoesOn; 8][..]));
        fights.settled(key, show(1), now);
        assert_eq!(fights.comes_back(key, show(1), now + CALM), None, "there was calm");
        assert_eq!(fights.len(), (0, 0));
    }

    #[test]
    fn what_we_change_ourselves_is_no_repair() {
        let (mut fights, key, start) = (Fights::default(), Key::hash(&[b"a"]), Instant::now());
        for round in 0..20_u32 {
            let aim = [show(1), show(2), Aim::Absence][round as usize % 3];
            let now = start + Duration::from_millis(10) * round;
            assert_eq!(fights.comes_back(key, aim, now), None);
            fights.settled(key, aim, now);
        }
    }

    #[test]
    fn what_nobody_asks_for_any_more_is_forgotten() {
        let (mut fights, start) = (Fights::default(), Instant::now());
        for name in 0..100_u8 {
            let key = Key::hash(&[&[name]]);
            fights.settled(key, show(1), start);
            fights.comes_back(key, show(1), start);
        }
        assert_eq!(fights.len(), (100, 100));
        assert_eq!(fights.comes_back(Key::hash(&[b"other"]), show(1), start + REPAIR_MAX), None);
        assert_eq!(fights.len(), (0, 0));
    }
}
