//! What holds in every scenario, whatever it is about.

use dataflows::model::Settings;
use serde_json::Value;

use super::memory_cluster::MemoryCluster;
use super::object_id::ObjectId;
use super::{outcome, own_status};
use crate::valid;

/// Conditions of ours speak of the generation that the object has.
pub(super) fn generations_are_current(cluster: &MemoryCluster<'_>) -> Result<(), String> {
    for (id, object) in cluster.objects() {
        for condition in our_conditions(cluster, id, object) {
            if condition["observedGeneration"] != object["metadata"]["generation"] {
                let generation = &object["metadata"]["generation"];
                return Err(format!("{id} has generation {generation}, and this condition another: {condition}"));
            }
        }
    }
    Ok(())
}

fn our_conditions<'a>(cluster: &MemoryCluster<'_>, id: &ObjectId, object: &'a Value) -> Vec<&'a Value> {
    let conditions = |holder: &'a Value| holder["conditions"].as_array().into_iter().flatten();
    let entries = |field: &str| object["status"][field].as_array().into_iter().flatten();
    match id.kind.as_str() {
        kind if outcome::is_route(kind) => entries("parents")
            .filter(|entry| own_status::is_ours(cluster.settings(), entry))
            .flat_map(conditions)
            .collect(),
        "Gateway" | "GatewayClass" | "ListenerSet" if dataflows::manifest::owns_status(cluster.settings(), object) => {
            let of_listeners = entries("listeners").flat_map(conditions);
            conditions(&object["status"])
                .filter(|condition| condition["observedGeneration"].is_i64())
                .chain(of_listeners)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// What is written is taken by the API server and by Kuma's webhooks.
pub(super) fn is_storable(settings: &Settings, id: &ObjectId, object: &Value) -> Result<(), String> {
    let problems = valid::problems(&settings.system_namespace, object);
    if problems.is_empty() { Ok(()) } else { Err(format!("{id} would be refused: {}", problems.join("; "))) }
}

/// A MeshGateway that serves requests is written after the route without tags that keeps its ports from having none.
pub(super) fn has_its_floor(cluster: &MemoryCluster<'_>, id: &ObjectId) -> Result<(), String> {
    let is_floor = |(other, object): (&ObjectId, &Value)| {
        let target = &object["spec"]["targetRef"];
        outcome::is_ours(other, object) && target["name"] == *id.name && target["tags"].is_null()
    };
    let listeners = cluster.objects().get(id).map(|object| &object["spec"]["conf"]["listeners"]);
    let listeners = listeners.and_then(Value::as_array).into_iter().flatten();
    let of_requests = |listener: &Value| ["HTTP", "HTTPS"].iter().any(|protocol| listener["protocol"] == **protocol);
    let exposed = id.kind == "MeshGateway" && listeners.filter(|listener| of_requests(listener)).count() > 0;
    if !exposed || cluster.objects().iter().any(is_floor) {
        Ok(())
    } else {
        Err(format!("{id} is written before its floor"))
    }
}

/// The copies that a MeshGateway names, in the mesh that it is in.
fn named_secrets(object: &Value) -> Vec<&str> {
    let listeners = object.pointer("/spec/conf/listeners").and_then(Value::as_array).into_iter().flatten();
    listeners
        .flat_map(|listener| listener["tls"]["certificates"].as_array().into_iter().flatten())
        .filter_map(|certificate| certificate["secret"].as_str())
        .collect()
}

/// A MeshGateway is written after the copies that it names, for one that names a missing Secret freezes.
pub(super) fn has_its_copies(cluster: &MemoryCluster<'_>, id: &ObjectId, object: &Value) -> Result<(), String> {
    for secret in named_secrets(object) {
        let is_it = |(other, copy): (&ObjectId, &Value)| {
            other.kind == "Secret"
                && other.name == secret
                && copy["metadata"]["labels"]["kuma.io/mesh"] == object["mesh"]
        };
        if !cluster.objects().iter().any(is_it) {
            return Err(format!("{id} is written before the Secret {secret} that it names"));
        }
    }
    Ok(())
}

/// A copy is deleted after every MeshGateway has let go of it, unless it is to come back in the mesh that it is for.
pub(super) fn is_not_named(cluster: &MemoryCluster<'_>, id: &ObjectId) -> Result<(), String> {
    let mesh = &cluster.objects()[id]["metadata"]["labels"]["kuma.io/mesh"];
    let names_it = |(other, object): &(&ObjectId, &Value)| {
        let names = named_secrets(object).contains(&id.name.as_str());
        outcome::is_ours(other, object) && object["mesh"] == *mesh && names
    };
    match cluster.objects().iter().find(names_it) {
        Some((by, _)) if id.kind == "Secret" => Err(format!("{id} is deleted while {by} names it")),
        _ => Ok(()),
    }
}

/// Once all that was put in is gone, nothing of ours is left and nothing is left to do.
pub(super) fn nothing_is_left(cluster: &MemoryCluster<'_>) -> Result<(), String> {
    let mut left: Vec<_> = cluster
        .objects()
        .iter()
        .filter(|(id, object)| outcome::is_ours(id, object))
        .map(|(id, _)| id.to_string())
        .collect();
    left.extend(cluster.tasks().map(|task| format!("the task {}", task.pending.object)));
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("after all objects were deleted there is left: {}", left.join(", ")))
    }
}

/// What was orphaned while the controller was down is found by what is written on it, and removed.
pub(super) fn a_start_clears_up(cluster: &MemoryCluster<'_>) -> Result<(), String> {
    let mut restarted = cluster.restarted(outcome::is_ours)?;
    restarted.settle()?;
    nothing_is_left(&restarted)
}

/// A restarted controller has nothing to write.
pub(super) fn a_restart_writes_nothing(cluster: &MemoryCluster<'_>) -> Result<(), String> {
    let mut restarted = cluster.restarted(|_, _| true)?;
    restarted.settle()?;
    let writes: Vec<_> =
        restarted.take_writes().iter().map(|write| format!("{} {}", write.verb, write.object)).collect();
    if writes.is_empty() { Ok(()) } else { Err(format!("a restart writes: {}", writes.join(", "))) }
}
