//! What the input and the output show of an object that we write. They are two places; for the dataflow they are one.
//!
//! Who learns something of one place tells what both come to, in one step: else the answer to a write that was under way
//! would hide what somebody else put into the input meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use dataflows::model::{Fingerprint, Key, ObjectName, Observed, Update, Written};
use serde_json::Value;

use super::{absent, observation};

/// What both places show, by object. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Sightings(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    objects: BTreeMap<ObjectName, Sighting>,
    /// Objects of ours that lie beside one of somebody else.
    beside: BTreeSet<ObjectName>,
}

/// What both places show of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sighting {
    /// The version in which the input writes the object. Its status document is to be written in the same.
    version: Option<String>,
    /// What the input shows, if it is somebody else's.
    foreign: Option<Observed>,
    /// What the output shows.
    ours: Option<Shown>,
}

/// What a file of the output shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The object or status.
    pub observed: Observed,
    /// The version in which it is written.
    pub api_version: String,
}

impl Sightings {
    /// Takes what the input shows of an object: the version it is written in, and what it is if it is somebody else's.
    /// `tell` gets what that changes, if anything.
    pub fn input<R>(
        &self,
        object: &ObjectName,
        version: Option<&str>,
        foreign: Option<Observed>,
        tell: impl FnOnce(Option<Update>) -> R,
    ) -> R {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.objects.get(object).map(|sighting| sighting.update(object));
        let version = version.filter(|_| object.kind.written() == Written::Status).map(str::to_owned);
        let after = seen.change(object, |sighting| (sighting.version, sighting.foreign) = (version, foreign));
        tell((before.unwrap_or_else(|| absent(object)) != after).then_some(after))
    }

    /// Takes what the output shows of an object; `tell` gets what both places come to.
    pub fn output<R>(&self, object: &ObjectName, shown: Option<Shown>, tell: impl FnOnce(Update) -> R) -> R {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let update = seen.change(object, |sighting| sighting.ours = shown);
        tell(update)
    }

    /// Forgets somebody else's object in the input if it turns out to be ours after all.
    pub fn claim(&self, object: &ObjectName, is_ours: impl FnOnce(&Observed) -> bool) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let foreign = seen.objects.get(object).and_then(|sighting| sighting.foreign.as_ref());
        if foreign.is_some_and(is_ours) {
            seen.change(object, |sighting| sighting.foreign = None);
        }
    }

    /// Objects of ours that lie beside one of somebody else, where they must not be.
    pub fn beside(&self) -> Vec<ObjectName> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).beside.iter().cloned().collect()
    }

    /// Puts the version an object is written in into its status document: it is the one that its author knows.
    pub fn apply_version(&self, object: &ObjectName, status: &mut Value) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let version = seen.objects.get(object).and_then(|sighting| sighting.version.clone());
        if let (Some(version), Some(fields)) = (version, status.as_object_mut()) {
            fields.insert("apiVersion".to_owned(), Value::String(version));
        }
    }
}

impl Seen {
    /// Changes what is known of an object, and answers what it comes to.
    fn change(&mut self, object: &ObjectName, change: impl FnOnce(&mut Sighting)) -> Update {
        let sighting = self.objects.entry(object.clone()).or_default();
        change(sighting);
        let update = sighting.update(object);
        if sighting.is_beside() {
            self.beside.insert(object.clone());
        } else {
            self.beside.remove(object);
        }
        if *sighting == Sighting::default() {
            self.objects.remove(object);
        }
        update
    }
}

impl Sighting {
    /// What the dataflow has to know: somebody else's object comes first, and a status in another version than its object
    /// is not as it should be.
    fn update(&self, object: &ObjectName) -> Update {
        match (&self.foreign, &self.ours) {
            (Some(foreign), _) => observation(foreign.clone()),
            (None, Some(shown)) if self.version.as_ref().is_some_and(|version| *version != shown.api_version) => {
                observation(outdated(shown.observed.clone()))
            }
            (None, Some(shown)) => observation(shown.observed.clone()),
            (None, None) => absent(object),
        }
    }

    /// What bears an owner label may be ours after all: the dataflow decides.
    fn is_beside(&self) -> bool {
        self.ours.is_some() && self.foreign.as_ref().is_some_and(|foreign| foreign.claim().is_none())
    }
}

/// An observation of ours that differs from whatever is desired, for what has to be written in any case.
pub fn outdated(observed: Observed) -> Observed {
    if observed.ours { Observed { fingerprint: Fingerprint(Key::hash(&[b"outdated"])), ..observed } } else { observed }
}

#[cfg(test)]
mod tests {
    use dataflows::model::Kind;

    use super::*;

    fn observed(object: &ObjectName, ours: bool) -> Observed {
        let fingerprint = Fingerprint(Key::hash(&[b"as it should be"]));
        Observed { object: object.clone(), ours, mesh: "".into(), fingerprint, anchor: object.key(), rare: None }
    }

    fn shown(object: &ObjectName, api_version: &str) -> Shown {
        Shown { observed: observed(object, true), api_version: api_version.to_owned() }
    }

    #[test]
    fn the_answer_to_a_write_does_not_hide_what_the_input_holds() {
        let (sightings, object) = (Sightings::default(), ObjectName::new(Kind::MeshGateway, "", "edge.default"));
        let (ours, theirs) = (observation(observed(&object, true)), observation(observed(&object, false)));
        assert_eq!(sightings.output(&object, Some(shown(&object, "v")), |update| update), ours);
        let told = sightings.input(&object, None, Some(observed(&object, false)), |update| update);
        assert_eq!(told, Some(theirs.clone()));
        assert_eq!(sightings.output(&object, Some(shown(&object, "v")), |update| update), theirs);
        assert!(sightings.beside().iter().eq([&object]));
        // Theirs goes first, or ours.
        assert_eq!(sightings.input(&object, None, None, |update| update), Some(ours));
        assert_eq!(sightings.output(&object, None, |update| update), absent(&object));
        assert_eq!((sightings.beside(), sightings.input(&object, None, None, |update| update)), (Vec::new(), None));
    }

    #[test]
    fn a_status_in_another_version_than_its_object_is_outdated() {
        let (sightings, object) = (Sightings::default(), ObjectName::new(Kind::Gateway, "default", "edge"));
        let right = observation(observed(&object, true));
        let wrong = observation(outdated(observed(&object, true)));
        sightings.input(&object, Some("v1beta1"), None, |_| ());
        assert_eq!(sightings.output(&object, Some(shown(&object, "v1")), |update| update), wrong);
        assert_eq!(sightings.output(&object, Some(shown(&object, "v1beta1")), |update| update), right);
        assert_eq!(sightings.input(&object, Some("v1beta1"), None, |update| update), None);
        assert_eq!(sightings.input(&object, Some("v1"), None, |update| update), Some(wrong));
        assert_eq!(sightings.input(&object, None, None, |update| update), Some(right));
    }
}
