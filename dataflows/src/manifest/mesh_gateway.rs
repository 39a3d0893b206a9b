//! `spec` of a MeshGateway.

use serde_json::{Value, json};

use crate::model::{Hostname, ListenerState, MeshGatewayPlan, Settings, TlsMode};
use crate::rules::{self, names, server_names};

/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-listeners/>
pub(super) fn spec(settings: &Settings, plan: &MeshGatewayPlan) -> Value {
    let gateway = &plan.managed.gateway;
    let listeners = plan
        .listeners
        .iter()
        .flat_map(|state| listeners(settings, plan, state).into_iter().map(|rendered| (state.listener.port, rendered)));
    let listeners = rules::listeners::ports_first(listeners);
    json!({
        "selectors": [{"match": {"kuma.io/service": names::gateway_service_tag(&gateway.namespace, &gateway.name)}}],
        "conf": {"listeners": listeners},
    })
}

/// What a listener becomes: one for each hostname that it is split into, or itself.
fn listeners(settings: &Settings, plan: &MeshGatewayPlan, state: &ListenerState) -> Vec<Value> {
    let split = server_names::split(plan, state);
    if split.is_empty() {
        return vec![listener(settings, state, rules::listener_conflicts::hostname_of(&state.listener))];
    }
    let one = |hostname: Option<&Hostname>| {
        let mut rendered = listener(settings, state, hostname);
        rendered["tags"][super::HOSTNAME_TAG] = server_names::tag_value(hostname).into();
        rendered
    };
    split.into_iter().map(one).collect()
}

fn listener(settings: &Settings, state: &ListenerState, hostname: Option<&Hostname>) -> Value {
    let listener = &state.listener;
    let mut rendered = json!({
        "hostname": hostname.map_or_else(|| "*".to_owned(), ToString::to_string),
        "port": listener.port,
        "protocol": listener.protocol.name(),
        "tags": super::mesh_http_route::listener_tags(&names::listener_tag(listener), listener.port),
    });
    if listener.tls.as_ref().is_some_and(|tls| tls.mode == TlsMode::Passthrough) {
        rendered["tls"] = json!({"mode": "PASSTHROUGH"});
    }
    if !state.certificates.is_empty() {
        let copies = state.certificates.iter().map(|certificate| {
            names::secret_copy(settings, &state.managed.mesh, &certificate.namespace, &certificate.name)
        });
        let certificates: Vec<_> = copies.map(|copy| json!({"secret": copy})).collect();
        rendered["tls"] = json!({"mode": "TERMINATE", "certificates": certificates});
    }
    if state.managed.parameters.cross_mesh {
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
