use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use dataflows::model::{Action, Desired, Fact, Key, Kind, Ref, Refusal, Settings, Task, Update, status_source};
use dataflows::{Engine, manifest};
use serde_json::{Value, json};

use super::object_id::ObjectId;
use super::prepare::Edit;
use super::{finalizers, glob, invariants, merge_patch, outcome, own_status, refusals};

/// From an object to what it asserts. Kinds that are not read assert nothing; an error is an object that no API server
/// would have stored.
pub type Decoder<'a> = dyn Fn(&Settings, &Value) -> Result<Vec<Update>, String> + Sync + 'a;

/// From a task to the object or status that is written. `None` if what it should hold is not known any more.
pub type Renderer<'a> = dyn Fn(&Settings, &Desired) -> Option<Value> + Sync + 'a;

/// The two ends of the controller.
#[derive(Clone, Copy)]
pub struct Ends<'a> {
    /// How objects are read.
    pub decode: &'a Decoder<'a>,
    /// How they are written.
    pub render: &'a Renderer<'a>,
}

/// Rounds of writing after which a cluster that is still not quiet never will be.
const ROUNDS_MAX: usize = 40;

/// One write of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// `create`, `update`, `delete`, `status`, `clear` (its part of a status), `finalizer` (of a class) or `refused`.
    pub verb: &'static str,
    /// The object.
    pub object: ObjectId,
}

/// An API server in memory with the controller at work on it: tasks are done at once, and what they did is observed.
pub struct MemoryCluster<'a> {
    settings: Settings,
    ends: Ends<'a>,
    engine: Engine,
    objects: BTreeMap<ObjectId, Value>,
    tasks: BTreeMap<Key, Ref<Task>>,
    refusing: BTreeMap<String, String>,
    refused: BTreeMap<Key, Refusal>,
    addresses: BTreeMap<String, Vec<String>>,
    writes: Vec<Write>,
    writes_per_round: usize,
    version: u64,
}

impl<'a> MemoryCluster<'a> {
    /// An empty cluster. Of the tasks that can be done, so many are done per epoch: in the order of their names, or from
    /// the end of it where not all are done.
    pub fn new(settings: Settings, ends: Ends<'a>, writes_per_round: usize) -> Self {
        Self {
            engine: Engine::new(settings.clone()),
            settings,
            ends,
            objects: BTreeMap::new(),
            tasks: BTreeMap::new(),
            refusing: BTreeMap::new(),
            refused: BTreeMap::new(),
            addresses: BTreeMap::new(),
            writes: Vec::new(),
            writes_per_round,
            version: 0,
        }
    }

    /// The same cluster after a restart of the controller, which has to read everything anew that was kept meanwhile.
    pub fn restarted(&self, kept: impl Fn(&ObjectId, &Value) -> bool) -> Result<Self, String> {
        let mut cluster = Self::new(self.settings.clone(), self.ends, self.writes_per_round);
        cluster.objects.clone_from(&self.objects);
        cluster.objects.retain(|id, object| kept(id, object));
        cluster.addresses.clone_from(&self.addresses);
        let updates: Vec<_> = cluster.objects.values().map(|object| self.decoded(object)).collect::<Result<_, _>>()?;
        cluster.step(updates.into_iter().flatten().collect());
        Ok(cluster)
    }

    /// The settings of the controller.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All objects.
    pub fn objects(&self) -> &BTreeMap<ObjectId, Value> {
        &self.objects
    }

    /// What the controller has left to do.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().map(|task| &**task)
    }

    /// The writes since this was last asked, in order.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.writes)
    }

    /// Makes changes and tells the controller about all of them in one epoch. It does nothing about them yet.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<(), String> {
        let mut updates = Vec::new();
        for edit in edits {
            updates.extend(self.make(edit)?);
        }
        self.step(updates);
        Ok(())
    }

    /// Lets the controller work until it is quiet.
    pub fn settle(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            let updates = self.round()?;
            if updates.is_empty() {
                return Ok(());
            }
            self.step(updates);
        }
        let open: Vec<_> = self.tasks.values().map(|task| task.pending.object.to_string()).collect();
        Err(format!("not quiet after {ROUNDS_MAX} rounds: {}", open.join(", ")))
    }

    fn make(&mut self, edit: &Edit) -> Result<Vec<Update>, String> {
        match edit {
            Edit::Put(object) => self.put(object),
            Edit::Delete(pattern) => self.delete(pattern),
            Edit::Tamper(patch) => self.tamper(patch),
            Edit::Refuse(refuse) => {
                self.refusing.insert(refuse.object.clone(), refuse.reason.clone());
                Ok(Vec::new())
            }
            Edit::Permit(pattern) => {
                self.refusing.remove(pattern);
                let refused = std::mem::take(&mut self.refused);
                Ok(refused.into_keys().map(refusals::withdraw).collect())
            }
            Edit::Addresses(addresses) => {
                self.addresses.clone_from(addresses);
                Ok(Vec::new())
            }
        }
    }

    /// A user creates or replaces an object. The status is not the user's, but what somebody else wrote may come along.
    fn put(&mut self, object: &Value) -> Result<Vec<Update>, String> {
        let id = ObjectId::of(object)?;
        let mut object = object.clone();
        let same =
            |stored: &&Value| stored["metadata"]["uid"] == object["metadata"]["uid"] || finalizers::is_leaving(stored);
        if let Some(stored) = self.objects.get(&id).filter(same) {
            object["status"] = stored["status"].clone();
            for field in ["uid", "managedFields", "finalizers", "deletionTimestamp"] {
                object["metadata"][field] = stored["metadata"][field].clone();
            }
        }
        self.store(id, object)
    }

    fn delete(&mut self, pattern: &str) -> Result<Vec<Update>, String> {
        let found: Vec<_> = self.objects.keys().filter(|id| glob::matches(pattern, &id.to_string())).cloned().collect();
        if found.is_empty() {
            return Err(format!("there is no {pattern} to delete"));
        }
        let mut updates = Vec::new();
        for id in found {
            updates.extend(self.delete_one(id)?);
        }
        Ok(updates)
    }

    /// What bears a finalizer is only marked.
    fn delete_one(&mut self, id: ObjectId) -> Result<Vec<Update>, String> {
        let mut object = self.objects[&id].clone();
        if !finalizers::hold(&object) {
            return Ok(self.remove(&id));
        }
        finalizers::mark(&mut object);
        self.store(id, object)
    }

    fn tamper(&mut self, patch: &Value) -> Result<Vec<Update>, String> {
        let pattern = ObjectId::of(patch)?.to_string();
        let found: Vec<_> =
            self.objects.keys().filter(|id| glob::matches(&pattern, &id.to_string())).cloned().collect();
        if found.is_empty() {
            return Err(format!("there is no {pattern} to tamper with"));
        }
        let mut updates = Vec::new();
        for id in found {
            let mut object = self.objects[&id].clone();
            let mut patch = patch.clone();
            patch["metadata"]["name"] = json!(id.name);
            merge_patch::apply(&mut object, &patch);
            updates.extend(self.store_or_let_go(id, object)?);
        }
        Ok(updates)
    }

    /// Kuma's turn, then the controller's: what both wrote.
    fn round(&mut self) -> Result<Vec<Update>, String> {
        let mut updates = self.report_addresses()?;
        let mut ready: Vec<_> = self.tasks.values().filter(|task| task.blocked_by.is_empty()).cloned().collect();
        ready.retain(|task| !self.was_refused(task));
        ready.retain(|task| !matches!(task.pending.action, Action::Obstructed(_)));
        ready.sort_by(|left, right| left.pending.object.cmp(&right.pending.object));
        if self.writes_per_round < ready.len() {
            ready.reverse();
        }
        for task in ready.iter().take(self.writes_per_round) {
            updates.extend(self.perform(task)?);
        }
        Ok(updates)
    }

    /// What Kuma reports in the status of each MeshGatewayInstance.
    fn report_addresses(&mut self) -> Result<Vec<Update>, String> {
        let mut updates = Vec::new();
        for (id, object) in self.objects.clone() {
            if id.kind != "MeshGatewayInstance" {
                continue;
            }
            let addresses = self.addresses.get(&format!("{}/{}", id.namespace, id.name));
            let ingress: Vec<_> = addresses
                .into_iter()
                .flatten()
                .map(|address| json!({ if address.parse::<IpAddr>().is_ok() { "ip" } else { "hostname" }: address }))
                .collect();
            let status = if ingress.is_empty() { Value::Null } else { json!({"loadBalancer": {"ingress": ingress}}) };
            if object["status"] != status {
                let mut object = object;
                object["status"] = status;
                updates.extend(self.store(id, object)?);
            }
        }
        Ok(updates)
    }

    fn was_refused(&self, task: &Task) -> bool {
        let refusal = self.refused.get(&task.pending.object.key());
        refusal.is_some_and(|refusal| refusal.fingerprint == refusals::attempted(&self.settings, task))
    }

    fn perform(&mut self, task: &Task) -> Result<Vec<Update>, String> {
        let object = &task.pending.object;
        let id = ObjectId::from(object);
        if let Some((_, reason)) = self.refusing.iter().find(|(pattern, _)| glob::matches(pattern, &id.to_string())) {
            let refusal =
                Refusal { fingerprint: refusals::attempted(&self.settings, task), reason: reason.as_str().into() };
            self.log("refused", &id);
            self.refused.insert(object.key(), refusal.clone());
            let facts = vec![Fact::refusal(object.key(), refusal)];
            return Ok(vec![Update { source: refusals::source(object.key()), facts }]);
        }
        match &task.pending.action {
            Action::Write(desired) if desired.content.is_status() => {
                let rendered = manifest::render(&self.settings, desired);
                let class = self.objects.get(&id).filter(|_| id.kind == "GatewayClass");
                if class.is_some_and(|class| own_status::shows(&self.settings, Kind::GatewayClass, class, &rendered)) {
                    return self.write_finalizer(id, manifest::bears_finalizer(&rendered));
                }
                self.write_status("status", id, &rendered["status"])
            }
            Action::Write(desired) => {
                let rendered = (self.ends.render)(&self.settings, desired);
                self.write_object(id, rendered.ok_or_else(|| format!("nothing is known of what {object} holds"))?)
            }
            Action::Remove { .. } if is_generated(&id) => {
                if let Some(stored) = self.objects.get(&id).filter(|stored| !outcome::is_ours(&id, stored)) {
                    return Err(format!("{id} is deleted, which is somebody else's: {stored}"));
                }
                invariants::is_not_named(self, &id)?;
                self.log("delete", &id);
                Ok(self.remove(&id))
            }
            Action::Remove { .. } => self.write_status("clear", id, &Value::Null),
            Action::Obstructed(_) => Ok(Vec::new()),
        }
    }

    /// What the controller owns is as it says; metadata of others stays, and so does the status.
    fn write_object(&mut self, id: ObjectId, mut object: Value) -> Result<Vec<Update>, String> {
        invariants::is_storable(self.settings(), &id, &object)?;
        invariants::has_its_copies(self, &id, &object)?;
        let stored = self.objects.get(&id);
        if let Some(stored) = stored.filter(|stored| !outcome::is_ours(&id, stored)) {
            return Err(format!("{id} is overwritten, which is somebody else's: {stored}"));
        }
        self.writes.push(Write { verb: if stored.is_some() { "update" } else { "create" }, object: id.clone() });
        if let Some(stored) = stored {
            let mut metadata = stored["metadata"].clone();
            merge_patch::apply(&mut metadata, &object["metadata"]);
            object["metadata"] = metadata;
            object["status"] = stored["status"].clone();
            if object["spec"] != stored["spec"] {
                object["metadata"]["generation"] = json!(stored["metadata"]["generation"].as_i64().unwrap_or(1) + 1);
            }
            refuse_needless(&id, stored, &object)?;
        } else {
            invariants::has_its_floor(self, &id)?;
            let manager = manifest::field_manager(&self.settings);
            object["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Apply"}]);
            object["metadata"]["uid"] = json!(format!("{id}#{}", self.version));
            object["metadata"]["generation"] = json!(1);
        }
        self.store(id, object)
    }

    fn write_status(&mut self, verb: &'static str, id: ObjectId, status: &Value) -> Result<Vec<Update>, String> {
        let (Some(kind), Some(stored)) = (id.known(), self.objects.get(&id)) else {
            return Err(format!("the status of {id} is written, which does not exist"));
        };
        let mut object = stored.clone();
        own_status::replace(&self.settings, kind, &mut object, status);
        refuse_needless(&id, stored, &object)?;
        self.log(verb, &id);
        self.store(id, object)
    }

    fn write_finalizer(&mut self, id: ObjectId, held: bool) -> Result<Vec<Update>, String> {
        let mut object = self.objects[&id].clone();
        finalizers::set(&mut object, held)?;
        refuse_needless(&id, &self.objects[&id], &object)?;
        self.log("finalizer", &id);
        self.store_or_let_go(id, object)
    }

    /// An object that is being deleted goes with its last finalizer.
    fn store_or_let_go(&mut self, id: ObjectId, object: Value) -> Result<Vec<Update>, String> {
        if finalizers::is_let_go(&object) { Ok(self.remove(&id)) } else { self.store(id, object) }
    }

    fn store(&mut self, id: ObjectId, mut object: Value) -> Result<Vec<Update>, String> {
        drop_nulls(&mut object);
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let updates = self.decoded(&object)?;
        self.objects.insert(id, object);
        Ok(updates)
    }

    fn decoded(&self, object: &Value) -> Result<Vec<Update>, String> {
        (self.ends.decode)(&self.settings, object)
    }

    fn remove(&mut self, id: &ObjectId) -> Vec<Update> {
        self.objects.remove(id);
        let Some(kind) = id.known() else { return Vec::new() };
        let key = Key::of(kind, &id.namespace, &id.name);
        [key, status_source(key)].map(|source| Update { source, facts: Vec::new() }).to_vec()
    }

    fn log(&mut self, verb: &'static str, id: &ObjectId) {
        self.writes.push(Write { verb, object: id.clone() });
    }

    fn step(&mut self, updates: Vec<Update>) {
        let mut settled = BTreeSet::new();
        for (key, task) in self.engine.step(updates).tasks {
            if let Some(task) = task {
                self.tasks.insert(key, task);
            } else {
                self.tasks.remove(&key);
                settled.insert(key);
            }
        }
        let withdrawn: Vec<_> =
            settled.into_iter().filter(|key| self.refused.remove(key).is_some()).map(refusals::withdraw).collect();
        if !withdrawn.is_empty() {
            self.step(withdrawn);
        }
    }
}

fn refuse_needless(id: &ObjectId, before: &Value, after: &Value) -> Result<(), String> {
    let mut after = after.clone();
    drop_nulls(&mut after);
    if *before == after { Err(format!("a write of {id} that changes nothing")) } else { Ok(()) }
}

/// Fields that are null are absent.
fn drop_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(drop_nulls);
    }
}

/// Whether objects of the kind of this one are written whole.
fn is_generated(id: &ObjectId) -> bool {
    outcome::GENERATED.contains(&id.kind.as_str())
}
