//! The words in which the queue and the writer talk.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dataflows::manifest;
use dataflows::model::{Action, Fingerprint, Key, Ref, Settings, Task};

use super::lines::Lane;
use super::pacing::Signal;

/// What a task is about, apart from what it waits for and what was answered: two tasks with the same aim are the same
/// work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Let the object show this.
    Show(Fingerprint),
    /// Let it, or our part of it, be gone.
    Absence,
    /// Nothing.
    Nothing,
}

impl Aim {
    /// The aim of a task.
    pub fn of(settings: &Settings, task: &Task) -> Self {
        match &task.pending.action {
            Action::Write(desired) => Self::Show(manifest::fingerprint(settings, desired)),
            Action::Remove { .. } => Self::Absence,
            Action::Obstructed(_) => Self::Nothing,
        }
    }
}

/// Whether a task is about an object that somebody changed, or about one that is made of it: whoever did that waits for
/// what becomes of it, whatever else it leads to.
pub(super) fn is_awaited(changed: &BTreeSet<Key>, key: Key, task: &Task) -> bool {
    let owner = || task.pending.action.desired().map(|desired| desired.owner().key());
    changed.contains(&key) || owner().is_some_and(|owner| changed.contains(&owner))
}

/// The newest task of an object.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What has to be done.
    pub task: Ref<Task>,
    /// What that is about.
    pub aim: Aim,
    /// Who waits for it.
    pub lane: Lane,
    /// When the observation arrived that it follows from.
    pub heard: Instant,
}

/// How to go about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Do it, if the newest observation leaves something to do.
    Write,
    /// Do it whatever the newest observation says.
    Insist,
    /// Look at the object: the observation that we wait for does not come.
    Read,
}

/// A task that is to be done now.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The object.
    pub key: Key,
    /// The task.
    pub task: Ref<Task>,
    /// How.
    pub step: Step,
    /// For how long it has been on its way, the first time that it is sent.
    pub first: Option<First>,
}

/// The way of a task from an observation to its first request.
#[derive(Clone, Copy, Debug)]
pub struct First {
    /// When the observation arrived that it follows from.
    pub heard: Instant,
    /// When it could have started.
    pub free: Instant,
    /// Who waits for it.
    pub lane: Lane,
}

/// What became of a dispatch, as far as the queue is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Done, or nothing to do: the task goes when the dataflow has seen it, which is on its way.
    Settled,
    /// Done, but others have changed the object since: look at what is there now.
    Overtaken,
    /// Was read, or can be tried at once for another reason.
    Again,
    /// Others were faster; `newer` if what they wrote has been observed already.
    Stale {
        /// Whether an observation newer than the one we wrote from is there.
        newer: bool,
    },
    /// The object was not found, and nobody has seen it go.
    Missing,
    /// Not now.
    Later(Option<Duration>),
    /// Not in this form.
    Refused,
    /// Not by us, until an operator permits it.
    Forbidden,
    /// The API server is away.
    Unreachable,
}

impl Landing {
    /// What it says about the API server.
    pub const fn signal(self) -> Signal {
        match self {
            Self::Later(_) => Signal::Congested,
            Self::Unreachable => Signal::Unreachable,
            Self::Settled
            | Self::Overtaken
            | Self::Again
            | Self::Stale { .. }
            | Self::Missing
            | Self::Refused
            | Self::Forbidden => Signal::Fine,
        }
    }
}

/// What the end of a task was, for the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// There is work, or the same as before.
    Taken,
    /// It is not asked for any more, and was never sent: a write that was not needed after all.
    Avoided,
    /// It is done.
    Done,
}

#[cfg(test)]
mod tests {
    use dataflows::model::{Certificate, Content, Desired, Kind, ObjectName, Pending, SecretCopyPlan};

    use super::*;
    use crate::vault::CopyValue;

    #[test]
    fn whoever_changes_an_object_waits_for_it_and_for_what_is_made_of_it() {
        let secret = |name| ObjectName::new(Kind::Secret, "infra", name);
        let content = CopyValue::new("a2V5".to_owned()).content();
        let certificate = Certificate { namespace: "infra".into(), name: "shop".into(), content: Ok(content) };
        let plan = SecretCopyPlan { mesh: "default".into(), certificate: certificate.into(), content };
        let copy = ObjectName::new(Kind::Secret, "kuma-system", "copy");
        let desired = Desired::new(copy.clone(), Content::SecretCopy(plan.into()));
        let task = |action| {
            let pending = Pending { object: copy.clone(), action, present: true, copies: Vec::new(), refusal: None };
            Task { pending: pending.into(), blocked_by: Vec::new() }
        };
        let write = task(Action::Write(desired.into()));
        let remove = task(Action::Remove { then: None, anchor: copy.key() });
        let table = [
            (&write, Some(&copy), true),
            (&write, Some(&secret("shop")), true),
            (&write, Some(&secret("other")), false),
            (&write, None, false),
            (&remove, Some(&copy), true),
            (&remove, Some(&secret("shop")), false),
        ];
        for (task, changed, expected) in table {
            let changed: BTreeSet<Key> = changed.map(ObjectName::key).into_iter().collect();
            assert_eq!(is_awaited(&changed, copy.key(), task), expected, "{changed:?} {task:?}");
        }
    }
}
