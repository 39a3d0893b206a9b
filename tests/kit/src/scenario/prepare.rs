use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::Settings;
use serde_json::{Value, json};

use super::format::{Expectation, Refuse, Scenario, Step};
use super::merge_patch;
use super::object_id::ObjectId;

/// One change of the cluster by somebody else than the controller.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// An object is created or replaced.
    Put(Value),
    /// The objects of this pattern are deleted.
    Delete(String),
    /// A merge patch of an object that the controller writes, or writes the status of.
    Tamper(Value),
    /// The API server refuses writes from now on.
    Refuse(Refuse),
    /// It takes them again.
    Permit(String),
    /// Kuma reports these addresses from now on.
    Addresses(BTreeMap<String, Vec<String>>),
}

impl PartialEq for Refuse {
    fn eq(&self, other: &Self) -> bool {
        (&self.object, &self.reason) == (&other.object, &other.reason)
    }
}

/// Changes, and what they lead to.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What happens, in words.
    pub when: String,
    /// The changes.
    pub edits: Vec<Edit>,
    /// What they lead to.
    pub expect: Option<Expectation>,
}

/// A scenario with all that an API server adds to objects: the same in whatever order the changes are made.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The settings of the controller.
    pub settings: Settings,
    /// Whether the end depends on what came before it.
    pub history_matters: bool,
    /// The changes in order: the objects, then the steps.
    pub stages: Vec<Stage>,
    /// The objects that are there in the end, without generated ones.
    pub inputs: BTreeMap<ObjectId, Value>,
}

impl Prepared {
    /// Prepares a scenario.
    pub fn new(scenario: &Scenario) -> Result<Self, String> {
        let mut shelf = Shelf::default();
        let first = Step {
            when: "the objects".to_owned(),
            apply: scenario.objects.clone(),
            addresses: Some(scenario.addresses.clone()),
            expect: scenario.expect.clone(),
            ..Step::default()
        };
        let mut stages = Vec::new();
        for (index, step) in std::iter::once(&first).chain(&scenario.steps).enumerate() {
            let edits = shelf.edits(step)?;
            let when = if index == 0 { step.when.clone() } else { format!("step {index}, {}", step.when) };
            stages.push(Stage { when, edits, expect: step.expect.clone() });
        }
        let settings = scenario.settings.settings();
        Ok(Self { settings, history_matters: scenario.history_matters, stages, inputs: shelf.objects })
    }

    /// The objects that the scenario ever made.
    pub fn objects_ever(&self) -> BTreeSet<ObjectId> {
        let edits = self.stages.iter().flat_map(|stage| &stage.edits);
        edits.filter_map(|edit| if let Edit::Put(object) = edit { ObjectId::of(object).ok() } else { None }).collect()
    }
}

/// What the objects of a scenario are like so far.
#[derive(Default)]
struct Shelf {
    objects: BTreeMap<ObjectId, Value>,
    made: u32,
}

impl Shelf {
    fn edits(&mut self, step: &Step) -> Result<Vec<Edit>, String> {
        let mut edits: Vec<Edit> = step.addresses.iter().cloned().map(Edit::Addresses).collect();
        edits.extend(step.refuse.iter().cloned().map(Edit::Refuse));
        edits.extend(step.permit.iter().cloned().map(Edit::Permit));
        for object in &step.apply {
            edits.push(Edit::Put(self.put(object.clone())?));
        }
        for patch in &step.patch {
            let id = ObjectId::of(patch)?;
            let mut object = self.objects.get(&id).cloned().ok_or_else(|| format!("there is no {id} to patch"))?;
            merge_patch::apply(&mut object, patch);
            edits.push(Edit::Put(self.put(object)?));
        }
        edits.extend(step.tamper.iter().cloned().map(Edit::Tamper));
        for pattern in &step.delete {
            self.objects.retain(|id, _| id.to_string() != *pattern);
            edits.push(Edit::Delete(pattern.clone()));
        }
        Ok(edits)
    }

    /// Gives an object what an API server gives it, where the scenario does not: identity and creation time once, and
    /// a generation that counts the changes of its spec.
    fn put(&mut self, mut object: Value) -> Result<Value, String> {
        let id = ObjectId::claim(&mut object)?;
        let before = self.objects.get(&id);
        if before.is_none() {
            self.made += 1;
        }
        let metadata = |field: &str| before.map(|before| before["metadata"][field].clone());
        let (hours, minutes) = (self.made / 60, self.made % 60);
        let created =
            metadata("creationTimestamp").unwrap_or_else(|| json!(format!("2026-01-01T{hours:02}:{minutes:02}:00Z")));
        let uid = metadata("uid").unwrap_or_else(|| json!(format!("{id}#{}", self.made)));
        let generation = before.map_or(1, |before| {
            let generation = before["metadata"]["generation"].as_i64().unwrap_or(1);
            generation + i64::from(before["spec"] != object["spec"])
        });
        set_if_absent(&mut object, "creationTimestamp", created);
        set_if_absent(&mut object, "uid", uid);
        if before.is_some() {
            object["metadata"]["generation"] = json!(generation);
        } else {
            set_if_absent(&mut object, "generation", json!(generation));
        }
        self.objects.insert(id, object.clone());
        Ok(object)
    }
}

fn set_if_absent(object: &mut Value, field: &str, value: Value) {
    let field = &mut object["metadata"][field];
    if field.is_null() {
        *field = value;
    }
}
