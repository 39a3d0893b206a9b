//! The part of a status that the controller writes, as server-side apply and read-modify-write leave it.

use dataflows::manifest;
use dataflows::model::{Kind, Settings};
use serde_json::{Value, json};

/// Puts what the controller writes in place of what it wrote before. Null: it takes its part out.
pub(super) fn replace(settings: &Settings, kind: Kind, object: &mut Value, ours: &Value) {
    if kind.is_route() {
        replace_parents(settings, object, &ours["parents"]);
    } else {
        replace_applied(settings, object, ours);
    }
    prune(object);
}

/// Whether an object shows what the controller would write into its status.
pub(super) fn shows(settings: &Settings, kind: Kind, object: &Value, rendered: &Value) -> bool {
    let mut written = object.clone();
    replace(settings, kind, &mut written, &rendered["status"]);
    written == *object
}

/// Entries of other controllers stay, in front.
fn replace_parents(settings: &Settings, object: &mut Value, ours: &Value) {
    let shown = object["status"]["parents"].as_array().cloned().unwrap_or_default();
    let mut parents: Vec<_> = shown.into_iter().filter(|entry| !is_ours(settings, entry)).collect();
    parents.extend(ours.as_array().cloned().unwrap_or_default());
    object["status"]["parents"] = parents.into();
}

/// Whether an entry of a route status is the controller's.
pub(super) fn is_ours(settings: &Settings, entry: &Value) -> bool {
    entry["controllerName"] == *settings.controller_name
}

/// Conditions of types that the controller does not write stay.
fn replace_applied(settings: &Settings, object: &mut Value, ours: &Value) {
    const TYPES: [&str; 4] = ["Accepted", "Programmed", "ResolvedRefs", "SupportedVersion"];
    let shown = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let foreign = |condition: &Value| !TYPES.contains(&condition["type"].as_str().unwrap_or_default());
    let mut conditions: Vec<_> = shown.into_iter().filter(foreign).collect();
    conditions.extend(ours["conditions"].as_array().cloned().unwrap_or_default());
    object["status"]["conditions"] = conditions.into();
    for field in ["listeners", "addresses", "supportedFeatures", "attachedListenerSets"] {
        object["status"][field] = ours[field].clone();
    }
    let managers = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let manager = manifest::field_manager(settings);
    let mut managers: Vec<_> = managers.into_iter().filter(|entry| entry["manager"] != *manager).collect();
    if !ours.is_null() {
        managers.push(json!({"manager": manager, "operation": "Apply", "subresource": "status"}));
    }
    object["metadata"]["managedFields"] = managers.into();
}

fn prune(object: &mut Value) {
    let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if let Some(status) = object["status"].as_object_mut() {
        status.retain(|_, value| !empty(value));
    }
    if object["status"].as_object().is_none_or(serde_json::Map::is_empty) {
        object.as_object_mut().map(|object| object.remove("status"));
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|_, value| !empty(value));
    }
}
