//! In which order starts what may start.
//!
//! What a user waits for goes before what one edit brought upon many, and of each statuses before objects; first come,
//! first served. Nothing starves: who goes first gives way now and then.

use std::collections::BTreeMap;

use dataflows::model::Key;

/// Who waits for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Somebody who changed something small.
    Interactive,
    /// Nobody in particular: one change concerned many objects.
    Bulk,
}

/// Tasks of one epoch from which on they are bulk. A user's edit seldom leads to more than a few.
const BULK_MIN: usize = 33;

impl Lane {
    /// The lane of tasks that came in one epoch, not counting those that went.
    pub const fn of(tasks: usize) -> Self {
        if tasks < BULK_MIN { Self::Interactive } else { Self::Bulk }
    }

    /// The lane as a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Bulk => "bulk",
        }
    }
}

/// What is written. In this order it goes first, as users look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// The status of a class, Gateway or ListenerSet. There are few, and what they count is late already when they come.
    Gateways,
    /// The status of a route.
    Routes,
    /// An object of ours.
    Objects,
}

/// One rank in a row while later ones wait as well. What goes first must not starve the rest.
const RANK_IN_A_ROW: u32 = 8;

/// Interactive tasks in a row while bulk waits: enough that a user does not notice the bulk.
const INTERACTIVE_IN_A_ROW: u32 = 16;

/// A place in one of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) lane: Lane,
    rank: Rank,
    number: u64,
}

/// Counts how often the preferred one of two went while the other waited.
#[derive(Debug, Default)]
struct Turns(u32);

impl Turns {
    /// Whether it is the turn of the preferred one; `None` if neither waits.
    fn preferred(&mut self, most: u32, preferred_waits: bool, other_waits: bool) -> Option<bool> {
        let is_preferred = preferred_waits && !(other_waits && self.0 >= most);
        self.0 = if is_preferred { self.0 + 1 } else { 0 };
        (preferred_waits || other_waits).then_some(is_preferred)
    }
}

#[derive(Debug, Default)]
struct Line {
    ranks: [BTreeMap<u64, Key>; 3],
    /// Of each rank over the later ones.
    turns: [Turns; 2],
}

impl Line {
    fn is_empty(&self) -> bool {
        self.ranks.iter().all(BTreeMap::is_empty)
    }

    const fn rank(&mut self, rank: Rank) -> &mut BTreeMap<u64, Key> {
        &mut self.ranks[rank as usize]
    }

    fn pop(&mut self) -> Option<Key> {
        let waits = |rank: Rank| !self.ranks[rank as usize].is_empty();
        let (gateways, routes, objects) = (waits(Rank::Gateways), waits(Rank::Routes), waits(Rank::Objects));
        let [first, second] = &mut self.turns;
        let rank = if first.preferred(RANK_IN_A_ROW, gateways, routes || objects)? {
            Rank::Gateways
        } else if second.preferred(RANK_IN_A_ROW, routes, objects)? {
            Rank::Routes
        } else {
            Rank::Objects
        };
        self.rank(rank).pop_first().map(|(_, key)| key)
    }
}

/// All that may start.
#[derive(Debug, Default)]
pub(super) struct Lines {
    interactive: Line,
    bulk: Line,
    turns: Turns,
    number: u64,
}

impl Lines {
    /// The place behind all others of a line. Nobody stands there yet.
    pub(super) const fn end(&mut self, lane: Lane, rank: Rank) -> Place {
        self.number += 1;
        Place { lane, rank, number: self.number }
    }

    pub(super) fn insert(&mut self, place: Place, key: Key) {
        self.line(place.lane).rank(place.rank).insert(place.number, key);
    }

    pub(super) fn remove(&mut self, place: Place) {
        self.line(place.lane).rank(place.rank).remove(&place.number);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.interactive.is_empty() && self.bulk.is_empty()
    }

    /// Takes who comes next.
    pub(super) fn pop(&mut self) -> Option<Key> {
        let (interactive, bulk) = (!self.interactive.is_empty(), !self.bulk.is_empty());
        let is_interactive = self.turns.preferred(INTERACTIVE_IN_A_ROW, interactive, bulk)?;
        self.line(if is_interactive { Lane::Interactive } else { Lane::Bulk }).pop()
    }

    /// Takes who comes next of those for whom somebody waits.
    pub(super) fn pop_interactive(&mut self) -> Option<Key> {
        self.interactive.pop()
    }

    const fn line(&mut self, lane: Lane) -> &mut Line {
        match lane {
            Lane::Interactive => &mut self.interactive,
            Lane::Bulk => &mut self.bulk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bulk_gets_its_turn_while_users_keep_coming() {
        let mut lines = Lines::default();
        let key = |number: u32| Key::hash(&[&number.to_be_bytes()]);
        let ranks = [Rank::Gateways, Rank::Routes, Rank::Objects];
        for number in 0..40 {
            let place = lines.end(Lane::Interactive, ranks[number as usize % 3]);
            lines.insert(place, key(number));
            let place = lines.end(Lane::Bulk, ranks[number as usize % 3]);
            lines.insert(place, key(1_000 + number));
        }
        let order: Vec<Key> = std::iter::from_fn(|| lines.pop()).collect();
        let bulk: Vec<usize> = (0..80).filter(|at| (1_000..1_040).any(|number| order[*at] == key(number))).collect();
        assert_eq!(bulk[..3], [16, 33, 42], "one in seventeen, then all");
        assert!(lines.is_empty());
    }

    #[test]
    fn gateways_go_before_routes_and_routes_before_objects_and_none_starves() {
        let mut lines = Lines::default();
        let key = |rank: Rank, number: u8| Key::hash(&[&[rank as u8, number]]);
        for (rank, count) in [(Rank::Objects, 2), (Rank::Routes, 9), (Rank::Gateways, 9)] {
            for number in 0..count {
                let place = lines.end(Lane::Interactive, rank);
                lines.insert(place, key(rank, number));
            }
        }
        let order: Vec<Key> = std::iter::from_fn(|| lines.pop()).collect();
        let places =
            |rank| (0..20).filter(|at| (0..9).any(|number| order[*at] == key(rank, number))).collect::<Vec<_>>();
        assert_eq!(places(Rank::Gateways), [0, 1, 2, 3, 4, 5, 6, 7, 9]);
        assert_eq!(places(Rank::Objects), [17, 19]);
    }

    #[test]
    fn a_place_that_is_left_is_free() {
        let mut lines = Lines::default();
        let place = lines.end(Lane::Bulk, Rank::Routes);
        lines.insert(place, Key::hash(&[b"a"]));
        lines.remove(place);
        assert_eq!(lines.pop(), None);
    }
}
