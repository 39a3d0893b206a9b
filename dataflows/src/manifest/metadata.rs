//! Labels, annotations and owner references of what we write.

use serde_json::{Map, Value, json};

use crate::model::{Content, Gateway, Kind, ObjectName, Settings, Text};
use crate::rules::{meshes, names};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const OWNER: &str = "deltagate.io/owner";
const MESH: &str = "kuma.io/mesh";
const ORIGIN: &str = "kuma.io/origin";
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
const GATEWAY_CLASS_NAME: &str = "gateway.networking.k8s.io/gateway-class-name";

/// The labels that we write. Others are not ours to judge: Kuma's webhooks add some.
pub(super) const LABELS: [&str; 6] = [MANAGED_BY, OWNER, MESH, ORIGIN, GATEWAY_NAME, GATEWAY_CLASS_NAME];
/// The annotations that we write.
pub(super) const ANNOTATIONS: [&str; 1] = [OWNER];

/// `metadata` of an object or, with nothing but the name and the finalizer of a class, of a status.
pub(super) fn render(
    settings: &Settings,
    object: &ObjectName,
    owner: &ObjectName,
    mesh: &str,
    content: &Content,
) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name".into(), (*object.name).into());
    if object.kind.namespaced() {
        metadata.insert("namespace".into(), (*object.namespace).into());
    }
    if content.is_status() {
        if matches!(content, Content::ClassStatus(status) if status.in_use) {
            metadata.insert("finalizers".into(), json!([super::CLASS_FINALIZER]));
        }
        return Value::Object(metadata);
    }
    let mut labels = ownership_labels(settings, owner);
    if object.kind.namespaced() {
        labels.insert(MESH.into(), mesh.into());
    }
    match content {
        Content::MeshGateway(plan) => labels.extend(as_json(gateway_labels(&plan.managed.gateway))),
        Content::MeshGatewayInstance(plan) => {
            labels.extend(as_json(gateway_labels(&plan.managed.gateway)));
            metadata.extend(owner_reference(&plan.managed.gateway));
        }
        // The control plane keeps secrets where they are.
        Content::SecretCopy(_) => {}
        // Checked before Kuma's defaulter could add it, where the zone is federated.
        _ => {
            labels.insert(ORIGIN.into(), "zone".into());
        }
    }
    metadata.insert("labels".into(), Value::Object(labels));
    metadata.insert("annotations".into(), json!({ OWNER: owner.to_string() }));
    Value::Object(metadata)
}

/// The part of `metadata` that makes an object ours.
pub(super) fn ownership(settings: &Settings, owner: &ObjectName) -> Value {
    json!({"labels": ownership_labels(settings, owner), "annotations": {OWNER: owner.to_string()}})
}

fn ownership_labels(settings: &Settings, owner: &ObjectName) -> Map<String, Value> {
    let owner = names::owner_label(settings, owner);
    [(MANAGED_BY, "deltagate"), (OWNER, owner.as_str())]
        .map(|(key, value)| (key.to_owned(), value.into()))
        .into_iter()
        .collect()
}

/// The labels by which what was made for a Gateway is found, as far as they can be labels.
pub(super) fn gateway_labels(gateway: &Gateway) -> impl Iterator<Item = (&'static str, &Text)> {
    let labels = [(GATEWAY_NAME, &gateway.name), (GATEWAY_CLASS_NAME, &gateway.class_name)];
    labels.into_iter().filter(|(_, value)| value.len() <= 63)
}

fn as_json<'a>(labels: impl Iterator<Item = (&'static str, &'a Text)>) -> impl Iterator<Item = (String, Value)> {
    labels.map(|(key, value)| (key.to_owned(), (**value).into()))
}

fn owner_reference(gateway: &Gateway) -> Option<(String, Value)> {
    let uid = gateway.uid.as_deref()?;
    let reference = json!({
        "apiVersion": super::api_version(Kind::Gateway),
        "kind": Kind::Gateway.name(),
        "name": &*gateway.name,
        "uid": uid,
        "controller": true,
    });
    Some(("ownerReferences".into(), json!([reference])))
}

/// The owner label of an object that is managed by some installation of ours.
pub(super) fn claim(object: &Value) -> Option<&str> {
    let labels = &object["metadata"]["labels"];
    labels[OWNER].as_str().filter(|_| labels[MANAGED_BY] == "deltagate")
}

/// Whether an object carries our owner label for the owner that its annotation names, or any owner label while our field
/// manager applied it: an annotation is edited more easily than the record of who wrote what.
pub(super) fn is_ours(settings: &Settings, object: &Value) -> bool {
    let Some(label) = claim(object) else { return false };
    let owner = object["metadata"]["annotations"][OWNER].as_str().and_then(parse_owner);
    owner.is_some_and(|owner| *label == *names::owner_label(settings, &owner)) || is_written_by_us(settings, object)
}

fn is_written_by_us(settings: &Settings, object: &Value) -> bool {
    let ours = super::field_manager(settings);
    let managers = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    managers.is_some_and(|managers| managers.iter().any(|entry| entry["manager"] == *ours))
}

fn parse_owner(text: &str) -> Option<ObjectName> {
    let parts: Vec<_> = text.split('/').collect();
    let (kind, namespace, name) = match parts[..] {
        [kind, name] => (kind, "", name),
        [kind, namespace, name] => (kind, namespace, name),
        _ => return None,
    };
    let kind = Kind::ALL.iter().copied().find(|known| known.name() == kind)?;
    Some(ObjectName::new(kind, namespace, name))
}

/// The mesh that a generated object is in.
pub(super) fn mesh_of(kind: Kind, object: &Value) -> &str {
    let mesh = if kind == Kind::MeshGateway { &object["mesh"] } else { &object["metadata"]["labels"][MESH] };
    mesh.as_str().filter(|mesh| !mesh.is_empty()).unwrap_or(meshes::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_what_bears_our_label_for_its_owner_or_was_applied_by_us() {
        let settings = Settings::default();
        let owner = ObjectName::new(Kind::Gateway, "infra", "edge");
        let label = names::owner_label(&settings, &owner);
        let ours = |label: &str, owner: &str, manager: &str| {
            is_ours(
                &settings,
                &json!({"metadata": {
                    "labels": {MANAGED_BY: "deltagate", OWNER: label},
                    "annotations": {OWNER: owner},
                    "managedFields": [{"manager": manager, "operation": "Apply"}],
                }}),
            )
        };
        assert!(ours(&label, "Gateway/infra/edge", "somebody"));
        assert!(!ours(&label, "Gateway/infra/other", "somebody"));
        assert!(!ours("x", "Gateway/infra/edge", "somebody"));
        assert!(ours(&label, "Gateway/infra/other", "deltagate"));
        assert!(!ours(&label, "Gateway/infra/other", "deltagate-0123456789abcdef"), "of another installation");
        assert!(!is_ours(&settings, &json!({"metadata": {"managedFields": [{"manager": "deltagate"}]}})));
    }
}
