//! The sink of `render`: a cluster in memory on which every write succeeds.

use std::collections::{BTreeMap, BTreeSet};

use dataflows::Engine;
use dataflows::model::{Action, Key, ObjectName, Ref, Settings, Task, Update, Written};
use serde_json::Value;

use super::{absent, observation, shown};
use crate::vault::Vault;

/// What the cluster holds of ours.
#[derive(Debug, Default)]
pub struct Memory {
    /// Generated objects.
    pub objects: BTreeMap<ObjectName, Value>,
    /// Status documents that hold only our entries.
    pub statuses: BTreeMap<ObjectName, Value>,
    /// Objects whose status held entries of ours and does no longer.
    pub cleared: BTreeSet<ObjectName>,
}

/// Epochs after which the dataflow must have come to rest. Objects, statuses that speak of them, and what a moved
/// object waits for take a handful; more means that it goes in circles.
const EPOCHS_MAX: usize = 64;

/// The dataflow did not come to rest: a bug.
#[derive(Debug, thiserror::Error)]
#[error("the objects do not settle after {EPOCHS_MAX} rounds; still pending: {}", .pending.join(", "))]
pub struct Unsettled {
    /// What was still pending.
    pub pending: Vec<String>,
}

impl Memory {
    /// Feeds the facts in and does what is asked for until nothing is.
    pub fn settle(&mut self, settings: &Settings, vault: &Vault, updates: Vec<Update>) -> Result<(), Unsettled> {
        let mut engine = Engine::new(settings.clone());
        let mut tasks = BTreeMap::new();
        let mut updates = updates;
        for _ in 0..EPOCHS_MAX {
            apply_changes(&mut tasks, engine.step(updates).tasks);
            updates = tasks.values().filter_map(|task| self.perform(settings, vault, task)).collect();
            if updates.is_empty() {
                return Ok(());
            }
        }
        Err(Unsettled { pending: tasks.values().map(|task| task.pending.object.to_string()).collect() })
    }

    /// Does what a task asks for, and answers what is there now; `None` if there is nothing to do.
    fn perform(&mut self, settings: &Settings, vault: &Vault, task: &Task) -> Option<Update> {
        if !task.blocked_by.is_empty() {
            return None;
        }
        let object = &task.pending.object;
        match &task.pending.action {
            Action::Write(desired) => {
                let value = vault.render(settings, desired)?;
                let update = observation(shown(settings, desired, &value));
                self.cleared.remove(object);
                let store =
                    if object.kind.written() == Written::Status { &mut self.statuses } else { &mut self.objects };
                store.insert(object.clone(), value);
                Some(update)
            }
            Action::Remove { .. } => {
                if object.kind.written() == Written::Status {
                    self.statuses.remove(object);
                    self.cleared.insert(object.clone());
                } else {
                    self.objects.remove(object);
                }
                Some(absent(object))
            }
            Action::Obstructed(_) => None,
        }
    }
}

type Tasks = BTreeMap<Key, Ref<Task>>;

fn apply_changes(tasks: &mut Tasks, changes: Vec<(Key, Option<Ref<Task>>)>) {
    for (key, change) in changes {
        match change {
            Some(task) => tasks.insert(key, task),
            None => tasks.remove(&key),
        };
    }
}
