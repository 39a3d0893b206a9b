//! `spec` of a MeshGateway.

use serde_json::{Value, json};

use crate::model::{ListenerState, MeshGatewayPlan};
use crate::rules::names;

/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-listeners/>
pub(super) fn spec(plan: &MeshGatewayPlan) -> Value {
    let gateway = &plan.managed.gateway;
    let listeners: Vec<_> =
        plan.listeners.iter().map(|state| listener(state, plan.managed.parameters.cross_mesh)).collect();
    json!({
        "selectors": [{"match": {"kuma.io/service": names::gateway_service_tag(&gateway.namespace, &gateway.name)}}],
        "conf": {"listeners": listeners},
    })
}

fn listener(state: &ListenerState, cross_mesh: bool) -> Value {
    let listener = &state.listener;
    let mut rendered = json!({
        "hostname": listener.hostname.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string),
        "port": listener.port,
        "protocol": listener.protocol.name(),
        "tags": super::mesh_http_route::listener_tags(&listener.name, listener.port),
    });
    if cross_mesh {
        rendered["crossMesh"] = true.into();
    }
    rendered
}
