//! `spec` of a MeshHTTPRoute on a Service: what sidecars do with requests to it.

use serde_json::{Value, json};

use super::mesh_http_route;
use crate::model::{AttachPoint, Kind, MeshServices, ServiceFloor, ServicePort, ServiceRoutePlan, Settings};
use crate::rules::service_routes::UNMATCHED;

/// One `to` entry per port.
///
/// <https://kuma.io/docs/2.14.x/policies/meshhttproute/>
pub(super) fn spec(settings: &Settings, plan: &ServiceRoutePlan) -> Value {
    let places = plan.ports.iter().filter_map(|port| Some((port, port.serving.point.service_port()?)));
    let to: Vec<_> = places
        .clone()
        .flat_map(|(plan, port)| mesh_http_route::to(settings, plan, &destination(&plan.serving.point, port)))
        .collect();
    let target = places.clone().next().map(|(_, port)| target(port));
    json!({"targetRef": target, "to": to})
}

/// A rule that answers with an error, after all others.
pub(super) fn floor_spec(floor: &ServiceFloor) -> Option<Value> {
    let port = floor.point.service_port()?;
    let rule = json!({
        "matches": [{"path": {"type": "RegularExpression", "value": UNMATCHED}}],
        "default": {"filters": [], "backendRefs": [mesh_http_route::with_weight(dead(port.tag.as_deref()?), 1)]},
    });
    let entry = json!({"targetRef": destination(&floor.point, port), "rules": [rule]});
    Some(json!({"targetRef": target(port), "to": [entry]}))
}

/// The proxies that routes on a port act upon. Of the kind Mesh the routes would answer on every listener of every gateway
/// too.
pub(super) fn target(port: &ServicePort) -> Value {
    match &port.consumer {
        None => json!({"kind": "Dataplane"}),
        Some(namespace) => json!({"kind": "Dataplane", "labels": {"k8s.kuma.io/namespace": &**namespace}}),
    }
}

/// The port as what requests are sent to: by its tag, which Kuma finds in every mode that has tags.
pub(super) fn destination(point: &AttachPoint, port: &ServicePort) -> Value {
    let service = &port.service;
    match &port.tag {
        Some(tag) if service.kind == Kind::Service && point.mesh_services != MeshServices::Exclusive => {
            json!({"kind": "MeshService", "name": &**tag})
        }
        _ => json!({
            "kind": "MeshService",
            "name": &*service.name,
            "namespace": &*service.namespace,
            "sectionName": &*port.section,
        }),
    }
}

/// A backend that a sidecar answers with 503 for its share: the Service itself, but pods of it that nobody has. What it
/// does not know at all a sidecar leaves out, and sends the share to the Service.
pub(super) fn dead(tag: &str) -> Value {
    json!({"kind": "MeshServiceSubset", "name": tag, "tags": {"deltagate.io/unresolved": "true"}})
}
