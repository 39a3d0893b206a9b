//! A model of Gateway API: the objects that users wrote in, and for a request what has to become of it.
//!
//! It is written from the text of the specification and shares nothing with the controller, neither rules nor decoder.
//! It takes for granted what the controller's documentation says of Kuma: which protocols are served, that a rule which
//! Kuma cannot express is left out, that what becomes an expression is tried last, and that everything lies in a mesh.
//! Objects are such as the CRDs let pass.
//!
//! <https://gateway-api.sigs.k8s.io/reference/spec/>

mod attachment;
mod backends;
mod connections;
mod listeners;
mod matching;
mod objects;
mod outcome;
mod services;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::traffic::{Answer, Place, Request, covers, narrowness};
use listeners::Entry;
use objects::{ClassSpec, GatewaySpec, GrantSpec, ListenerSetSpec, Metadata, Object, RouteSpec};

type Gateway = Object<GatewaySpec>;
type ListenerSet = Object<ListenerSetSpec>;
type Route = Object<RouteSpec>;

/// What a route is attached to, for its backends.
struct Parent {
    /// Else a Service.
    is_gateway: bool,
    mesh: String,
}

/// The kinds of routes.
const ROUTES: [&str; 4] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];

/// A cluster as its users see it.
pub struct Cluster {
    controller: String,
    classes: BTreeMap<String, ClassSpec>,
    meshes: Vec<String>,
    namespaces: BTreeMap<String, Metadata>,
    gateways: Vec<Gateway>,
    listener_sets: Vec<ListenerSet>,
    /// Of all kinds.
    routes: Vec<Route>,
    grants: Vec<Object<GrantSpec>>,
    /// Everything that can be referred to, by kind, namespace and name.
    objects: BTreeMap<(String, String, String), Value>,
}

impl Cluster {
    /// The cluster of these objects, as a controller of this name has to serve it.
    pub fn new(controller: &str, objects: &[Value]) -> Result<Self, String> {
        let name = |object: &Value, field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let of_kind = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
        let identity = |object: &Value| {
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            (kind, name(object, "namespace"), name(object, "name"))
        };
        let mut namespaces = BTreeMap::new();
        for object in of_kind("Namespace") {
            namespaces.insert(name(object, "name"), read_one(&object["metadata"])?);
        }
        let mut classes = BTreeMap::new();
        for object in of_kind("GatewayClass") {
            classes.insert(name(object, "name"), read_one(&object["spec"])?);
        }
        Ok(Self {
            controller: controller.to_owned(),
            classes,
            meshes: of_kind("Mesh").map(|object| name(object, "name")).collect(),
            namespaces,
            gateways: read(of_kind("Gateway"))?,
            listener_sets: read(of_kind("ListenerSet"))?,
            routes: read(ROUTES.into_iter().flat_map(of_kind))?,
            grants: read(of_kind("ReferenceGrant"))?,
            objects: objects.iter().map(|object| (identity(object), object.clone())).collect(),
        })
    }

    /// What has to become of a request.
    pub fn answer(&self, request: &Request) -> Answer {
        let (namespace, name) = match &request.to {
            Place::Gateway { namespace, name } => (namespace, name),
            Place::Service { namespace, name, from, mesh } => {
                return self.answer_of_service(namespace, name, &services::Client { from, mesh }, request);
            }
        };
        let found = |gateway: &&Gateway| gateway.metadata.namespace == *namespace && gateway.metadata.name == *name;
        let Some(gateway) = self.gateways.iter().find(found).filter(|gateway| self.is_served(gateway)) else {
            return Answer::Closed;
        };
        let usable = self.usable_listeners(gateway);
        let of_port: Vec<_> = usable.into_iter().filter(|entry| entry.listener.port == request.port).collect();
        let Some(protocol) = of_port.first().map(|entry| entry.listener.protocol.as_str()) else {
            return Answer::Closed;
        };
        let by_name = |name: &str| {
            let covering = of_port.iter().filter(|entry| covers(entry.listener.hostname.as_deref(), name));
            covering.max_by_key(|entry| narrowness(entry.listener.hostname.as_deref()))
        };
        match (protocol, &request.server_name) {
            // "A request is handled by exactly one listener, the most specific one that matches."
            ("HTTP", None) => {
                by_name(&request.host).map_or(Answer::Error(404), |entry| self.serve(gateway, entry, request))
            }
            ("HTTPS", Some(name)) => by_name(name).map_or(Answer::Closed, |entry| self.serve(gateway, entry, request)),
            ("TLS", Some(name)) => {
                by_name(name).map_or(Answer::Closed, |entry| self.connect(gateway, entry, Some(name)))
            }
            ("TCP", None) => self.connect(gateway, &of_port[0], None),
            _ => Answer::Closed,
        }
    }

    /// Whether a Gateway is one of ours and in a mesh that exists.
    fn is_served(&self, gateway: &Gateway) -> bool {
        let class = self.classes.get(&gateway.spec.gateway_class_name);
        let ours = class.filter(|class| class.controller_name == self.controller);
        let accepted = ours.is_some_and(|class| class.parameters_ref.is_none() || self.parameters(class).is_some());
        accepted && self.meshes.contains(&self.mesh_of(&gateway.metadata))
    }

    /// The parameters that a class names.
    fn parameters(&self, class: &ClassSpec) -> Option<&Value> {
        let reference = class.parameters_ref.as_ref()?;
        let name = |text: &Option<String>| text.clone().unwrap_or_default();
        self.objects.get(&(name(&reference.kind), String::new(), name(&reference.name)))
    }

    /// The answer of the listener that a request belongs to: that of the first rule in the order of precedence.
    fn serve(&self, gateway: &Gateway, entry: &Entry<'_>, request: &Request) -> Answer {
        let candidates = self.attached(gateway, entry).into_iter().flat_map(|route| {
            let hostname = matching::best_hostname(route, entry.listener, &request.host);
            hostname.map(|hostname| matching::candidates(route, hostname, request)).unwrap_or_default()
        });
        self.first(&self.as_parent(gateway), request, candidates)
    }

    /// The answer of the first rule in the order of precedence.
    fn first<'a>(
        &self,
        parent: &Parent,
        request: &Request,
        candidates: impl Iterator<Item = matching::Candidate<'a>>,
    ) -> Answer {
        let first = candidates.max_by(|left, right| left.precedence.cmp(&right.precedence));
        first.map_or(Answer::Error(404), |candidate| self.outcome(parent, request, &candidate))
    }

    fn as_parent(&self, gateway: &Gateway) -> Parent {
        Parent { is_gateway: true, mesh: self.mesh_of(&gateway.metadata) }
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
