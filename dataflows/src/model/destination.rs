use serde::{Deserialize, Serialize};

use super::{Key, Kind, Ref, Text};

/// Kinds a backendRef can point to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the kind whose name it bears.
pub enum BackendKind {
    Service,
    MeshService,
    MeshMultiZoneService,
    MeshExternalService,
    ExternalService,
    /// A kind that cannot be routed to.
    Other(Box<OtherKind>),
}

/// Group and name of a kind that cannot be routed to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // The words of Kubernetes.
pub struct OtherKind {
    pub group: Text,
    pub kind: Text,
}

impl BackendKind {
    /// The kind with this group and name.
    pub fn find(group: &str, kind: &str) -> Self {
        match Kind::find(group, kind) {
            Some(Kind::Service) => Self::Service,
            Some(Kind::MeshService) => Self::MeshService,
            Some(Kind::MeshMultiZoneService) => Self::MeshMultiZoneService,
            Some(Kind::MeshExternalService) => Self::MeshExternalService,
            Some(Kind::ExternalService) => Self::ExternalService,
            _ => Self::Other(Box::new(OtherKind { group: group.into(), kind: kind.into() })),
        }
    }

    /// The kind of the objects, if it can be routed to.
    pub const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Service => Some(Kind::Service),
            Self::MeshService => Some(Kind::MeshService),
            Self::MeshMultiZoneService => Some(Kind::MeshMultiZoneService),
            Self::MeshExternalService => Some(Kind::MeshExternalService),
            Self::ExternalService => Some(Kind::ExternalService),
            Self::Other(_) => None,
        }
    }
}

/// Something that traffic can be sent to: a Service, a MeshService, an ExternalService, …
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// Kind.
    pub kind: BackendKind,
    /// Namespace, empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// Ports, in order.
    pub ports: Box<[DestinationPort]>,
    /// A Service without a cluster IP.
    pub headless: bool,
    /// A Service of type ExternalName.
    pub external_name: bool,
    /// The `kuma.io/service` tag of an ExternalService; of a MeshService the one that the Service it was made from has
    /// without a port.
    pub service_tag: Option<Text>,
    /// The mesh it belongs to, where the kind is bound to one.
    pub mesh: Option<Text>,
}

/// One port of a destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DestinationPort {
    /// Number.
    pub port: u16,
    /// Name, if it has one.
    pub name: Option<Text>,
    /// `appProtocol`, if it has one.
    pub app_protocol: Option<Text>,
}

/// One backendRef of a rule, or the target of a mirror.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BackendRef {
    /// Key of the route.
    pub route: Key,
    /// Kind of the route, which grants name.
    pub route_kind: Kind,
    /// Namespace of the route.
    pub route_namespace: Text,
    /// Place of the rule in `spec.rules`.
    pub rule: u16,
    /// Place in `backendRefs`; mirrors count on from [`BackendRef::MIRROR`] by the place of the filter.
    pub slot: u16,
    /// Kind of the target.
    pub kind: BackendKind,
    /// Namespace of the target.
    pub namespace: Text,
    /// Name of the target.
    pub name: Text,
    /// Port.
    pub port: Option<u16>,
    /// Weight; 1 where none was given. A mirror has none: 1.
    pub weight: u32,
}

impl BackendRef {
    /// The first slot of mirrors; no rule has so many backendRefs.
    pub const MIRROR: u16 = 1 << 15;

    /// Whether it is the target of a mirror.
    pub const fn is_mirror(&self) -> bool {
        self.slot >= Self::MIRROR
    }

    /// Key of this reference.
    pub fn key(&self) -> Key {
        self.route.item("backendRef", u32::from(self.rule) << 16 | u32::from(self.slot))
    }

    /// Key of the target; of an impossible object for kinds that cannot be routed to.
    pub fn target(&self) -> Key {
        match self.kind.kind() {
            Some(kind) if kind.namespaced() => Key::of(kind, &self.namespace, &self.name),
            Some(kind) => Key::of(kind, "", &self.name),
            None => Key::hash(&[b"no destination"]),
        }
    }

    /// Whether the target lies in another namespace than the route.
    pub fn crosses_namespaces(&self) -> bool {
        self.kind.kind().is_none_or(Kind::namespaced) && self.namespace != self.route_namespace
    }
}

/// Why a backendRef cannot be used. In the order in which they are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefProblem {
    /// The kind cannot be routed to.
    InvalidKind,
    /// A Service was named without a port.
    NoPort,
    /// It lies in another namespace and no ReferenceGrant permits the reference.
    NotPermitted,
    /// There is no such object.
    NotFound,
    /// The object is there but has no such port.
    PortNotFound,
    /// A Service of type ExternalName, which names a host that nobody vouches for.
    ExternalName,
    /// An ExternalService whose `kuma.io/service` tag is missing, or is one that no reference can name.
    ServiceTag,
    /// Kuma does not take the port for HTTP, and would leave the backend out.
    NotHttp,
}

/// What became of one backendRef.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResolvedBackend {
    /// The reference.
    pub backend: Ref<BackendRef>,
    /// What is wrong with it, if anything, provided that it is permitted, and in a mesh that has the target.
    pub problem: Option<RefProblem>,
    /// Whether it stays in its namespace or some ReferenceGrant permits it. Not all parents ask.
    pub permitted: bool,
    /// Whether Kuma takes the port of the target for HTTP. Not all parents ask.
    pub http: bool,
    /// The mesh that the target is bound to, if it is. In any other mesh it does not exist.
    pub mesh: Option<Text>,
    /// The port: the one that was named, or the only one there is.
    pub port: Option<u16>,
    /// The `kuma.io/service` tag of the target where it is not made from name, namespace and port.
    pub service_tag: Option<Text>,
    /// Whether it is a Service without a cluster IP.
    pub headless: bool,
}
