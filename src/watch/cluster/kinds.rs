//! The closed table of kinds that are watched, and where the API server keeps them.

use dataflows::manifest;
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
    watched(Kind::CustomResourceDefinition, &["v1"]),
    watched(Kind::GatewayClass, &["v1"]),
    watched(Kind::Gateway, &["v1"]),
    watched(Kind::HttpRoute, &["v1"]),
    watched(Kind::ReferenceGrant, &["v1", "v1beta1"]),
    watched(Kind::Namespace, &["v1"]),
    watched(Kind::Service, &["v1"]),
    watched(Kind::Mesh, &["v1alpha1"]),
    watched(Kind::MeshGatewayConfig, &["v1alpha1"]),
    watched(Kind::MeshGatewayInstance, &["v1alpha1"]),
    watched(Kind::MeshGateway, &["v1alpha1"]),
    watched(Kind::MeshHttpRoute, &["v1alpha1"]),
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
        Kind::GatewayClass | Kind::Gateway | Kind::HttpRoute => Part::Status,
        Kind::MeshGateway | Kind::MeshGatewayInstance | Kind::MeshHttpRoute => Part::Whole,
        _ => Part::None,
    }
}

/// Whether the metadata of a kind is enough. The schemas of all definitions of a cluster are megabytes.
pub(crate) const fn metadata_is_enough(kind: Kind) -> bool {
    matches!(kind, Kind::CustomResourceDefinition)
}

/// `group/version`, or the version alone in the core group.
pub(crate) fn api_version(group: Group, version: &str) -> String {
    match group {
        Group::Core => version.to_owned(),
        Group::ApiExtensions | Group::Gateway | Group::Kuma => format!("{}/{version}", group.name()),
    }
}

/// Path of a group and version, below which its resources lie.
pub(crate) fn version_path(group: Group, version: &str) -> String {
    match group {
        Group::Core => format!("/api/{version}"),
        Group::ApiExtensions | Group::Gateway | Group::Kuma => format!("/apis/{}/{version}", group.name()),
    }
}

/// Path of all objects of a kind, in all namespaces.
pub(crate) fn collection_path(kind: Kind, version: &str) -> String {
    format!("{}/{}", version_path(kind.group(), version), kind.plural())
}

/// Path of one object that we write.
pub(crate) fn object_path(object: &ObjectName) -> String {
    let (plural, name) = (object.kind.plural(), &object.name);
    let root = match object.kind.group() {
        Group::Core => "/api",
        Group::ApiExtensions | Group::Gateway | Group::Kuma => "/apis",
    };
    let base = format!("{root}/{}", manifest::api_version(object.kind));
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
        let path = |kind, namespace: &str| object_path(&ObjectName::new(kind, namespace, "x"));
        assert_eq!(path(Kind::Service, "n"), "/api/v1/namespaces/n/services/x");
        assert_eq!(path(Kind::Gateway, "n"), "/apis/gateway.networking.k8s.io/v1/namespaces/n/gateways/x");
        assert_eq!(path(Kind::MeshGateway, ""), "/apis/kuma.io/v1alpha1/meshgateways/x");
        assert_eq!(collection_path(Kind::Namespace, "v1"), "/api/v1/namespaces");
    }

    #[test]
    fn every_kind_that_is_written_is_watched() {
        for kind in Kind::ALL.iter().filter(|kind| written(**kind) != Part::None) {
            assert!(WATCHED.iter().any(|watched| watched.kind == *kind), "{kind}");
        }
    }
}
