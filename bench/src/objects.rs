//! The objects of a benchmark as their users write them, with load shapes after those of gateway-api-bench: one hostname,
//! one parentRef to a Gateway of another namespace, one rule with one path prefix, one Service of its own per route.

use serde_json::{Value, json};

pub(crate) const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";
pub(crate) const KUMA: &str = "kuma.io/v1alpha1";

/// The class of everything that is ours.
pub(crate) const CLASS: &str = "measured";
/// The namespace of the Gateways.
pub(crate) const INFRASTRUCTURE: &str = "measured-infra";
/// The Gateway that routes are on unless there are several.
pub(crate) const HOT: &str = "gateway-0";

/// An object with nothing but its names.
fn named(api_version: &str, kind: &str, namespace: &str, name: &str, spec: Value) -> Value {
    let metadata =
        if namespace.is_empty() { json!({"name": name}) } else { json!({"namespace": namespace, "name": name}) };
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})
}

/// A namespace; `team` is the label by which listeners choose.
pub(crate) fn namespace(name: &str, team: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": team}}})
}

/// A class of a controller.
pub(crate) fn class(name: &str, controller: &str) -> Value {
    named(GATEWAY_API, "GatewayClass", "", name, json!({"controllerName": controller}))
}

/// A mesh in one of the modes of `MeshServices`.
pub(crate) fn mesh(name: &str, mode: &str) -> Value {
    named(KUMA, "Mesh", "", name, json!({"meshServices": {"mode": mode}}))
}

/// A `Gateway` with one HTTP listener for routes of all namespaces, or of those of a team.
pub(crate) fn gateway(name: &str, class: &str, hostname: Option<&str>, team: Option<&str>) -> Value {
    let namespaces = match team {
        None => json!({"from": "All"}),
        Some(team) => json!({"from": "Selector", "selector": {"matchLabels": {"team": team}}}),
    };
    let mut listener =
        json!({"name": "web", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": namespaces}});
    if let Some(hostname) = hostname {
        listener["hostname"] = hostname.into();
    }
    named(GATEWAY_API, "Gateway", INFRASTRUCTURE, name, json!({"gatewayClassName": class, "listeners": [listener]}))
}

/// A Service with one port for HTTP.
pub(crate) fn service(namespace: &str, name: &str, port: u16) -> Value {
    let ports = json!([{"name": "http", "port": port, "appProtocol": "http"}]);
    named("v1", "Service", namespace, name, json!({"selector": {"app": name}, "ports": ports}))
}

/// A grant for routes of one namespace to the Services of another.
pub(crate) fn grant(namespace: &str, name: &str, from: &str) -> Value {
    let from = json!([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": from}]);
    let version = "gateway.networking.k8s.io/v1beta1";
    named(version, "ReferenceGrant", namespace, name, json!({"from": from, "to": [{"group": "", "kind": "Service"}]}))
}

/// A route with one rule on a Gateway.
pub(crate) struct Route<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) gateway: &'a str,
    pub(crate) path: &'a str,
    /// Namespace and name of the Service.
    pub(crate) backend: (&'a str, &'a str),
}

impl Route<'_> {
    pub(crate) fn object(&self) -> Value {
        let (namespace, service) = self.backend;
        let rule = json!({
            "matches": [{"path": {"type": "PathPrefix", "value": self.path}}],
            "backendRefs": [{"namespace": namespace, "name": service, "port": 80}],
        });
        let spec = json!({
            "parentRefs": [{"namespace": INFRASTRUCTURE, "name": self.gateway}],
            "hostnames": [format!("{}.example.com", self.name)],
            "rules": [rule],
        });
        named(GATEWAY_API, "HTTPRoute", self.namespace, self.name, spec)
    }
}

/// How many routes there are, on how many Gateways, in how many namespaces.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) routes: u32,
    pub(crate) gateways: u32,
    pub(crate) namespaces: u32,
}

impl Shape {
    pub(crate) fn namespace_of(self, index: u32) -> String {
        format!("measured-{}", index % self.namespaces)
    }

    /// All namespaces, that of the Gateways included.
    pub(crate) fn namespaces(self) -> impl Iterator<Item = Value> {
        let of_routes = (0..self.namespaces).map(move |index| namespace(&self.namespace_of(index), "blue"));
        std::iter::once(namespace(INFRASTRUCTURE, "blue")).chain(of_routes)
    }

    pub(crate) fn gateways(self) -> impl Iterator<Item = Value> {
        (0..self.gateways).map(|index| gateway(&format!("gateway-{index}"), CLASS, None, None))
    }

    pub(crate) fn services(self) -> impl Iterator<Item = Value> {
        (0..self.routes).map(move |index| service(&self.namespace_of(index), &name(index), 80))
    }

    pub(crate) fn routes(self) -> impl Iterator<Item = Value> {
        (0..self.routes).map(move |index| self.route(index, 1))
    }

    /// One route in one of its versions, which differ in the path.
    pub(crate) fn route(self, index: u32, version: u32) -> Value {
        let (namespace, name) = (self.namespace_of(index), name(index));
        let gateway = format!("gateway-{}", index % self.gateways);
        let path = format!("/{index}/{version}");
        let backend = (namespace.as_str(), name.as_str());
        Route { namespace: &namespace, name: &name, gateway: &gateway, path: &path, backend }.object()
    }
}

/// The name of a route and of its Service.
pub(crate) fn name(index: u32) -> String {
    format!("app-{index}")
}
