//! The normal form: what two states have in common if and only if they mean the same.

use serde_json::{Map, Value};

use super::json::object as fields;
use super::metadata;
use crate::model::{CopyContent, Kind, Settings};

/// The normal form of a generated object: our labels, annotations and owner references, the mesh, and the spec without
/// what servers add to it or leave out of it. `spec` is the object's own, as a copy to work on.
pub(super) fn object(kind: Kind, object: &Value, mut spec: Value, copied: Option<CopyContent>) -> Value {
    if kind == Kind::Secret {
        return secret(object, copied);
    }
    match kind {
        // Kuma writes its own types back, in which a default and an absent value are the same.
        Kind::MeshGateway => drop_defaults(&mut spec),
        _ => drop_nulls(&mut spec),
    }
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let owners = owners.into_iter().flatten().filter(|owner| owner["kind"] == Kind::Gateway.name());
    fields([
        ("labels", chosen(&object["metadata"]["labels"], &metadata::LABELS)),
        ("annotations", chosen(&object["metadata"]["annotations"], &metadata::ANNOTATIONS)),
        ("owners", owners.map(|owner| owner["uid"].clone()).collect()),
        ("mesh", metadata::mesh_of(kind, object).into()),
        ("spec", spec),
    ])
}

/// The normal form of the copy of a Secret that holds this. Fields beside the one that we write are part of it.
fn secret(object: &Value, copied: Option<CopyContent>) -> Value {
    let data = object["data"].as_object().into_iter().flatten();
    let others = data.map(|(field, _)| field.as_str()).filter(|field| *field != "value");
    fields([
        ("labels", chosen(&object["metadata"]["labels"], &metadata::LABELS)),
        ("annotations", chosen(&object["metadata"]["annotations"], &metadata::ANNOTATIONS)),
        ("type", object["type"].clone()),
        ("content", copied.map(|content| content.0.to_string()).into()),
        ("others", others.collect()),
    ])
}

/// The normal form of our part of a status, given as a copy to work on; `None` if no part of it is ours.
pub(super) fn status(settings: &Settings, kind: Kind, object: &Value, status: Value) -> Option<Value> {
    match kind {
        Kind::GatewayClass => class_status(super::bears_finalizer(object), status),
        Kind::Gateway | Kind::ListenerSet => gateway_status(status),
        _ => route_status(settings, status),
    }
}

fn class_status(held: bool, mut status: Value) -> Option<Value> {
    let conditions = conditions(&mut status, Some(&["Accepted", "SupportedVersion"]));
    let features: Vec<_> = entries(&mut status, "supportedFeatures").collect();
    let empty = conditions.is_empty() && features.is_empty();
    (!empty).then(|| fields([("conditions", conditions.into()), ("features", features.into()), ("held", held.into())]))
}

fn gateway_status(mut status: Value) -> Option<Value> {
    let of_gateway = conditions(&mut status, Some(&["Accepted", "Programmed", "ResolvedRefs"]));
    let listeners: Vec<_> = entries(&mut status, "listeners").map(listener).collect();
    let addresses: Vec<_> = entries(&mut status, "addresses")
        .map(|mut address| {
            fields([("type", or(&mut address, "type", "IPAddress")), ("value", take(&mut address, "value"))])
        })
        .collect();
    let sets = take(&mut status, "attachedListenerSets").as_u64().unwrap_or_default();
    let empty = of_gateway.is_empty() && listeners.is_empty() && addresses.is_empty();
    (!empty).then(|| {
        let mut listeners = listeners;
        listeners.sort_by(|left, right| left["name"].as_str().cmp(&right["name"].as_str()));
        fields([
            ("conditions", of_gateway.into()),
            ("listeners", listeners.into()),
            ("addresses", addresses.into()),
            ("sets", sets.into()),
        ])
    })
}

fn listener(mut listener: Value) -> Value {
    let kinds: Vec<_> = entries(&mut listener, "supportedKinds")
        .map(|mut kind| {
            let group = or(&mut kind, "group", "gateway.networking.k8s.io");
            fields([("group", group), ("kind", take(&mut kind, "kind"))])
        })
        .collect();
    fields([
        ("name", take(&mut listener, "name")),
        ("attachedRoutes", take(&mut listener, "attachedRoutes")),
        ("supportedKinds", kinds.into()),
        ("conditions", conditions(&mut listener, None).into()),
    ])
}

fn route_status(settings: &Settings, mut status: Value) -> Option<Value> {
    let parents: Vec<_> = entries(&mut status, "parents")
        .filter(|entry| entry["controllerName"] == *settings.controller_name)
        .map(|mut entry| {
            let mut parent = take(&mut entry, "parentRef");
            drop_nulls(&mut parent);
            if let Value::Object(parent) = &mut parent {
                parent.entry("group").or_insert_with(|| "gateway.networking.k8s.io".into());
                parent.entry("kind").or_insert_with(|| Kind::Gateway.name().into());
            }
            fields([("parentRef", parent), ("conditions", conditions(&mut entry, None).into())])
        })
        .collect();
    (!parents.is_empty()).then(|| fields([("parents", parents.into())]))
}

/// Conditions by type, without times; of the types named, or all.
fn conditions(of: &mut Value, types: Option<&[&str]>) -> Vec<Value> {
    let mut found: Vec<_> = entries(of, "conditions")
        .filter(|condition| {
            let kind = condition["type"].as_str().unwrap_or_default();
            types.is_none_or(|types| types.contains(&kind))
        })
        .map(|mut condition| {
            fields([
                ("type", take(&mut condition, "type")),
                ("status", take(&mut condition, "status")),
                ("reason", take(&mut condition, "reason")),
                ("message", or(&mut condition, "message", "")),
                ("observedGeneration", take(&mut condition, "observedGeneration")),
            ])
        })
        .collect();
    found.sort_by(|left, right| left["type"].as_str().cmp(&right["type"].as_str()));
    found
}

/// The entries of a list; none where there is no such list.
fn entries(of: &mut Value, list: &str) -> impl Iterator<Item = Value> + use<> {
    match take(of, list) {
        Value::Array(entries) => entries.into_iter(),
        _ => Vec::new().into_iter(),
    }
}

/// A field, which is gone afterwards; null where there is none.
fn take(of: &mut Value, field: &str) -> Value {
    of.get_mut(field).map(Value::take).unwrap_or_default()
}

/// A text, or what stands for it where there is none.
fn or(of: &mut Value, field: &str, default: &str) -> Value {
    match take(of, field) {
        Value::String(text) => text.into(),
        _ => default.into(),
    }
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
