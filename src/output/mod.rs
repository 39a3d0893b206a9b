//! Sinks that need no cluster: memory, for `render`, and directories of YAML, for `run --from`.
//!
//! Both do what tasks ask for and answer with what is there now, as the watch of a cluster would.

pub mod directory;
pub mod files;
pub mod known;
pub mod memory;
pub mod sightings;
pub mod status;

use dataflows::manifest;
use dataflows::model::{Desired, Fact, Key, ObjectName, Observed, Settings, Update, Written, status_source};
use serde_json::Value;

/// The source under which what an object or status shows is told to the dataflow. Apart from the other facts of the
/// object, which come from the input: an instance there may tell an address.
pub fn observation_source(object: &ObjectName) -> Key {
    if object.kind.written() == Written::Status {
        status_source(object.key())
    } else {
        object.key().part("observed", "")
    }
}

/// The facts of an input object, with what it shows of an object or status that we write apart.
#[derive(Clone, Debug, Default)]
pub struct Separated {
    /// The other facts.
    pub facts: Vec<Update>,
    /// What it shows.
    pub observed: Option<Observed>,
}

/// Takes what an input object shows of an object or status that we write out of its facts.
pub fn separate(object: &ObjectName, updates: Vec<Update>) -> Separated {
    let mut separated = Separated::default();
    let of_status = observation_source(object);
    for update in updates {
        let (observed, facts): (Vec<Fact>, Vec<Fact>) =
            update.facts.into_iter().partition(|fact| fact.row.get::<Observed>().is_some());
        if let Some(observed) = observed.first().and_then(|fact| fact.row.get::<Observed>()) {
            separated.observed = Some(Observed::clone(observed));
        }
        if update.source != of_status {
            separated.facts.push(Update { source: update.source, facts });
        }
    }
    separated
}

/// The update that tells what an object or status shows.
pub fn observation(observed: Observed) -> Update {
    Update { source: observation_source(&observed.object), facts: vec![Fact::observed(observed)] }
}

/// What is observed once `desired` is there, rendered as `value`.
pub fn shown(settings: &Settings, desired: &Desired, value: &Value) -> Observed {
    let whole =
        if desired.content.is_status() { None } else { manifest::observe(settings, desired.object.kind, value) };
    let (anchor, rare) =
        whole.map_or_else(|| (desired.object.key(), None), |observed| (observed.anchor, observed.rare));
    Observed {
        object: desired.object.clone(),
        ours: true,
        mesh: desired.mesh().into(),
        fingerprint: manifest::fingerprint(settings, desired),
        anchor,
        rare,
    }
}

/// What is told to the dataflow once nothing of ours is there any more.
pub fn absent(object: &ObjectName) -> Update {
    Update { source: observation_source(object), facts: Vec::new() }
}
