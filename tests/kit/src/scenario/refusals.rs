//! Writes that were refused, and how the controller is told.

use dataflows::manifest;
use dataflows::model::{Action, Fingerprint, Key, Settings, Task, Update};

/// The state that a task would have brought about.
pub(super) fn attempted(settings: &Settings, task: &Task) -> Option<Fingerprint> {
    match &task.pending.action {
        Action::Write(desired) => Some(manifest::fingerprint(settings, desired)),
        Action::Remove { .. } | Action::Obstructed(_) => None,
    }
}

/// Where the controller hears of refusals of an object from.
pub(super) fn source(object: Key) -> Key {
    object.part("refusal", "")
}

/// Takes back what was said of an object.
pub(super) fn withdraw(object: Key) -> Update {
    Update { source: source(object), facts: Vec::new() }
}
