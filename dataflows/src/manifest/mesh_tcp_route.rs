//! `spec` of a MeshTCPRoute.

use serde_json::{Value, json};

use super::mesh_http_route::shares;
use super::service_route::dead;
use crate::model::{BackendRef, MeshTcpRoutePlan, ParentKind, PlannedRule, Protocol, ResolvedBackend, Settings};
use crate::rules::{self, names, server_names};

/// One rule that sends all connections to the backends: there is nothing to match them by.
///
/// <https://kuma.io/docs/2.14.x/policies/meshtcproute/>
/// `None` for a port of a Service, on which no route of connections is served.
pub(super) fn spec(settings: &Settings, plan: &MeshTcpRoutePlan) -> Option<Value> {
    let point = &plan.serving.point;
    let listener = point.listener()?;
    let mut tags = super::mesh_http_route::listener_tags(&listener.tag, listener.port);
    if listener.protocol == Protocol::Tls {
        tags[super::HOSTNAME_TAG] = server_names::tag_value(plan.hostname.as_ref()).into();
    }
    let backends = plan.rules.rules.first().map(|rule| backends(settings, &point.mesh, rule));
    Some(json!({
        "targetRef": {"kind": "MeshGateway", "name": &*listener.mesh_gateway, "tags": tags},
        "to": [{"targetRef": {"kind": "Mesh"}, "rules": [{"default": {"backendRefs": backends}}]}],
    }))
}

/// The backends of the rule. Those of weight 0 are left out, as Envoy would refuse the listener; where nothing is left,
/// connections are reset.
fn backends(settings: &Settings, mesh: &str, planned: &PlannedRule) -> Vec<Value> {
    let of_rule = || planned.backends.iter().filter(|resolved| resolved.backend.slot < BackendRef::MIRROR);
    let weighted = of_rule().filter(|resolved| resolved.backend.weight > 0);
    let nothing = || {
        let first = of_rule().next();
        let tag = first.map_or_else(|| names::UNRESOLVED.to_owned(), |first| names::unresolved_tag(&first.backend));
        dead(&tag)
    };
    shares(weighted.map(|resolved| (backend_ref(settings, mesh, resolved), resolved.backend.weight)), nothing)
}

/// Always by tags: a real reference that does not resolve would freeze the gateway.
fn backend_ref(settings: &Settings, mesh: &str, resolved: &ResolvedBackend) -> Value {
    if rules::backends::problem_in(resolved, mesh, ParentKind::Gateway).is_some() {
        return dead(&names::unresolved_tag(&resolved.backend));
    }
    match &resolved.service_tag {
        // What lies outside the mesh is in no zone.
        Some(tag) => json!({"kind": "MeshServiceSubset", "name": &**tag}),
        None => json!({
            "kind": "MeshServiceSubset",
            "name": names::unresolved_tag(&resolved.backend),
            "tags": {"kuma.io/zone": &*settings.zone},
        }),
    }
}
