use serde_json::Value;

use super::metadata::is_label_value;
use super::{Check, SYSTEM_NAMESPACE, items, text};

const POLICIES: &[&str] = &["MeshHTTPRoute", "MeshTCPRoute"];
const HTTP: &[&str] = &["MeshHTTPRoute"];
const TCP: &[&str] = &["MeshTCPRoute"];

/// The name that stands for a backend that is not there.
pub(super) const PLACEHOLDER: &str = "kuma.io/unresolved-backend";

/// <https://kuma.io/docs/2.14.x/policies/introduction/>
pub(super) const CHECKS: &[Check] = &[
    Check {
        kinds: POLICIES,
        name: "a policy has a mesh in its label, and no label for its display name",
        holds: |object| {
            let labels = &object["metadata"]["labels"];
            labels["kuma.io/mesh"].as_str().is_some_and(|mesh| !mesh.is_empty() && is_label_value(mesh))
                && labels.get("kuma.io/display-name").is_none()
        },
    },
    Check {
        kinds: POLICIES,
        name: "a policy targets a kind that its namespace permits",
        holds: |object| {
            let top = &object["spec"]["targetRef"];
            let system = object["metadata"]["namespace"] == SYSTEM_NAMESPACE;
            match top["kind"].as_str() {
                None => top.is_null(),
                Some("Mesh" | "MeshSubset" | "MeshService" | "MeshServiceSubset" | "Dataplane") => true,
                Some(kind) => kind == "MeshGateway" && system,
            }
        },
    },
    Check {
        kinds: POLICIES,
        name: "the target of a policy has the fields of its kind",
        holds: |object| {
            let top = &object["spec"]["targetRef"];
            top.is_null() || fits(top, "") && is_named(top)
        },
    },
    Check {
        kinds: POLICIES,
        name: "to names Mesh on a MeshGateway, and a destination elsewhere",
        holds: |object| {
            let destinations = ["MeshService", "MeshExternalService", "MeshMultiZoneService"];
            let permitted: &[&str] = if on_gateway(object) { &["Mesh"] } else { &destinations };
            items(&object["spec"]["to"]).all(|to| permitted.contains(&text(&to["targetRef"]["kind"])))
        },
    },
    Check {
        kinds: POLICIES,
        name: "a target in to has the fields of its kind",
        holds: |object| {
            items(&object["spec"]["to"]).all(|to| fits(&to["targetRef"], "sectionName") && is_named(&to["targetRef"]))
        },
    },
    Check {
        kinds: POLICIES,
        name: "a backend is of a kind that takes traffic and has the fields of it",
        holds: |object| backends(object).all(is_backend),
    },
    Check {
        kinds: POLICIES,
        name: "a backend of kind MeshMultiZoneService has a port",
        holds: |object| {
            backends(object).all(|backend| backend["kind"] != "MeshMultiZoneService" || backend["port"].is_u64())
        },
    },
    Check {
        kinds: HTTP,
        name: "the name of a backend is well-formed, or the placeholder on a MeshService",
        holds: |object| {
            backends(object)
                .all(|backend| is_named(backend) || backend["kind"] == "MeshService" && backend["name"] == PLACEHOLDER)
        },
    },
    Check {
        kinds: TCP,
        name: "the name of a TCP backend is well-formed",
        holds: |object| backends(object).all(is_named),
    },
];

/// Whether a policy targets a MeshGateway.
pub(super) fn on_gateway(object: &Value) -> bool {
    object["spec"]["targetRef"]["kind"] == "MeshGateway"
}

/// The rules of all `to` entries.
pub(super) fn rules(object: &Value) -> impl Iterator<Item = &Value> {
    items(&object["spec"]["to"]).flat_map(|to| items(&to["rules"]))
}

fn backends(object: &Value) -> impl Iterator<Item = &Value> {
    rules(object).flat_map(|rule| items(&rule["default"]["backendRefs"]))
}

fn is_backend(backend: &Value) -> bool {
    let kinds = ["MeshService", "MeshServiceSubset", "MeshExternalService", "MeshMultiZoneService"];
    kinds.contains(&text(&backend["kind"])) && fits(backend, "sectionName port weight")
}

/// Whether a reference has only fields that its kind permits, beside those that the place permits, and has those that
/// its kind cannot do without.
pub(super) fn fits(reference: &Value, of_place: &str) -> bool {
    let has = |field: &str| reference.get(field).is_some();
    let (permitted, by_name_or_labels) = match text(&reference["kind"]) {
        "Mesh" => ("proxyTypes", false),
        "MeshSubset" => ("tags proxyTypes", false),
        "MeshGateway" | "MeshServiceSubset" => ("name tags", false),
        "MeshService" => ("name namespace labels sectionName", true),
        "MeshExternalService" | "Dataplane" => ("name namespace labels", true),
        "MeshMultiZoneService" => ("name namespace labels sectionName", false),
        _ => return false,
    };
    // A section is a matter of the kind even where the place has one.
    let of_place = of_place.split(' ').filter(|field| *field != "sectionName" || permitted.contains("sectionName"));
    let permitted: Vec<_> = permitted.split(' ').chain(of_place).chain(["kind"]).collect();
    let known = reference.as_object().into_iter().flatten().all(|(field, _)| permitted.contains(&field.as_str()));
    let named = match text(&reference["kind"]) {
        "MeshGateway" | "MeshServiceSubset" => has("name"),
        "Dataplane" => !(has("name") && has("labels")),
        _ => !by_name_or_labels || has("name") != has("labels"),
    };
    let proxies = reference.get("proxyTypes").is_none_or(|types| items(types).next().is_some());
    known && named && proxies && (has("name") || !has("namespace"))
}

/// Whether the name of a reference, if it has one, is of the characters that Kuma takes.
pub(super) fn is_named(reference: &Value) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    ["name", "namespace"].iter().all(|field| {
        reference.get(*field).is_none_or(|value| value.as_str().is_some_and(|text| text.bytes().all(inner)))
    })
}
