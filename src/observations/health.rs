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

impl Standing {
    /// Whether all that happens is noticed.
    pub const fn is_followed(&self) -> bool {
        match self {
            Self::Watching | Self::NotServed => true,
            Self::Starting | Self::Listing | Self::Forbidden | Self::Failing => false,
        }
    }
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
    /// Whether all that it held at the start was read.
    pub complete: bool,
    /// How long ago the API server was last heard of it, or since when it is waited for; a number that grows past minutes
    /// means a stalled stream. Of a kind that is not served nothing is to be heard.
    pub silent_for: Duration,
    /// Objects that could not be decoded so far.
    pub undecoded: u64,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    reason: Option<String>,
    complete: bool,
    heard: Instant,
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
                complete: state.complete,
                silent_for: match state.standing {
                    Standing::NotServed => Duration::ZERO,
                    _ => state.heard.elapsed(),
                },
                undecoded: state.undecoded,
            })
            .collect()
    }

    pub(crate) fn set(&self, collection: Collection, standing: Standing, reason: Option<String>) {
        self.change(collection, |state| {
            if state.standing == Standing::NotServed {
                state.heard = Instant::now();
            }
            state.standing = standing;
            state.reason = reason;
        });
    }

    pub(crate) fn heard(&self, collection: Collection) {
        self.change(collection, |state| state.heard = Instant::now());
    }

    pub(crate) fn completed(&self, collection: Collection) {
        self.change(collection, |state| state.complete = true);
    }

    pub(crate) fn undecoded(&self, collection: Collection) {
        self.change(collection, |state| state.undecoded += 1);
    }

    fn change(&self, collection: Collection, change: impl FnOnce(&mut State)) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(collection).or_insert(State {
            standing: Standing::Starting,
            reason: None,
            complete: false,
            heard: Instant::now(),
            undecoded: 0,
        });
        change(state);
    }
}
