//! The closed table of kinds that are watched, and where the API server keeps them.

use dataflows::model::{Group, Kind, ObjectName};

/// A kind that is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// The kind.
    pub kind: Kind,
    /// Versions that can be decoded, best first.
    pub versions: &'static [&'static str],
}

const fn watched(kind: Kind, versions: &'static [&'static str]) -> Watched {
    Watched { kind, versions }
}

/// All that is watched. A kind is one line here and a decoder.
pub const WATCHED: &[Watched] = &[
    watched(Kind::GatewayClass, &["v1"]),
    watched(Kind::Gateway, &["v1"]),
    watched(Kind::HttpRoute, &["v1"]),
    watched(Kind::GrpcRoute, &["v1"]),
    watched(Kind::TcpRoute, &["v1", "v1alpha2"]),
    watched(Kind::TlsRoute, &["v1", "v1alpha3", "v1alpha2"]),
    watched(Kind::ReferenceGrant, &["v1", "v1beta1"]),
    watched(Kind::Namespace, &["v1"]),
    watched(Kind::Service, &["v1"]),
    watched(Kind::Mesh, &["v1alpha1"]),
    watched(Kind::MeshGatewayConfig, &["v1alpha1"]),
    watched(Kind::MeshGatewayInstance, &["v1alpha1"]),
    watched(Kind::MeshGateway, &["v1alpha1"]),
    watched(Kind::MeshHttpRoute, &["v1alpha1"]),
    watched(Kind::MeshTcpRoute, &["v1alpha1"]),
    watched(Kind::MeshService, &["v1alpha1"]),
    watched(Kind::MeshMultiZoneService, &["v1alpha1"]),
    watched(Kind::MeshExternalService, &["v1alpha1"]),
    watched(Kind::ExternalService, &["v1alpha1"]),
];

/// Names of the inputs that say [`Complete`](crate::events::Event::Complete), one per kind.
pub fn inputs() -> impl Iterator<Item = &'static str> {
    WATCHED.iter().map(|watched| watched.kind.name())
}

/// How the objects of a kind concern us when we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Only read.
    None,
    /// Objects of users in whose status we write.
    Status,
    /// Objects that we make.
    Whole,
}

/// What of a kind we write.
pub(crate) const fn written(kind: Kind) -> Part {
    match kind {
        Kind::GatewayClass | Kind::Gateway => Part::Status,
        Kind::MeshGateway | Kind::MeshGatewayInstance => Part::Whole,
        _ if kind.is_route() => Part::Status,
        _ if kind.is_mesh_route() => Part::Whole,
        _ => Part::None,
    }
}

/// `group/version`, or the version alone in the core group.
pub(crate) fn api_version(group: Group, version: &str) -> String {
    match group {
        Group::Core => version.to_owned(),
        Group::Gateway | Group::Kuma => format!("{}/{version}", group.name()),
    }
}

/// Path of a group and version, below which its resources lie.
pub(crate) fn version_path(group: Group, version: &str) -> String {
    match group {
        Group::Core => format!("/api/{version}"),
        Group::Gateway | Group::Kuma => format!("/apis/{}/{version}", group.name()),
    }
}

/// Path of all objects of a kind, in all namespaces.
pub(crate) fn collection_path(kind: Kind, version: &str) -> String {
    format!("{}/{}", version_path(kind.group(), version), kind.plural())
}

/// Path of one object that we write, in a version that is served.
pub(crate) fn object_path(object: &ObjectName, version: &str) -> String {
    let (plural, name) = (object.kind.plural(), &object.name);
    let base = version_path(object.kind.group(), version);
    if object.kind.namespaced() {
        format!("{base}/namespaces/{}/{plural}/{name}", object.namespace)
    } else {
        format!("{base}/{plural}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api_server() {
        let path = |kind, namespace: &str, version| object_path(&ObjectName::new(kind, namespace, "x"), version);
        assert_eq!(path(Kind::Service, "n", "v1"), "/api/v1/namespaces/n/services/x");
        assert_eq!(path(Kind::Gateway, "n", "v1"), "/apis/gateway.networking.k8s.io/v1/namespaces/n/gateways/x");
        assert_eq!(path(Kind::MeshGateway, "", "v1alpha1"), "/apis/kuma.io/v1alpha1/meshgateways/x");
        assert_eq!(collection_path(Kind::Namespace, "v1"), "/api/v1/namespaces");
    }

    #[test]
    fn every_kind_that_is_written_is_watched() {
        for kind in Kind::ALL.iter().filter(|kind| written(**kind) != Part::None) {
            assert!(WATCHED.iter().any(|watched| watched.kind == *kind), "{kind}");
        }
    }
}
