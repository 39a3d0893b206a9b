use serde_json::Value;

use super::backends::speaks_http;
use super::objects::{GROUP, Reference};
use super::{Cluster, Parent, Route, matching};
use crate::traffic::{Answer, Destination, Forward, Request};

/// A pod that calls.
pub(super) struct Client<'a> {
    /// Its namespace.
    pub(super) from: &'a str,
    pub(super) mesh: &'a str,
}

impl Cluster {
    /// What becomes of a request to a Service from inside of a mesh. Without a route it goes to the Service; with any it
    /// goes where they say, and nowhere if none matches.
    ///
    /// <https://gateway-api.sigs.k8s.io/geps/gep-1294/>
    pub(super) fn answer_of_service(
        &self,
        namespace: &str,
        name: &str,
        client: &Client<'_>,
        request: &Request,
    ) -> Answer {
        let Some(port) = self.port_in_mesh(namespace, name, client.mesh, request.port) else { return Answer::Closed };
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let itself =
            Destination::Port { kind: "Service", namespace: namespace.clone(), name: name.clone(), port: request.port };
        let itself = Forward::untouched(request, itself);
        if !self.meshes.iter().any(|mesh| mesh == client.mesh) || port.headless {
            return itself;
        }
        let parent = Parent { is_gateway: false, mesh: client.mesh.to_owned() };
        let on_port = |kinds: &[&str]| self.on_port(kinds, (&namespace, &name), &port, client);
        // A port that does not say that it speaks HTTP is left to connections.
        let mut routes = if port.speaks_http { on_port(&["HTTPRoute", "GRPCRoute"]) } else { Vec::new() };
        // Of several kinds on a port the one that knows most of what it routes is taken alone.
        if routes.iter().any(|route| route.kind == "GRPCRoute") {
            routes.retain(|route| route.kind == "GRPCRoute");
        }
        if !routes.is_empty() {
            // "The hostnames of a route are ignored."
            let candidates = routes.into_iter().flat_map(|route| matching::candidates(route, (false, 0), request));
            return self.first(&parent, request, candidates);
        }
        let oldest = on_port(&["TCPRoute"]).into_iter().min_by_key(|route| matching::seniority(&route.metadata));
        oldest.map_or(itself, |route| self.connection(&parent, route))
    }

    /// The routes of these kinds that are attached to a port, for a client: "consumer routes replace producer routes for the
    /// clients of their namespace".
    fn on_port(
        &self,
        kinds: &[&str],
        (namespace, name): (&str, &str),
        port: &Port,
        client: &Client<'_>,
    ) -> Vec<&Route> {
        let asks = |route: &Route, parent: &Reference| {
            let here = parent.namespace.as_ref().unwrap_or(&route.metadata.namespace);
            here == namespace && parent.name.as_deref() == Some(name) && asks_for(parent, port)
        };
        let attached = self.routes.iter().filter(|route| {
            kinds.contains(&route.kind.as_str())
                && self.mesh_of(&route.metadata) == client.mesh
                && matching::serves_anything(route)
                && route.spec.parent_refs.iter().any(|parent| asks(route, parent))
        });
        let (producers, consumers): (Vec<_>, Vec<_>) =
            attached.partition(|route| route.metadata.namespace == namespace);
        let own: Vec<_> = consumers.into_iter().filter(|route| route.metadata.namespace == client.from).collect();
        if own.is_empty() { producers } else { own }
    }

    /// A port of a Service, or of a MeshService of that name, as pods of a mesh see it.
    fn port_in_mesh(&self, namespace: &str, name: &str, mesh: &str, number: u16) -> Option<Port> {
        let object = |kind: &str| self.objects.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned()));
        let service = object("Service").filter(|service| service["spec"]["type"] != "ExternalName");
        let in_mesh =
            |found: &&Value| found["metadata"]["labels"]["kuma.io/mesh"].as_str().unwrap_or("default") == mesh;
        let mesh_service = object("MeshService").filter(in_mesh);
        let found = service.or(mesh_service)?;
        let mut ports = found["spec"]["ports"].as_array().into_iter().flatten();
        let port = ports.find(|port| port["port"] == number && port["protocol"] != "UDP")?;
        Some(Port {
            number,
            section: port["name"].as_str().map_or_else(|| number.to_string(), str::to_owned),
            headless: found["spec"]["clusterIP"] == "None",
            speaks_http: speaks_http("Service", found, number),
            kinds: service.map(|_| "Service").into_iter().chain(mesh_service.map(|_| "MeshService")).collect(),
        })
    }
}

/// A port of a Service.
struct Port {
    number: u16,
    /// Its name, else its number.
    section: String,
    headless: bool,
    speaks_http: bool,
    /// The kinds of parents that can be named for it.
    kinds: Vec<&'static str>,
}

/// Whether a parentRef to something of the right name asks for a port of it.
fn asks_for(parent: &Reference, port: &Port) -> bool {
    let group = parent.group.as_deref().unwrap_or(GROUP);
    let named = match (group, parent.kind.as_deref().unwrap_or("Gateway")) {
        ("" | GROUP, "Service") => port.kinds.contains(&"Service"),
        ("kuma.io", "MeshService") => port.kinds.contains(&"MeshService"),
        _ => false,
    };
    named
        && parent.port.is_none_or(|number| number == port.number)
        && parent.section_name.as_ref().is_none_or(|section| *section == port.section)
}
