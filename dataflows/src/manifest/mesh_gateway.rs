//! `spec` of a MeshGateway.

use serde_json::{Value, json};

use crate::model::{Hostname, ListenerState, MeshGatewayPlan, TlsMode};
use crate::rules::{self, names, server_names};

/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-listeners/>
pub(super) fn spec(plan: &MeshGatewayPlan) -> Value {
    let gateway = &plan.managed.gateway;
    let cross_mesh = plan.managed.parameters.cross_mesh;
    let listeners: Vec<_> = plan.listeners.iter().flat_map(|state| listeners(plan, state, cross_mesh)).collect();
    json!({
        "selectors": [{"match": {"kuma.io/service": names::gateway_service_tag(&gateway.namespace, &gateway.name)}}],
        "conf": {"listeners": listeners},
    })
}

/// What a listener becomes: one for each hostname that it is split into, or itself.
fn listeners(plan: &MeshGatewayPlan, state: &ListenerState, cross_mesh: bool) -> Vec<Value> {
    let split = server_names::split(plan, state);
    if split.is_empty() {
        return vec![listener(state, rules::listeners::hostname_of(&state.listener), cross_mesh)];
    }
    let one = |hostname: Option<&Hostname>| {
        let mut rendered = listener(state, hostname, cross_mesh);
        rendered["tags"][super::HOSTNAME_TAG] = server_names::tag_value(hostname).into();
        rendered
    };
    split.into_iter().map(one).collect()
}

fn listener(state: &ListenerState, hostname: Option<&Hostname>, cross_mesh: bool) -> Value {
    let listener = &state.listener;
    let mut rendered = json!({
        "hostname": hostname.map_or_else(|| "*".to_owned(), ToString::to_string),
        "port": listener.port,
        "protocol": listener.protocol.name(),
        "tags": super::mesh_http_route::listener_tags(&listener.name, listener.port),
    });
    if listener.tls.as_ref().is_some_and(|tls| tls.mode == TlsMode::Passthrough) {
        rendered["tls"] = json!({"mode": "PASSTHROUGH"});
    }
    if cross_mesh {
        rendered["crossMesh"] = true.into();
    }
    rendered
}
