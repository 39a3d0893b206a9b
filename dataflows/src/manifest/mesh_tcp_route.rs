//! `spec` of a MeshTCPRoute.

use serde_json::{Value, json};

use super::mesh_http_route::shares;
use super::service_route::{dead, destination, target};
use crate::model::{
    AttachPoint, BackendRef, MeshTcpRoutePlan, PlannedRule, Protocol, Ref, ResolvedBackend, ServiceTcpRoutePlan,
    Settings,
};
use crate::rules::{backends as of_backends, names, server_names};

/// A route on a listener; `None` for a port of a Service.
///
/// <https://kuma.io/docs/2.14.x/policies/meshtcproute/>
pub(super) fn spec(settings: &Settings, plan: &MeshTcpRoutePlan) -> Option<Value> {
    let point = &plan.serving.point;
    let listener = point.listener()?;
    let mut tags = super::mesh_http_route::listener_tags(&listener.tag, listener.port);
    if listener.protocol == Protocol::Tls {
        tags[super::HOSTNAME_TAG] = server_names::tag_value(plan.hostname.as_ref()).into();
    }
    Some(json!({
        "targetRef": {"kind": "MeshGateway", "name": &*listener.mesh_gateway, "tags": tags},
        "to": [{"targetRef": {"kind": "Mesh"}, "rules": rules(settings, plan)}],
    }))
}

/// A route on a Service: what sidecars do with connections to it. One `to` entry per port.
pub(super) fn service_spec(settings: &Settings, plan: &ServiceTcpRoutePlan) -> Value {
    let places = plan.ports.iter().filter_map(|plan| Some((plan, plan.serving.point.service_port()?)));
    let entry = |(plan, port): (&Ref<MeshTcpRoutePlan>, &_)| json!({"targetRef": destination(&plan.serving.point, port), "rules": rules(settings, plan)});
    let to: Vec<_> = places.clone().map(entry).collect();
    let target = places.clone().next().map(|(_, port)| target(port));
    json!({"targetRef": target, "to": to})
}

/// One rule that sends all connections to the backends: there is nothing to match them by.
fn rules(settings: &Settings, plan: &MeshTcpRoutePlan) -> Value {
    let backends = plan.rules.rules.first().map(|rule| backends(settings, &plan.serving.point, rule));
    json!([{"default": {"backendRefs": backends}}])
}

/// The backends of the rule. Those of weight 0 are left out, as Envoy would refuse the listener; where nothing is left,
/// connections are reset.
fn backends(settings: &Settings, point: &AttachPoint, planned: &PlannedRule) -> Vec<Value> {
    let of_rule = || planned.backends.iter().filter(|resolved| resolved.backend.slot < BackendRef::MIRROR);
    let weighted = of_rule().filter(|resolved| resolved.backend.weight > 0);
    let nothing = || {
        let first = of_rule().next();
        let tag = first.map_or_else(|| names::UNRESOLVED.to_owned(), |first| names::unresolved_tag(&first.backend));
        dead(&tag)
    };
    shares(weighted.map(|resolved| (backend_ref(settings, point, resolved), resolved.backend.weight)), nothing)
}

/// Always by tags: a real reference that does not resolve would freeze the gateway.
fn backend_ref(settings: &Settings, point: &AttachPoint, resolved: &ResolvedBackend) -> Value {
    if of_backends::problem_in(resolved, &point.mesh, point.parent_kind()).is_some() {
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
