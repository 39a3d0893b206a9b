use serde_json::Value;

use super::objects::{GROUP, Reference};
use super::{Cluster, Parent, Route};
use crate::traffic::Destination;

impl Cluster {
    /// Where a backendRef of a route leads. What cannot be referred to is nobody, who answers 500.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref>
    pub(super) fn destination(&self, parent: &Parent, route: &Route, reference: &Reference) -> Destination {
        self.find(parent, route, reference).unwrap_or(Destination::Nobody(500))
    }

    fn find(&self, parent: &Parent, route: &Route, reference: &Reference) -> Option<Destination> {
        let of_connections = ["TCPRoute", "TLSRoute"].contains(&route.kind.as_str());
        let kind = match (reference.group.as_deref().unwrap_or(""), reference.kind.as_deref().unwrap_or("Service")) {
            ("", "Service") => "Service",
            ("kuma.io", "ExternalService") => "ExternalService",
            // Kuma routes connections to tags alone.
            _ if of_connections => return None,
            ("kuma.io", "MeshService") => "MeshService",
            ("kuma.io", "MeshMultiZoneService") => "MeshMultiZoneService",
            ("kuma.io", "MeshExternalService") => "MeshExternalService",
            _ => return None,
        };
        let here = &route.metadata.namespace;
        let namespace = match kind {
            "ExternalService" => String::new(),
            _ => reference.namespace.as_ref().unwrap_or(here).clone(),
        };
        // "No ReferenceGrant is needed inside of the mesh": GEP-1294.
        if !namespace.is_empty() && namespace != *here && parent.is_gateway {
            let target =
                Reference { namespace: Some(namespace.clone()), kind: Some(kind.to_owned()), ..reference.clone() };
            self.is_granted(&route.kind, here, &target).then_some(())?;
        }
        let name = reference.name.clone().unwrap_or_default();
        let object = self.objects.get(&(kind.to_owned(), namespace.clone(), name.clone()))?;
        let mesh = match kind {
            "Service" => None,
            "ExternalService" => Some(object["mesh"].as_str().unwrap_or("default")),
            _ => Some(object["metadata"]["labels"]["kuma.io/mesh"].as_str().unwrap_or("default")),
        };
        if mesh.is_some_and(|mesh| mesh != parent.mesh) {
            return None;
        }
        let port = port(kind, object, reference.port)?;
        if !parent.is_gateway && !of_connections && !speaks_http(kind, object, port) {
            return None;
        }
        // A MeshService is the Service that it was made of.
        let kind = if kind == "MeshService" { "Service" } else { kind };
        Some(Destination::Port { kind, namespace, name, port })
    }

    /// Whether a ReferenceGrant permits a reference to another namespace.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant>
    pub(super) fn is_granted(&self, from_kind: &str, from_namespace: &str, target: &Reference) -> bool {
        let from = |from: &Reference| {
            from.group.as_deref() == Some(GROUP)
                && from.kind.as_deref() == Some(from_kind)
                && from.namespace.as_deref() == Some(from_namespace)
        };
        let to = |to: &Reference| {
            to.group.as_deref().unwrap_or("") == target.group.as_deref().unwrap_or("")
                && to.kind == target.kind
                && (to.name.is_none() || to.name == target.name)
        };
        let in_namespace =
            self.grants.iter().filter(|grant| Some(&grant.metadata.namespace) == target.namespace.as_ref());
        let mut granting =
            in_namespace.filter(|grant| grant.spec.from.iter().any(from) && grant.spec.to.iter().any(to));
        granting.next().is_some()
    }
}

/// Whether Kuma takes a port for HTTP, as it has to be for requests that a proxy beside a pod routes.
///
/// <https://kuma.io/docs/2.14.x/policies/protocol-support-in-kuma/>
pub(super) fn speaks_http(kind: &str, object: &Value, number: u16) -> bool {
    let ports = object["spec"]["ports"].as_array().into_iter().flatten();
    let protocol = match kind {
        "ExternalService" => &object["spec"]["tags"]["kuma.io/protocol"],
        "MeshExternalService" => &object["spec"]["match"]["protocol"],
        _ => {
            ports.filter(|port| port["port"] == number).map(|port| &port["appProtocol"]).next().unwrap_or(&Value::Null)
        }
    };
    ["http", "http2", "grpc", "kubernetes.io/h2c", "kubernetes.io/ws"]
        .iter()
        .any(|known| protocol.as_str().is_some_and(|protocol| protocol.eq_ignore_ascii_case(known)))
}

/// The port that is meant, if the object has it.
fn port(kind: &'static str, object: &Value, wanted: Option<u16>) -> Option<u16> {
    let number = |port: &Value| u16::try_from(port["port"].as_u64()?).ok();
    let ports = object["spec"]["ports"].as_array().into_iter().flatten();
    let ports: Vec<u16> = ports.filter(|port| port["protocol"] != "UDP").filter_map(number).collect();
    match kind {
        // It names a host that nobody vouches for.
        "Service" if object["spec"]["type"] == "ExternalName" => None,
        "Service" => wanted.filter(|port| ports.contains(port)),
        "ExternalService" => Some(0),
        "MeshExternalService" => {
            number(&object["spec"]["match"]).filter(|only| wanted.is_none_or(|wanted| wanted == *only))
        }
        _ => match wanted {
            Some(port) => Some(port).filter(|port| ports.contains(port)),
            None => <[u16; 1]>::try_from(ports).ok().map(|[only]| only),
        },
    }
}
