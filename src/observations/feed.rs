//! The one way by which observations reach the engine, whoever made them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError};
use dataflows::manifest;
use dataflows::model::{
    CrdVersion, Fact, Fingerprint, Key, Kind, ObjectName, Observed, Ref, Refusal, Settings, Text, Update, Written,
};
use serde_json::Value;
use tokio::sync::{Mutex, Notify};

use super::health::Health;
use super::kinds::{COLLECTIONS_MAX, Collection, WATCHED, can_do_without};
use super::memory::Memory;
use super::rival::rival;
use super::versions::{Admission, Entry, Identity, Version, Versions, Witness};
use crate::events::Event;
use crate::vault::Vault;
use crate::watch::decode;

/// Shards of the versions: enough that the watches and the writer seldom meet.
const SHARDS: usize = 64;

/// How long to leave a full channel alone. The engine empties it in batches, so a moment is worth waiting for.
const FULL_PAUSE: Duration = Duration::from_millis(1);

/// Where an observation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A list, which has no order.
    List,
    /// A watch, in the order of changes.
    Watch,
    /// The answer to a request of our own.
    Answer,
}

impl Origin {
    /// What the engine is told.
    const fn event(self, object: ObjectName, updates: Vec<Update>, heard: Instant) -> Event {
        match self {
            Self::List | Self::Watch => Event::Changed { trigger: object, updates, heard },
            Self::Answer => Event::Answered { object, updates, heard },
        }
    }
}

/// Takes observations, keeps the newest, decodes it and tells the engine and the writer.
///
/// A shard stays locked until the engine has been told: were it not, an older observation could overtake a newer one
/// between the decision and the channel.
pub struct Feed {
    settings: Arc<Settings>,
    /// Our field manager.
    manager: String,
    vault: Vault,
    events: Sender<Event>,
    shards: Vec<Mutex<Versions>>,
    /// By collection, the version up to which its watch has told everything.
    passed: Vec<AtomicU64>,
    complete: Vec<AtomicBool>,
    /// Whether the definitions may be read.
    readable: AtomicBool,
    /// By kind, the version that is watched and so the one to write.
    served: Lock<BTreeMap<Kind, &'static str>>,
    news: News,
    health: Arc<Health>,
}

impl Feed {
    /// A feed into the engine's channel. What the inputs are doing is told to `health`.
    pub fn new(settings: Arc<Settings>, events: Sender<Event>, health: Arc<Health>) -> Self {
        Self {
            manager: manifest::field_manager(&settings),
            settings,
            vault: Vault::default(),
            events,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            passed: (0..COLLECTIONS_MAX).map(|_| AtomicU64::new(0)).collect(),
            complete: (0..COLLECTIONS_MAX).map(|_| AtomicBool::new(false)).collect(),
            readable: AtomicBool::new(true),
            served: Lock::default(),
            news: News::default(),
            health,
        }
    }

    /// The settings that objects are decoded with.
    pub const fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// What copies of Secrets have to hold.
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The version of a kind that is served, as far as we know; else the best one.
    pub fn served(&self, kind: Kind) -> &'static str {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).copied();
        let best = || {
            WATCHED.iter().find(|watched| watched.collection.kind == kind).and_then(|watched| watched.versions.first())
        };
        served.or_else(|| best().copied()).unwrap_or("v1")
    }

    /// Takes note of the version of a kind that is served.
    pub fn serves(&self, kind: Kind, version: &'static str) {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, version);
    }

    /// What each input is doing.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// What is new of the kinds that we write.
    pub const fn news(&self) -> &News {
        &self.news
    }

    /// The newest observation of an object, if it is there.
    pub async fn entry(&self, key: Key) -> Option<Arc<Entry>> {
        self.shard(key).lock().await.get(key).cloned()
    }

    /// Takes an observation of an object. Returns its key, or `None` if it has no name.
    pub async fn observed(&self, kind: Kind, object: &Value, origin: Origin) -> Option<Key> {
        let heard = Instant::now();
        let Some(identity) = Identity::of(kind, object) else {
            tracing::warn!(%kind, "the API server sent an object without a name");
            return None;
        };
        let key = identity.name.key();
        let number = identity.version.number().unwrap_or_default();
        let of = identity.collection;
        let mut versions = self.shard(key).lock().await;
        let witness = match origin {
            Origin::List => Witness::List,
            Origin::Watch => Witness::Watch,
            Origin::Answer => Witness::Answer { passed: self.passed(of).load(Ordering::Acquire) },
        };
        if versions.admit(key, &identity, witness) == Admission::Newer {
            self.take(&mut versions, identity, object, (origin, heard)).await;
        }
        if origin == Origin::Watch {
            self.passed(of).fetch_max(number, Ordering::AcqRel);
        }
        Some(key)
    }

    async fn take(&self, versions: &mut Versions, identity: Identity, object: &Value, from: (Origin, Instant)) {
        let (kind, key) = (identity.name.kind, identity.name.key());
        let (written, name) = (kind.written(), identity.name.clone());
        let memory = match written {
            Written::Status => Memory::of(&self.settings.controller_name, kind, object),
            Written::Nothing | Written::Whole => Memory::default(),
        };
        let rival = rival(&self.manager, kind, object);
        match decode::decode(&self.settings, object) {
            Ok(decoded) => {
                let (shown, ours, claim) = shows(key, &decoded.updates);
                self.vault.keep(&decoded.object, decoded.copy);
                versions.insert(key, Entry::new(identity, shown, ours, memory).claimed(claim).rivalled(rival));
                self.send(from.0.event(decoded.object, decoded.updates, from.1)).await;
            }
            Err(error) => {
                // What it was keeps holding; only the version moves on, so that it is not decoded again.
                tracing::warn!(
                    object = %name, reason = %error,
                    "an object cannot be read; what was known of it still holds"
                );
                self.health.undecoded(identity.collection);
                let before = versions.get(key).map(|entry| (entry.shown, entry.ours, entry.claim.clone()));
                let (shown, ours, claim) = before.unwrap_or_default();
                versions.insert(key, Entry::new(identity, shown, ours, memory).claimed(claim).rivalled(rival));
            }
        }
        if written != Written::Nothing {
            self.news.note(key);
        }
    }

    /// Takes the end of an object as its watch reports it.
    pub async fn deleted(&self, kind: Kind, last: &Value) {
        let Some(identity) = Identity::of(kind, last) else { return };
        let key = identity.name.key();
        let mut versions = self.shard(key).lock().await;
        if versions.remove(key, &identity) {
            self.send_gone(&identity.name, Origin::Watch).await;
        }
        if let Some(number) = identity.version.number() {
            self.passed(identity.collection).fetch_max(number, Ordering::AcqRel);
        }
    }

    /// Takes the answer that the object with this uid is deleted.
    pub async fn buried(&self, object: &ObjectName, uid: &str) {
        let mut versions = self.shard(object.key()).lock().await;
        if versions.bury(object.key(), uid) {
            self.send_gone(object, Origin::Answer).await;
        }
    }

    /// Takes the end of a complete list: what it lacks is gone. False if the list is older than what was seen before,
    /// in which case it has to be taken once more and counts then.
    pub async fn listed(&self, of: Collection, seen: &HashSet<Key>, version: Option<&str>) -> bool {
        let version = version.map(Version::parse);
        let number = version.as_ref().and_then(Version::number);
        // Lists are consistent reads, so an older one means that the cluster itself went back.
        if number.is_some_and(|number| number < self.passed(of).load(Ordering::Acquire)) {
            tracing::warn!(
                input = of.name(),
                "the API server went back in time (restored from a backup?); reading it all again"
            );
            for shard in &self.shards {
                shard.lock().await.forget_order(of);
            }
            self.passed(of).store(0, Ordering::Release);
            return false;
        }
        for shard in &self.shards {
            let mut versions = shard.lock().await;
            for object in versions.drop_missing(of, seen, version.as_ref()) {
                self.send_gone(&object, Origin::List).await;
            }
        }
        self.passed(of).fetch_max(number.unwrap_or_default(), Ordering::AcqRel);
        if can_do_without(of.kind) && !self.readable.swap(true, Ordering::Relaxed) {
            self.send(definitions_unreadable(Vec::new())).await;
        }
        if of.kind.written() != Written::Nothing {
            self.news.note_kind(of.kind);
        }
        true
    }

    /// Takes the news that a kind is not served any more: all its objects are gone.
    pub async fn withdrawn(&self, of: Collection) {
        self.listed(of, &HashSet::new(), None).await;
    }

    /// Takes the news that an input may not be read which we [can do without](super::kinds::can_do_without): it counts as
    /// complete, and the dataflow knows that it knows nothing. What was read before still holds.
    pub(crate) async fn unreadable(&self, of: Collection) {
        if !self.is_complete(of) {
            self.readable.store(false, Ordering::Relaxed);
            self.send(definitions_unreadable(vec![Fact::crd_version(CrdVersion::Unreadable)])).await;
            self.complete(of).await;
        }
    }

    /// Whether an input has delivered all that it holds at the start.
    pub fn is_complete(&self, of: Collection) -> bool {
        self.complete[of.index()].load(Ordering::Relaxed)
    }

    /// Tells the engine, once, that an input has delivered all that it holds at the start.
    pub async fn complete(&self, of: Collection) {
        if self.complete[of.index()].swap(true, Ordering::Relaxed) {
            return;
        }
        self.health.completed(of);
        self.send(Event::Complete { input: of.name() }).await;
    }

    /// Tells the engine what was answered to the last write of an object; `None` takes it back.
    pub async fn refused(&self, object: &ObjectName, refusal: Option<Refusal>) {
        let key = object.key();
        let facts = refusal.map(|refusal| Fact::refusal(key, refusal)).into_iter().collect();
        let update = Update { source: key.part("refusal", ""), facts };
        self.send(Origin::Answer.event(object.clone(), vec![update], Instant::now())).await;
    }

    /// Notes the version of a bookmark: the watch has told everything up to it.
    pub(crate) fn passed_by(&self, of: Collection, version: &str) {
        if let Some(number) = Version::parse(version).number() {
            self.passed(of).fetch_max(number, Ordering::AcqRel);
        }
    }

    async fn send_gone(&self, object: &ObjectName, origin: Origin) {
        self.vault.keep(object, None);
        let updates = decode::gone(object);
        self.send(origin.event(object.clone(), updates, Instant::now())).await;
        if object.kind.written() != Written::Nothing {
            self.news.note(object.key());
        }
    }

    async fn send(&self, mut event: Event) {
        loop {
            match self.events.try_send(event) {
                Err(TrySendError::Full(returned)) => event = returned,
                // If the engine has ended, so will we.
                Ok(()) | Err(TrySendError::Disconnected(_)) => return,
            }
            tokio::time::sleep(FULL_PAUSE).await;
        }
    }

    fn shard(&self, key: Key) -> &Mutex<Versions> {
        &self.shards[usize::from(key.bytes()[0]) % SHARDS]
    }

    fn passed(&self, of: Collection) -> &AtomicU64 {
        &self.passed[of.index()]
    }
}

/// That the definitions may not be read, or that they may again.
fn definitions_unreadable(facts: Vec<Fact>) -> Event {
    let source = CrdVersion::group_key().part("unreadable", "");
    let trigger = ObjectName::new(Kind::CustomResourceDefinition, "", "gatewayclasses.gateway.networking.k8s.io");
    Event::Changed { trigger, updates: vec![Update { source, facts }], heard: Instant::now() }
}

/// What the facts of an object show of ours.
fn shows(key: Key, updates: &[Update]) -> (Option<Fingerprint>, bool, Option<Text>) {
    let mut facts = updates.iter().flat_map(|update| &update.facts).filter(|fact| fact.key == key);
    let observed = facts.find_map(|fact| fact.row.get::<Observed>());
    let shown =
        |observed: &Ref<Observed>| (Some(observed.fingerprint), observed.ours, observed.claim().map(Text::from));
    observed.map(shown).unwrap_or_default()
}

/// What is new since the last look. Bounded by the number of objects, however slowly it is read.
#[derive(Clone, Debug, Default)]
pub struct Fresh {
    /// Objects of which something new was seen.
    pub objects: BTreeSet<Key>,
    /// Kinds that were listed: what was refused because the kind was not served may be accepted now.
    pub kinds: BTreeSet<Kind>,
}

/// Tells the writer what is new of the kinds that it writes.
#[derive(Debug, Default)]
pub struct News {
    fresh: Lock<Fresh>,
    came: Notify,
}

impl News {
    fn note(&self, key: Key) {
        self.add(|fresh| fresh.objects.insert(key));
    }

    fn note_kind(&self, kind: Kind) {
        self.add(|fresh| fresh.kinds.insert(kind));
    }

    fn add(&self, add: impl FnOnce(&mut Fresh) -> bool) {
        add(&mut self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        self.came.notify_one();
    }

    /// Waits for something new and takes it. For one reader.
    pub async fn next(&self) -> Fresh {
        loop {
            let fresh = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
            if !fresh.objects.is_empty() || !fresh.kinds.is_empty() {
                return fresh;
            }
            self.came.notified().await;
        }
    }
}
