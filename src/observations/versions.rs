//! Which observation of an object is the newest.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use dataflows::model::{Fingerprint, Key, Kind, ObjectName, Text};
use serde_json::Value;

use super::kinds::Collection;
use super::memory::{Memory, text};

/// A resourceVersion. API servers on etcd count all changes with one number; others may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// A number: greater is newer, for all objects of a kind.
    Number(u64),
    /// Anything else: only equality means something.
    Opaque(Box<str>),
}

impl Version {
    /// A version as objects spell it.
    pub fn parse(text: &str) -> Self {
        match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => Self::Number(number),
            _ => Self::Opaque(text.into()),
        }
    }

    /// The number, if it is one.
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Opaque(_) => None,
        }
    }

    /// How two versions of one kind relate; `None` if only their difference is known.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => Some(left.cmp(right)),
            _ => (self == other).then_some(Ordering::Equal),
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Opaque(text) => text.fmt(f),
        }
    }
}

/// Name, uid and version of an observed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The object.
    pub name: ObjectName,
    /// What of its kind it was seen among.
    pub collection: Collection,
    /// Which object of that name.
    pub uid: Box<str>,
    /// Which state of it.
    pub version: Version,
}

impl Identity {
    /// The identity of an object of a known kind; `None` if it lacks a name, as no stored object does.
    pub fn of(kind: Kind, object: &Value) -> Option<Self> {
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str()?;
        Some(Self {
            collection: Collection::of(kind, object),
            name: ObjectName::new(kind, text(&metadata["namespace"]), name),
            uid: text(&metadata["uid"]).into(),
            version: Version::parse(text(&metadata["resourceVersion"])),
        })
    }
}

/// The newest observation of an object: what the writer needs and rows must not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name, uid and version.
    pub identity: Identity,
    /// Hash of what it shows of ours; `None` if it shows nothing of ours.
    pub shown: Option<Fingerprint>,
    /// Whether it bears our owner label. Always true for the status of a user's object that shows something of ours.
    pub ours: bool,
    /// The owner label of an object that is ours only if it is what we would put on it.
    pub claim: Option<Text>,
    /// Transition times and entries of others.
    pub memory: Memory,
    /// Who else writes what we write of it.
    pub rival: Option<Box<str>>,
    /// Deleted by us, but the watch has not said so yet.
    buried: bool,
}

impl Entry {
    /// An object that is there.
    pub fn new(identity: Identity, shown: Option<Fingerprint>, ours: bool, memory: Memory) -> Self {
        Self { identity, shown, ours, claim: None, memory, rival: None, buried: false }
    }

    /// The same with an owner label.
    #[must_use]
    pub fn claimed(self, claim: Option<Text>) -> Self {
        Self { claim, ..self }
    }

    /// The same with somebody else who writes it.
    #[must_use]
    pub fn rivalled(self, rival: Option<Box<str>>) -> Self {
        Self { rival, ..self }
    }
}

/// What an observation is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing newer is known: take it.
    Newer,
    /// It is known already.
    Known,
    /// Something newer is known: ignore it.
    Stale,
}

/// Who saw an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// A list. It holds what is there.
    List,
    /// A watch. It tells what was there, and later what became of it.
    Watch,
    /// The answer to a request of our own, which was sent when the answer to the one before it was known.
    Answer {
        /// The version up to which the watch has told everything.
        passed: u64,
    },
}

/// The newest observation of each object.
#[derive(Debug, Default)]
pub struct Versions {
    entries: HashMap<Key, Arc<Entry>>,
}

impl Versions {
    /// The newest observation of an object that is there.
    pub fn get(&self, key: Key) -> Option<&Arc<Entry>> {
        self.entries.get(&key).filter(|entry| !entry.buried)
    }

    /// What an observation is worth. An answer that is not past what the watch has told tells nothing new, not even that
    /// the object exists. Unless it was buried: then only its watch could tell that it is gone, and has not.
    pub fn admit(&self, key: Key, seen: &Identity, witness: Witness) -> Admission {
        let entry = self.entries.get(&key);
        if let Some(buried) = entry.filter(|entry| entry.buried && entry.identity.uid == seen.uid) {
            let older = seen.version.compare(&buried.identity.version) == Some(Ordering::Less);
            return if witness == Witness::Watch || older { Admission::Stale } else { Admission::Newer };
        }
        if let (Witness::Answer { passed }, Version::Number(number)) = (witness, &seen.version)
            && *number <= passed
        {
            let known = self.get(key).is_some_and(|entry| entry.identity == *seen);
            return if known { Admission::Known } else { Admission::Stale };
        }
        let Some(entry) = entry else { return Admission::Newer };
        let same_uid = entry.identity.uid == seen.uid;
        match seen.version.compare(&entry.identity.version) {
            Some(Ordering::Less) => Admission::Stale,
            Some(Ordering::Equal) if same_uid => Admission::Known,
            _ => Admission::Newer,
        }
    }

    /// Takes an observation that was admitted.
    pub fn insert(&mut self, key: Key, entry: Entry) {
        self.entries.insert(key, Arc::new(entry));
    }

    /// Notes that we deleted the object with this uid. False if that was known.
    ///
    /// What the watch still tells of it until it reports the end is ignored, or it would come back for a moment. What a
    /// list holds, or a later request of ours is answered with, is there after all.
    pub fn bury(&mut self, key: Key, uid: &str) -> bool {
        let Some(entry) = self.entries.get_mut(&key) else { return false };
        if entry.buried || *entry.identity.uid != *uid {
            return false;
        }
        Arc::make_mut(entry).buried = true;
        true
    }

    /// Notes that the watch reported the end of an object. False if it was known, or another of that name is there.
    pub fn remove(&mut self, key: Key, last: &Identity) -> bool {
        let Some(entry) = self.entries.get(&key) else { return false };
        let replaced =
            entry.identity.uid != last.uid && last.version.compare(&entry.identity.version) != Some(Ordering::Greater);
        if replaced {
            return false;
        }
        self.entries.remove(&key).is_some_and(|entry| !entry.buried)
    }

    /// Drops all objects of a collection that a complete list as of `listed` lacks, and names those that were there.
    pub fn drop_missing(&mut self, of: Collection, seen: &HashSet<Key>, listed: Option<&Version>) -> Vec<ObjectName> {
        let mut gone = Vec::new();
        self.entries.retain(|key, entry| {
            let identity = &entry.identity;
            // An object made after the list was taken is not missing from it.
            let after = listed.is_some_and(|listed| identity.version.compare(listed) == Some(Ordering::Greater));
            let keep = identity.collection != of || seen.contains(key) || after;
            if !keep && !entry.buried {
                gone.push(identity.name.clone());
            }
            keep
        });
        gone.sort_unstable();
        gone
    }

    /// Makes every observation of a collection count as newer than what is known: the cluster went back in time.
    pub fn forget_order(&mut self, of: Collection) {
        for entry in self.entries.values_mut().filter(|entry| entry.identity.collection == of) {
            Arc::make_mut(entry).identity.version = Version::Number(0);
        }
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests;
