//! A model of Gateway API: the objects that users wrote in, and for a request what has to become of it.
//!
//! It is written from the text of the specification and shares nothing with the controller, neither rules nor decoder.
//! It takes for granted what the controller's documentation says of Kuma: which protocols are served, that a rule which
//! Kuma cannot express is left out, and that everything lies in a mesh. Objects are such as the CRDs let pass.
//!
//! <https://gateway-api.sigs.k8s.io/reference/spec/>

mod attachment;
mod backends;
mod listeners;
mod matching;
mod objects;
mod outcome;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::traffic::{Answer, Request, covers, narrowness};
use objects::{GatewaySpec, GrantSpec, Listener, Metadata, Object, RouteSpec};

type Gateway = Object<GatewaySpec>;
type Route = Object<RouteSpec>;

/// A cluster as its users see it.
pub struct Cluster {
    controller: String,
    /// The controllers of the classes.
    classes: BTreeMap<String, String>,
    meshes: Vec<String>,
    namespaces: BTreeMap<String, Metadata>,
    gateways: Vec<Gateway>,
    http_routes: Vec<Route>,
    grants: Vec<Object<GrantSpec>>,
    /// Everything that can be referred to, by kind, namespace and name.
    objects: BTreeMap<(String, String, String), Value>,
}

impl Cluster {
    /// The cluster of these objects, as a controller of this name has to serve it.
    pub fn new(controller: &str, objects: &[Value]) -> Result<Self, String> {
        let name = |object: &Value, field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let of_kind = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
        let class = |object: &Value| {
            (name(object, "name"), object["spec"]["controllerName"].as_str().unwrap_or_default().to_owned())
        };
        let identity = |object: &Value| {
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            (kind, name(object, "namespace"), name(object, "name"))
        };
        let mut namespaces = BTreeMap::new();
        for object in of_kind("Namespace") {
            namespaces.insert(name(object, "name"), read_one(&object["metadata"])?);
        }
        Ok(Self {
            controller: controller.to_owned(),
            classes: of_kind("GatewayClass").map(class).collect(),
            meshes: of_kind("Mesh").map(|object| name(object, "name")).collect(),
            namespaces,
            gateways: read(of_kind("Gateway"))?,
            http_routes: read(of_kind("HTTPRoute"))?,
            grants: read(of_kind("ReferenceGrant"))?,
            objects: objects.iter().map(|object| (identity(object), object.clone())).collect(),
        })
    }

    /// What has to become of a request.
    pub fn answer(&self, request: &Request) -> Answer {
        let (namespace, name) = &request.gateway;
        let found = |gateway: &&Gateway| gateway.metadata.namespace == *namespace && gateway.metadata.name == *name;
        let Some(gateway) = self.gateways.iter().find(found).filter(|gateway| self.is_served(gateway)) else {
            return Answer::Closed;
        };
        let usable = self.usable_listeners(gateway);
        let of_port: Vec<_> = usable.into_iter().filter(|listener| listener.port == request.port).collect();
        let Some(protocol) = of_port.first().map(|listener| listener.protocol.as_str()) else { return Answer::Closed };
        let by_name = |name: &str| {
            let covering = of_port.iter().filter(|listener| covers(listener.hostname.as_deref(), name));
            covering.max_by_key(|listener| narrowness(listener.hostname.as_deref())).copied()
        };
        match (protocol, &request.server_name) {
            // "A request is handled by exactly one listener, the most specific one that matches."
            ("HTTP", None) => {
                by_name(&request.host).map_or(Answer::Error(404), |listener| self.serve(gateway, listener, request))
            }
            ("HTTPS", Some(name)) => {
                by_name(name).map_or(Answer::Closed, |listener| self.serve(gateway, listener, request))
            }
            _ => Answer::Closed,
        }
    }

    /// Whether a Gateway is one of ours and in a mesh that exists.
    fn is_served(&self, gateway: &Gateway) -> bool {
        let ours = self.classes.get(&gateway.spec.gateway_class_name).is_some_and(|name| *name == self.controller);
        ours && self.meshes.contains(&self.mesh_of(&gateway.metadata))
    }

    /// The answer of the listener that a request belongs to: that of the first rule in the order of precedence.
    fn serve(&self, gateway: &Gateway, listener: &Listener, request: &Request) -> Answer {
        let attached = self.http_routes.iter().filter(|route| self.is_attached(route, gateway, listener));
        let candidates = attached.flat_map(|route| matching::candidates(route, listener, request));
        let first = candidates.max_by(|left, right| left.precedence.cmp(&right.precedence));
        first.map_or(Answer::Error(404), |candidate| self.outcome(gateway, listener, request, &candidate))
    }

    /// The mesh of an object: its own label or annotation, else that of its namespace, else `default`.
    fn mesh_of(&self, metadata: &Metadata) -> String {
        let own = |metadata: &Metadata| {
            metadata.labels.get("kuma.io/mesh").or_else(|| metadata.annotations.get("kuma.io/mesh")).cloned()
        };
        let of_namespace = || self.namespaces.get(&metadata.namespace).and_then(own);
        own(metadata).or_else(of_namespace).unwrap_or_else(|| "default".to_owned())
    }
}

fn read<'a, T: DeserializeOwned>(objects: impl Iterator<Item = &'a Value>) -> Result<Vec<T>, String> {
    objects.map(read_one).collect()
}

fn read_one<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("{error}: {value}"))
}
