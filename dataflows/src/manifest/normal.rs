//! The normal form: what two states have in common if and only if they mean the same.

use serde_json::{Map, Value, json};

use super::metadata;
use crate::model::{Kind, Settings};

/// The normal form of a generated object: our labels, annotations and owner references, the mesh, and the spec without
/// what servers add to it or leave out of it.
pub(super) fn object(kind: Kind, object: &Value) -> Value {
    let mut spec = object["spec"].clone();
    match kind {
        // Kuma writes its own types back, in which a default and an absent value are the same.
        Kind::MeshGateway => drop_defaults(&mut spec),
        _ => drop_nulls(&mut spec),
    }
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let owners = owners.into_iter().flatten().filter(|owner| owner["kind"] == Kind::Gateway.name());
    json!({
        "labels": chosen(&object["metadata"]["labels"], &metadata::LABELS),
        "annotations": chosen(&object["metadata"]["annotations"], &metadata::ANNOTATIONS),
        "owners": owners.map(|owner| owner["uid"].clone()).collect::<Vec<_>>(),
        "mesh": metadata::mesh_of(kind, object),
        "spec": spec,
    })
}

/// The normal form of our part of a status; `None` if no part of it is ours.
pub(super) fn status(settings: &Settings, kind: Kind, object: &Value) -> Option<Value> {
    let status = &object["status"];
    match kind {
        Kind::GatewayClass => class_status(status),
        Kind::Gateway => gateway_status(status),
        _ => route_status(settings, status),
    }
}

fn class_status(status: &Value) -> Option<Value> {
    let conditions = conditions(&status["conditions"], Some(&["Accepted", "SupportedVersion"]));
    let features = status["supportedFeatures"].as_array().cloned().unwrap_or_default();
    (!conditions.is_empty() || !features.is_empty()).then(|| json!({"conditions": conditions, "features": features}))
}

fn gateway_status(status: &Value) -> Option<Value> {
    let of_gateway = conditions(&status["conditions"], Some(&["Accepted", "Programmed", "ResolvedRefs"]));
    let listeners: Vec<_> = entries(&status["listeners"])
        .map(|listener| {
            let kinds: Vec<_> = entries(&listener["supportedKinds"])
                .map(|kind| {
                    let group = kind["group"].as_str().unwrap_or("gateway.networking.k8s.io");
                    json!({"group": group, "kind": kind["kind"]})
                })
                .collect();
            json!({
                "name": listener["name"],
                "attachedRoutes": listener["attachedRoutes"],
                "supportedKinds": kinds,
                "conditions": conditions(&listener["conditions"], None),
            })
        })
        .collect();
    let addresses: Vec<_> = entries(&status["addresses"])
        .map(|address| json!({"type": address["type"].as_str().unwrap_or("IPAddress"), "value": address["value"]}))
        .collect();
    let empty = of_gateway.is_empty() && listeners.is_empty() && addresses.is_empty();
    (!empty).then(|| {
        let mut listeners = listeners;
        listeners.sort_by(|left, right| left["name"].as_str().cmp(&right["name"].as_str()));
        json!({"conditions": of_gateway, "listeners": listeners, "addresses": addresses})
    })
}

fn route_status(settings: &Settings, status: &Value) -> Option<Value> {
    let parents: Vec<_> = entries(&status["parents"])
        .filter(|entry| entry["controllerName"] == *settings.controller_name)
        .map(|entry| {
            let mut parent = entry["parentRef"].clone();
            drop_nulls(&mut parent);
            if let Value::Object(parent) = &mut parent {
                parent.entry("group").or_insert_with(|| "gateway.networking.k8s.io".into());
                parent.entry("kind").or_insert_with(|| Kind::Gateway.name().into());
            }
            json!({"parentRef": parent, "conditions": conditions(&entry["conditions"], None)})
        })
        .collect();
    (!parents.is_empty()).then(|| json!({ "parents": parents }))
}

/// Conditions by type, without times; of the types named, or all.
fn conditions(conditions: &Value, types: Option<&[&str]>) -> Vec<Value> {
    let mut found: Vec<_> = entries(conditions)
        .filter(|condition| {
            let kind = condition["type"].as_str().unwrap_or_default();
            types.is_none_or(|types| types.contains(&kind))
        })
        .map(|condition| {
            json!({
                "type": condition["type"],
                "status": condition["status"],
                "reason": condition["reason"],
                "message": condition["message"].as_str().unwrap_or_default(),
                "observedGeneration": condition["observedGeneration"],
            })
        })
        .collect();
    found.sort_by(|left, right| left["type"].as_str().cmp(&right["type"].as_str()));
    found
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn chosen(map: &Value, keys: &[&str]) -> Value {
    let found = keys.iter().filter_map(|key| Some(((*key).to_owned(), map.get(key)?.clone())));
    Value::Object(found.collect::<Map<_, _>>())
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn drop_defaults(value: &mut Value) {
    let is_default = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Bool(true) => false,
    };
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(drop_defaults);
            map.retain(|_, value| !is_default(value));
        }
        Value::Array(list) => list.iter_mut().for_each(drop_defaults),
        _ => {}
    }
}
