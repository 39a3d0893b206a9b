//! `spec` of a MeshGateway.

use serde_json::{Value, json};

use crate::model::{ListenerState, MeshGatewayPlan, Settings};
use crate::rules::names;

/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-listeners/>
pub(super) fn spec(settings: &Settings, plan: &MeshGatewayPlan) -> Value {
    let gateway = &plan.managed.gateway;
    let listeners: Vec<_> =
        plan.listeners.iter().map(|state| listener(settings, state, plan.managed.parameters.cross_mesh)).collect();
    json!({
        "selectors": [{"match": {"kuma.io/service": names::gateway_service_tag(&gateway.namespace, &gateway.name)}}],
        "conf": {"listeners": listeners},
    })
}

fn listener(settings: &Settings, state: &ListenerState, cross_mesh: bool) -> Value {
    let listener = &state.listener;
    let mut rendered = json!({
        "hostname": listener.hostname.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string),
        "port": listener.port,
        "protocol": listener.protocol.name(),
        "tags": super::mesh_http_route::listener_tags(&listener.name, listener.port),
    });
    if !state.certificates.is_empty() {
        let copies = state.certificates.iter().map(|certificate| {
            names::secret_copy(settings, &state.managed.mesh, &certificate.namespace, &certificate.name)
        });
        let certificates: Vec<_> = copies.map(|copy| json!({"secret": copy})).collect();
        rendered["tls"] = json!({"mode": "TERMINATE", "certificates": certificates});
    }
    if cross_mesh {
        rendered["crossMesh"] = true.into();
    }
    rendered
}

/// The names of the Secrets that a MeshGateway names.
pub(super) fn secrets(object: &Value) -> impl Iterator<Item = &str> {
    let listeners = object.pointer("/spec/conf/listeners").and_then(Value::as_array).into_iter().flatten();
    listeners
        .flat_map(|listener| listener["tls"]["certificates"].as_array().into_iter().flatten())
        .filter_map(|certificate| certificate["secret"].as_str())
}
