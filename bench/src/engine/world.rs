//! An engine whose writes all succeed at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dataflows::model::{Action, Fact, Key, Ref, Settings, Task, Update, status_source};
use dataflows::{Engine, manifest};
use deltagate::watch::decode;
use kit::processes::{Processes, Tasks};
use serde_json::Value;

/// What is measured.
pub(super) trait Subject {
    /// Closes an epoch, and says what that changed.
    fn close(&mut self, updates: Vec<Update>) -> Tasks;
}

impl Subject for Engine {
    fn close(&mut self, updates: Vec<Update>) -> Tasks {
        self.step(updates).tasks
    }
}

impl Subject for Processes {
    fn close(&mut self, updates: Vec<Update>) -> Tasks {
        self.step(updates)
    }
}

pub(super) struct World<S = Engine> {
    pub(super) engine: S,
    settings: Settings,
    tasks: BTreeMap<Key, Ref<Task>>,
}

impl<S: Subject> World<S> {
    pub(super) fn new(engine: S) -> Self {
        Self { engine, settings: Settings::default(), tasks: BTreeMap::new() }
    }

    /// Closes an epoch with updates, and says how long it took.
    pub(super) fn step(&mut self, updates: Vec<Update>) -> Duration {
        let begin = Instant::now();
        let tasks = self.engine.close(updates);
        let took = begin.elapsed();
        self.take(tasks);
        took
    }

    /// Answers all writes until none is left, and says how long the engine took for that.
    pub(super) fn settle(&mut self) -> Duration {
        let mut took = Duration::ZERO;
        loop {
            let ready = self.tasks.values().filter(|task| task.blocked_by.is_empty());
            let answers: Vec<_> = ready.filter_map(|task| answer(&self.settings, task)).collect();
            if answers.is_empty() {
                return took;
            }
            took += self.step(answers);
        }
    }

    fn take(&mut self, tasks: Tasks) {
        for (key, task) in tasks {
            match task {
                Some(task) => drop(self.tasks.insert(key, task)),
                None => drop(self.tasks.remove(&key)),
            }
        }
    }
}

/// What an object of a user asserts at a generation.
pub(super) fn asserted(mut object: Value, generation: u32) -> Vec<Update> {
    object["metadata"]["generation"] = generation.into();
    let decoded = decode::decode(&Settings::default(), &object);
    decoded.expect("the objects of a benchmark are valid").updates
}

/// What it asserts once it is gone: nothing.
pub(super) fn gone(object: Value) -> Vec<Update> {
    let updates = asserted(object, 1).into_iter();
    updates.map(|update| Update { source: update.source, facts: Vec::new() }).collect()
}

/// The cluster shows what a task asks for.
fn answer(settings: &Settings, task: &Task) -> Option<Update> {
    let object = &task.pending.object;
    let (is_status, observed) = match &task.pending.action {
        Action::Write(desired) => {
            let rendered = manifest::render(settings, desired);
            let is_status = desired.content.is_status();
            let observe = if is_status { manifest::observe_status } else { manifest::observe };
            (is_status, observe(settings, object.kind, &rendered))
        }
        Action::Remove { .. } => (object.kind.is_route(), None),
        Action::Obstructed(_) => return None,
    };
    let source = if is_status { status_source(object.key()) } else { object.key() };
    Some(Update { source, facts: observed.into_iter().map(Fact::observed).collect() })
}
