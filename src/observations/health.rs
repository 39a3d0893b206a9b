//! What each input is doing: the answer to "why is it not ready".

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::kinds::Collection;

/// What an input is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known yet.
    Starting,
    /// The API server does not serve the kind: empty and complete.
    NotServed,
    /// The first list is on its way.
    Listing,
    /// Complete and followed.
    Watching,
    /// We may not read the kind. The first epoch stays open: what cannot be read is not known to be absent.
    Forbidden,
    /// The connection fails; what was read before still holds.
    Failing,
}

/// An input with what it is doing.
#[derive(Clone, Debug)]
pub struct InputHealth {
    /// What is watched.
    pub collection: Collection,
    /// What it is doing.
    pub standing: Standing,
    /// The last failure, in the words of the API server.
    pub reason: Option<String>,
    /// How long ago the API server was last heard of; a number that grows past minutes means a stalled stream.
    pub silent_for: Option<Duration>,
    /// Objects that could not be decoded so far.
    pub undecoded: u64,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    reason: Option<String>,
    heard: Option<Instant>,
    undecoded: u64,
}

/// What all inputs are doing.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<Collection, State>>);

impl Health {
    /// All inputs, in the order of their kinds.
    pub fn inputs(&self) -> Vec<InputHealth> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states
            .iter()
            .map(|(collection, state)| InputHealth {
                collection: *collection,
                standing: state.standing.clone(),
                reason: state.reason.clone(),
                silent_for: state.heard.map(|heard| heard.elapsed()),
                undecoded: state.undecoded,
            })
            .collect()
    }

    pub(crate) fn set(&self, collection: Collection, standing: Standing, reason: Option<String>) {
        self.change(collection, |state| {
            state.standing = standing;
            state.reason = reason;
        });
    }

    pub(crate) fn heard(&self, collection: Collection) {
        self.change(collection, |state| state.heard = Some(Instant::now()));
    }

    pub(crate) fn undecoded(&self, collection: Collection) {
        self.change(collection, |state| state.undecoded += 1);
    }

    fn change(&self, collection: Collection, change: impl FnOnce(&mut State)) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(collection).or_insert(State {
            standing: Standing::Starting,
            reason: None,
            heard: None,
            undecoded: 0,
        });
        change(state);
    }
}
