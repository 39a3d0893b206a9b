use serde::{Deserialize, Serialize};

use super::{Desired, Fingerprint, Key, ObjectName, Ref, Text};

/// What the cluster shows of an object that we write, or of our part of a status. Keyed by the object.
///
/// A status in which nothing is ours has no row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Observed {
    /// The object, or the object whose status it is.
    pub object: ObjectName,
    /// Whether it carries our owner label for the owner that its annotation names. Always true for a status.
    pub ours: bool,
    /// The mesh it is in, empty for statuses.
    pub mesh: Text,
    /// Hash of its normal form.
    pub fingerprint: Fingerprint,
    /// Key of the MeshGateway that it is or targets: what it shares the fate of. Its own key for everything else.
    pub anchor: Key,
    /// What few objects have; see [`Observed::rare`].
    pub rare: Option<Box<Rare>>,
}

/// What few objects show.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rare {
    claim: Option<Text>,
    copies: Vec<Key>,
}

impl Observed {
    /// The claim and the copies of an object, which takes no room if it has neither.
    pub fn rare(claim: Option<Text>, copies: Vec<Key>) -> Option<Box<Rare>> {
        let rare = Rare { claim, copies };
        (rare != Rare::default()).then(|| rare.into())
    }

    /// The owner label of an object that bears the labels of ours, while its annotation names nobody whom it stands for:
    /// it is ours after all if it is what we would put on it.
    pub fn claim(&self) -> Option<&str> {
        self.rare.as_ref()?.claim.as_deref()
    }

    /// Keys of the copies that it names, if it is a MeshGateway: none of them may go before it lets go. Sorted.
    pub fn copies(&self) -> &[Key] {
        self.rare.as_ref().map_or(&[], |rare| &rare.copies)
    }
}

/// What the API server or a webhook answered to the last attempt to write an object. Keyed by the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Refusal {
    /// The state that could not be written; the refusal says nothing about another one. `None` for a delete.
    pub fingerprint: Option<Fingerprint>,
    /// The answer, in the words of whoever refused.
    pub reason: Text,
}

/// An object that stays as it is although nothing asks for it at the moment. Keyed by the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Held {
    /// The Gateway whose trouble it is.
    pub gateway: Key,
}

/// One object or status that the cluster does not show as it should be. Keyed by the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pending {
    /// The object, or the object whose status it is.
    pub object: ObjectName,
    /// What has to be done.
    pub action: Action,
    /// Whether something of ours is there in its place, as it should not be.
    pub present: bool,
    /// Keys of the copies that a MeshGateway of ours names as long as this is not done.
    pub copies: Vec<Key>,
    /// What was answered to the last attempt at exactly this.
    pub refusal: Option<Text>,
}

/// What has to be done about an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Write it: it is absent or differs.
    Write(Ref<Desired>),
    /// Delete it, or take our part out of a status: nothing asks for it, or it has to move to another mesh.
    Remove {
        /// What it should become afterwards, if it is moved.
        then: Option<Ref<Desired>>,
        /// Key of the MeshGateway that the object is or targets.
        anchor: Key,
    },
    /// Nothing, for the object is somebody else's. Its owner is told.
    Obstructed(Ref<Desired>),
}

impl Action {
    /// What the object should be in the end.
    pub const fn desired(&self) -> Option<&Ref<Desired>> {
        match self {
            Self::Write(desired) | Self::Obstructed(desired) => Some(desired),
            Self::Remove { then, .. } => then.as_ref(),
        }
    }
}

/// A pending row that must wait until another one is gone. Keyed by the row that waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Blocked {
    /// The object it waits for.
    pub by: ObjectName,
}

/// A pending row with what it waits for: what the writer works from. Keyed by the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Task {
    /// What has to be done.
    pub pending: Ref<Pending>,
    /// The objects it must wait for; empty if it may be done now.
    pub blocked_by: Vec<ObjectName>,
}
