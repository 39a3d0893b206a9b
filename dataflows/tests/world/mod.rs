//! A cluster of hand-made facts around an engine. Each verb is one epoch.

// Every test file takes what it needs of this.
#![allow(dead_code, unused_imports)]

mod listener_sets;
mod objects;
mod secrets;

use std::collections::BTreeMap;

use dataflows::model::{
    Action, Fact, Key, Kind, MeshServices, ObjectName, Observed, Settings, Task, Update, Written, status_source,
};
use dataflows::{Engine, Step, manifest};
use serde_json::Value;

pub(crate) use listener_sets::*;
pub(crate) use objects::*;
pub(crate) use secrets::*;

/// An engine, and what it asks for at the moment.
pub(crate) struct World {
    pub(crate) engine: Engine,
    settings: Settings,
    facts: BTreeMap<Key, Vec<Fact>>,
    tasks: BTreeMap<Key, Task>,
}

impl World {
    /// Nothing at all.
    pub(crate) fn empty() -> Self {
        Self::around(Engine::new(Settings::default()))
    }

    /// An engine that has been told nothing yet.
    pub(crate) fn around(engine: Engine) -> Self {
        Self { engine, settings: Settings::default(), facts: BTreeMap::new(), tasks: BTreeMap::new() }
    }

    /// A class `kuma` and a Mesh `default`.
    pub(crate) fn new() -> Self {
        let mut world = Self::empty();
        world.put(class("kuma", None));
        world.put(mesh("default", MeshServices::Disabled));
        world
    }

    /// Closes an epoch.
    pub(crate) fn step(&mut self, updates: impl IntoIterator<Item = Update>) -> Step {
        let updates: Vec<_> = updates.into_iter().collect();
        self.facts.extend(updates.iter().map(|update| (update.source, update.facts.clone())));
        let step = self.engine.step(updates);
        for (key, task) in &step.tasks {
            match task {
                Some(task) => self.tasks.insert(*key, Task::clone(task)),
                None => self.tasks.remove(key),
            };
        }
        step
    }

    /// Applies an object. How many tasks changed.
    pub(crate) fn put(&mut self, object: impl Into<Update>) -> usize {
        self.step([object.into()]).tasks.len()
    }

    /// Deletes an object. How many tasks changed.
    pub(crate) fn remove(&mut self, kind: Kind, name: &str) -> usize {
        self.step([Update { source: named(kind, name).key(), facts: Vec::new() }]).tasks.len()
    }

    /// The cluster does what it is asked to, until it is asked for nothing more. In which order objects were touched.
    pub(crate) fn settle(&mut self) -> Vec<String> {
        let mut touched = Vec::new();
        for _ in 0..10 {
            let ready: Vec<_> = self.tasks.values().filter(|task| task.blocked_by.is_empty()).cloned().collect();
            let answers: Vec<_> = ready.iter().filter_map(|task| Some((task, self.answer(task)?))).collect();
            if answers.is_empty() {
                break;
            }
            touched.extend(answers.iter().map(|(task, _)| task.pending.object.to_string()));
            let updates: Vec<_> = answers.into_iter().map(|(_, update)| update).collect();
            self.step(updates);
        }
        touched
    }

    /// The same cluster as a new process finds it.
    pub(crate) fn restarted(&self) -> Self {
        let mut world = Self::empty();
        let updates = self.facts.iter().map(|(source, facts)| Update { source: *source, facts: facts.clone() });
        world.step(updates.collect::<Vec<_>>());
        world
    }

    fn answer(&self, task: &Task) -> Option<Update> {
        let object = &task.pending.object;
        let source = if object.kind.written() == Written::Whole { object.key() } else { status_source(object.key()) };
        let observed = match &task.pending.action {
            Action::Write(desired) if desired.content.is_status() => {
                manifest::observe_status(&self.settings, object.kind, &manifest::render(&self.settings, desired))
            }
            Action::Write(desired) => {
                // A copy is rendered without the key that it holds.
                let fingerprint = manifest::fingerprint(&self.settings, desired);
                manifest::observe(&self.settings, object.kind, &manifest::render(&self.settings, desired))
                    .map(|observed| Observed { fingerprint, ..observed })
            }
            Action::Remove { .. } => None,
            Action::Obstructed(_) => return None,
        };
        Some(Update { source, facts: observed.into_iter().map(Fact::observed).collect() })
    }

    /// The tasks for objects of a kind.
    pub(crate) fn tasks_of(&self, kind: Kind) -> impl Iterator<Item = &Task> {
        self.tasks.values().filter(move |task| task.pending.object.kind == kind)
    }

    /// The task for an object, if there is one.
    pub(crate) fn task(&self, kind: Kind, name: &str) -> Option<&Task> {
        self.tasks.get(&named(kind, name).key())
    }

    /// What an object or status should hold that the cluster does not show. Null if there is nothing to write.
    pub(crate) fn written(&self, kind: Kind, name: &str) -> Value {
        let desired = self.task(kind, name).and_then(|task| task.pending.action.desired());
        desired.map_or(Value::Null, |desired| manifest::render(&self.settings, desired))
    }

    /// What has to be done, as `write Kind/namespace/name` and so on, in order.
    pub(crate) fn to_do(&self) -> Vec<String> {
        let mut all: Vec<_> =
            self.tasks.values().map(|task| format!("{} {}", verb(task), task.pending.object)).collect();
        all.sort();
        all
    }

    /// Names of the `MeshHTTPRoutes` to write, without the floors of gateways and without the digits at the end.
    pub(crate) fn routes(&self) -> Vec<String> {
        let routes = self.tasks.values().filter(|task| task.pending.object.kind == Kind::MeshHttpRoute);
        let names = routes.filter(|task| verb(task) == "write").map(|task| &task.pending.object.name);
        let mut names: Vec<_> = names.filter_map(|name| Some(name.rsplit_once('-')?.0.to_owned())).collect();
        names.retain(|name| !name.ends_with("-floor"));
        names.sort();
        names
    }

    /// The spec of the only MeshHTTPRoute of a route. Null if there is none.
    pub(crate) fn spec_of_route(&self, name: &str) -> Value {
        let owner = named(Kind::HttpRoute, name);
        let desired = self.tasks.values().filter_map(|task| task.pending.action.desired());
        let mut of_route = desired.filter(|desired| desired.owner() == owner && !desired.content.is_status());
        let found = of_route.next();
        assert!(of_route.next().is_none(), "{name} has more than one MeshHTTPRoute");
        found.map_or(Value::Null, |desired| manifest::render(&self.settings, desired)["spec"].take())
    }

    /// `Accepted` of the first parent of a route: the reason, or `silent` without a status.
    pub(crate) fn verdict(&self, route: &str) -> String {
        self.parent_condition(route, 0, "Accepted")
    }

    /// The reason of a condition that a route has for one of its parents.
    pub(crate) fn parent_condition(&self, route: &str, parent: usize, kind: &str) -> String {
        reason(&self.written(Kind::HttpRoute, route)["status"]["parents"][parent]["conditions"], kind)
    }

    /// The reason of a condition of a Gateway.
    pub(crate) fn gateway_condition(&self, gateway: &str, kind: &str) -> String {
        reason(&self.written(Kind::Gateway, gateway)["status"]["conditions"], kind)
    }

    /// The reason of a condition of a listener, by its place.
    pub(crate) fn listener_condition(&self, gateway: &str, listener: usize, kind: &str) -> String {
        reason(&self.written(Kind::Gateway, gateway)["status"]["listeners"][listener]["conditions"], kind)
    }

    /// How many routes are attached to each listener of a Gateway.
    pub(crate) fn attached(&self, gateway: &str) -> Vec<i64> {
        let status = self.written(Kind::Gateway, gateway);
        let listeners = status["status"]["listeners"].as_array().cloned().unwrap_or_default();
        listeners.iter().filter_map(|listener| listener["attachedRoutes"].as_i64()).collect()
    }
}

/// Name of an object written as `namespace/name`, or `name` for kinds without a namespace.
pub(crate) fn named(kind: Kind, name: &str) -> ObjectName {
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    ObjectName::new(kind, namespace, name)
}

/// Reason of a condition; `silent` where there is none.
pub(crate) fn reason(conditions: &Value, kind: &str) -> String {
    let found = conditions.as_array().into_iter().flatten().find(|condition| condition["type"] == kind);
    found.and_then(|condition| condition["reason"].as_str()).unwrap_or("silent").to_owned()
}

fn verb(task: &Task) -> &'static str {
    match task.pending.action {
        Action::Write(_) => "write",
        Action::Remove { then: Some(_), .. } => "move",
        Action::Remove { then: None, .. } => "remove",
        Action::Obstructed(_) => "obstructed",
    }
}
