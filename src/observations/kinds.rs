//! The closed table of kinds that are watched, and where the API server keeps them.

use dataflows::model::{Group, Kind, ObjectName, Settings};
use serde_json::Value;

use crate::watch::decode::TLS_SECRET;

/// Which objects of a kind are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Share {
    /// All.
    All,
    /// Of Secrets: those that listeners can name. No others are ever asked for.
    Certificates,
    /// Of Secrets: our copies.
    Copies,
}

/// What one watch follows: the objects of a kind, or a share of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection {
    /// The kind.
    pub kind: Kind,
    /// Which of its objects.
    pub share: Share,
}

impl Collection {
    /// The collection that an object belongs to.
    pub fn of(kind: Kind, object: &Value) -> Self {
        let share = match kind {
            Kind::Secret if object["type"] == TLS_SECRET => Share::Certificates,
            Kind::Secret => Share::Copies,
            _ => Share::All,
        };
        Self { kind, share }
    }

    /// The name under which the engine waits for it.
    pub const fn name(self) -> &'static str {
        match self.share {
            Share::All => self.kind.name(),
            Share::Certificates => "Secret of type kubernetes.io/tls",
            Share::Copies => "Secret made by us",
        }
    }

    /// Path and query of all its objects. The query is empty or ends in `&`.
    pub(crate) fn path(self, settings: &Settings, version: &str) -> String {
        let version = version_path(self.kind.group(), version);
        let plural = self.kind.plural();
        match self.share {
            Share::All => format!("{version}/{plural}?"),
            Share::Certificates => format!("{version}/{plural}?fieldSelector=type%3Dkubernetes.io%2Ftls&"),
            Share::Copies => {
                let namespace = &settings.system_namespace;
                let ours = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Ddeltagate";
                format!(
                    "{version}/namespaces/{namespace}/{plural}?fieldSelector=type%3Dsystem.kuma.io%2Fsecret&{ours}&"
                )
            }
        }
    }

    /// A number of its own, below [`COLLECTIONS_MAX`].
    pub(crate) const fn index(self) -> usize {
        match self.share {
            Share::All | Share::Copies => self.kind as usize,
            Share::Certificates => Kind::ALL.len(),
        }
    }
}

/// Whether one of our watches follows an object. Of Secrets they follow only some.
pub(crate) fn is_followed(settings: &Settings, kind: Kind, object: &Value) -> bool {
    let metadata = &object["metadata"];
    match Collection::of(kind, object).share {
        Share::All | Share::Certificates => true,
        Share::Copies => {
            object["type"] == COPY_TYPE
                && metadata["namespace"] == *settings.system_namespace
                && metadata["labels"]["app.kubernetes.io/managed-by"] == "deltagate"
        }
    }
}

/// The type of the Secrets that Kuma reads.
const COPY_TYPE: &str = "system.kuma.io/secret";

/// More than the [index](Collection::index) of any collection.
pub(crate) const COLLECTIONS_MAX: usize = Kind::ALL.len() + 1;

/// A kind that is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Its objects.
    pub collection: Collection,
    /// Versions that can be decoded, best first.
    pub versions: &'static [&'static str],
}

const fn watched(kind: Kind, versions: &'static [&'static str]) -> Watched {
    Watched { collection: Collection { kind, share: Share::All }, versions }
}

const fn secrets(share: Share) -> Watched {
    Watched { collection: Collection { kind: Kind::Secret, share }, versions: &["v1"] }
}

/// All that is watched. A kind is one line here and a decoder.
pub const WATCHED: &[Watched] = &[
    watched(Kind::CustomResourceDefinition, &["v1"]),
    watched(Kind::GatewayClass, &["v1"]),
    watched(Kind::Gateway, &["v1"]),
    watched(Kind::ListenerSet, &["v1"]),
    watched(Kind::HttpRoute, &["v1"]),
    watched(Kind::GrpcRoute, &["v1"]),
    watched(Kind::TcpRoute, &["v1", "v1alpha2"]),
    watched(Kind::TlsRoute, &["v1", "v1alpha3", "v1alpha2"]),
    watched(Kind::ReferenceGrant, &["v1", "v1beta1"]),
    watched(Kind::Namespace, &["v1"]),
    watched(Kind::Service, &["v1"]),
    secrets(Share::Certificates),
    secrets(Share::Copies),
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

/// Names of the inputs that say [`Complete`](crate::events::Event::Complete), one per collection.
pub fn inputs() -> impl Iterator<Item = &'static str> {
    WATCHED.iter().map(|watched| watched.collection.name())
}

/// Whether we work without reading a kind: there is only something that we cannot say then.
pub(crate) const fn can_do_without(kind: Kind) -> bool {
    matches!(kind, Kind::CustomResourceDefinition)
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
    use dataflows::model::Written;

    use super::*;

    #[test]
    fn paths_are_those_of_the_api_server() {
        let path = |kind, namespace: &str, version| object_path(&ObjectName::new(kind, namespace, "x"), version);
        assert_eq!(path(Kind::Service, "n", "v1"), "/api/v1/namespaces/n/services/x");
        assert_eq!(path(Kind::Gateway, "n", "v1"), "/apis/gateway.networking.k8s.io/v1/namespaces/n/gateways/x");
        assert_eq!(path(Kind::MeshGateway, "", "v1alpha1"), "/apis/kuma.io/v1alpha1/meshgateways/x");
        let all = |kind, share| Collection { kind, share }.path(&Settings::default(), "v1");
        assert_eq!(all(Kind::Namespace, Share::All), "/api/v1/namespaces?");
        let tls = "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls&";
        assert_eq!(all(Kind::Secret, Share::Certificates), tls);
        let copies = all(Kind::Secret, Share::Copies);
        assert!(copies.starts_with("/api/v1/namespaces/kuma-system/secrets?"), "{copies}");
    }

    #[test]
    fn of_secrets_only_certificates_and_our_copies_are_followed() {
        let secret = |namespace: &str, kind: &str, manager: &str| {
            let labels = serde_json::json!({"app.kubernetes.io/managed-by": manager});
            serde_json::json!({"type": kind, "metadata": {"namespace": namespace, "labels": labels}})
        };
        for (object, expected) in [
            (secret("kuma-system", COPY_TYPE, "deltagate"), true),
            (secret("kuma-system", COPY_TYPE, ""), false),
            (secret("kuma-system", "Opaque", "deltagate"), false),
            (secret("shop", COPY_TYPE, "deltagate"), false),
            (secret("shop", TLS_SECRET, ""), true),
        ] {
            assert_eq!(is_followed(&Settings::default(), Kind::Secret, &object), expected, "{object}");
        }
        assert!(is_followed(&Settings::default(), Kind::MeshGateway, &Value::Null));
    }

    #[test]
    fn every_kind_that_is_written_is_watched() {
        for kind in Kind::ALL.iter().filter(|kind| kind.written() != Written::Nothing) {
            assert!(WATCHED.iter().any(|watched| watched.collection.kind == *kind), "{kind}");
        }
    }
}
