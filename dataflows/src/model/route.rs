use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Group, Hostname, Key, Kind, Text};

/// Kinds of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the kind whose name it bears.
pub enum RouteKind {
    Http,
    Grpc,
    Tcp,
    Tls,
}

impl RouteKind {
    /// The kind of the objects.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Http => Kind::HttpRoute,
            Self::Grpc => Kind::GrpcRoute,
            Self::Tcp => Kind::TcpRoute,
            Self::Tls => Kind::TlsRoute,
        }
    }

    /// The kind of route that objects of a kind are, if they are routes.
    pub const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::HttpRoute => Some(Self::Http),
            Kind::GrpcRoute => Some(Self::Grpc),
            Kind::TcpRoute => Some(Self::Tcp),
            Kind::TlsRoute => Some(Self::Tls),
            _ => None,
        }
    }

    /// Whether routes of the kind tell connections apart and not requests, so that Kuma takes them as MeshTCPRoutes.
    pub const fn is_of_connections(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// `metadata.generation` of an object that gets a status: a row of its own, because it moves with every edit of the
/// spec and only statuses need it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Generation {
    /// Kind of the object.
    pub kind: Kind,
    /// The generation.
    pub generation: i64,
    /// Namespace of the object, empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Name of the object.
    pub name: Text,
}

/// How routes are ordered where two claim the same: the older one first, then by namespace and name.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule>
///
/// Shared: a route, its parentRefs and all that it claims say the same of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Age(triomphe::Arc<RouteAge>);

impl Age {
    /// The age of a route.
    pub fn new(created: Option<i64>, namespace: Text, name: Text) -> Self {
        Self(triomphe::Arc::new(RouteAge { created, namespace, name }))
    }
}

impl Deref for Age {
    type Target = RouteAge;
    fn deref(&self) -> &RouteAge {
        &self.0
    }
}

/// What routes are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteAge {
    /// Creation time in seconds since 1970; `None` is younger than any.
    pub created: Option<i64>,
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

impl Ord for RouteAge {
    fn cmp(&self, other: &Self) -> Ordering {
        let created = |age: &Self| (age.created.is_none(), age.created);
        created(self)
            .cmp(&created(other))
            .then_with(|| self.namespace.cmp(&other.namespace))
            .then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for RouteAge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a parentRef points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ParentKind {
    /// A Gateway, or a ListenerSet that adds to one.
    Gateway,
    /// A Service.
    Service,
    /// A MeshService.
    MeshService,
}

/// A parentRef as the status has to echo it: as it was written, with the defaults of the CRD.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParentReference {
    /// API group as it was written: a Service is also meant by the group that parentRefs have by default.
    pub group: Group,
    /// Kind.
    pub kind: Kind,
    /// Namespace, if one was written.
    pub namespace: Option<Text>,
    /// Name.
    pub name: Text,
    /// Name of a listener or a Service port.
    pub section_name: Option<Text>,
    /// Port.
    pub port: Option<u16>,
}

/// One parentRef of a route, with what the parent must know of the route to accept it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParentRef {
    /// Key of the route.
    pub route: Key,
    /// Kind of the route.
    pub route_kind: RouteKind,
    /// Place in `spec.parentRefs`.
    pub index: u16,
    /// Key of the parent.
    pub parent: Key,
    /// Kind of the parent.
    pub parent_kind: ParentKind,
    /// The parentRef as the status echoes it.
    pub reference: ParentReference,
    /// Creation time, namespace and name of the route.
    pub age: Age,
    /// The mesh that the route itself chooses, by label or annotation; past the view `object_meshes` also the one
    /// that its namespace chose for it. `None` is `default`.
    pub mesh: Option<Text>,
    /// Hostnames of the route; empty matches all.
    pub hostnames: Arc<[Hostname]>,
    /// Whether Kuma can express at least one rule of the route.
    pub expressible: bool,
}

impl ParentRef {
    /// Key of this parentRef.
    pub fn key(&self) -> Key {
        self.route.item("parentRef", u32::from(self.index))
    }
}
