//! The objects that tests write, and what they read from objects.

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub(super) const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";
pub(super) const KUMA: &str = "kuma.io/v1alpha1";

pub(super) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

pub(super) fn class(name: &str, controller: &str) -> Value {
    json!({"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": name},
           "spec": {"controllerName": controller}})
}

pub(super) fn gateway(namespace: &str, name: &str, class: &str, listeners: &Value) -> Value {
    json!({"apiVersion": GATEWAY_API, "kind": "Gateway", "metadata": {"namespace": namespace, "name": name},
           "spec": {"gatewayClassName": class, "listeners": listeners}})
}

/// One HTTP listener on port 80.
pub(super) fn web() -> Value {
    json!([{"name": "web", "port": 80, "protocol": "HTTP"}])
}

pub(super) fn route(namespace: &str, name: &str, gateway: &str, hostname: &str, rules: &Value) -> Value {
    json!({"apiVersion": GATEWAY_API, "kind": "HTTPRoute", "metadata": {"namespace": namespace, "name": name},
           "spec": {"parentRefs": [{"name": gateway}], "hostnames": [hostname], "rules": rules}})
}

/// A rule for a path prefix that leads to one port of a Service.
pub(super) fn rule(prefix: &str, service: &str) -> Value {
    json!({"matches": [{"path": {"type": "PathPrefix", "value": prefix}}],
           "backendRefs": [{"name": service, "port": 8080}]})
}

pub(super) fn service(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": namespace, "name": name},
           "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 8080}]}})
}

/// The conditions of a status or of an entry as `type -> status/reason@observedGeneration`.
pub(super) fn conditions(holder: &Value) -> BTreeMap<String, String> {
    let list = holder["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let text = |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    let line = |condition: &Value| {
        let (status, reason) = (text(condition, "status"), text(condition, "reason"));
        (text(condition, "type"), format!("{status}/{reason}@{}", condition["observedGeneration"]))
    };
    list.iter().map(line).collect()
}

/// Conditions as a test writes them.
pub(super) fn expected(lines: &[(&str, &str)]) -> BTreeMap<String, String> {
    lines.iter().map(|(kind, line)| ((*kind).to_owned(), (*line).to_owned())).collect()
}

/// The message of a condition.
pub(super) fn message<'a>(holder: &'a Value, kind: &str) -> &'a str {
    let list = holder["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let found = list.iter().find(|condition| condition["type"] == kind);
    found.and_then(|condition| condition["message"].as_str()).unwrap_or_default()
}

/// The entries that a controller has in a route's status.
pub(super) fn entries<'a>(route: &'a Value, controller: &str) -> Vec<&'a Value> {
    let list = route["status"]["parents"].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter(|entry| entry["controllerName"] == controller).collect()
}

/// The kind and name of whom a generated object was made for.
pub(super) fn owner(object: &Value) -> &str {
    object["metadata"]["annotations"]["deltagate.io/owner"].as_str().unwrap_or_default()
}

pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The same without the fields of a name at any depth.
pub(super) fn without(value: &Value, dropped: &[&str]) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(field, _)| !dropped.contains(&field.as_str()))
            .map(|(field, value)| (field.clone(), without(value, dropped)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| without(item, dropped)).collect(),
        other => other.clone(),
    }
}
