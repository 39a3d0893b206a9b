use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Key, Text};

/// API groups of the kinds that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Group {
    /// `apiextensions.k8s.io`
    ApiExtensions,
    /// The core group, written as the empty string.
    Core,
    /// `gateway.networking.k8s.io`
    Gateway,
    /// `kuma.io`
    Kuma,
}

impl Group {
    /// The group that API objects spell so.
    pub fn find(name: &str) -> Option<Self> {
        [Self::ApiExtensions, Self::Core, Self::Gateway, Self::Kuma].into_iter().find(|group| group.name() == name)
    }

    /// The group as API objects spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiExtensions => "apiextensions.k8s.io",
            Self::Core => "",
            Self::Gateway => "gateway.networking.k8s.io",
            Self::Kuma => "kuma.io",
        }
    }
}

/// What of the objects of a kind we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Nothing: they are only read.
    Nothing,
    /// Our part of the status. The rest is their user's.
    Status,
    /// All, as we make them.
    Whole,
}

macro_rules! kinds {
    ($($variant:ident, $name:literal, $plural:literal, $group:ident, $namespaced:literal, $written:ident;)*) => {
        /// Every kind that is read or written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs)] // Each variant is the kind whose name it bears.
        pub enum Kind { $($variant),* }

        impl Kind {
            /// All kinds, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The kind as API objects spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The resource name in request paths.
            pub const fn plural(self) -> &'static str {
                match self { $(Self::$variant => $plural),* }
            }

            /// The API group of the kind.
            pub const fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group),* }
            }

            /// Whether objects of the kind live in a namespace.
            pub const fn namespaced(self) -> bool {
                match self { $(Self::$variant => $namespaced),* }
            }

            /// What of objects of the kind we write.
            pub const fn written(self) -> Written {
                match self { $(Self::$variant => Written::$written),* }
            }
        }
    };
}

kinds! {
    CustomResourceDefinition, "CustomResourceDefinition", "customresourcedefinitions", ApiExtensions, false, Nothing;
    ExternalService, "ExternalService", "externalservices", Kuma, false, Nothing;
    Gateway, "Gateway", "gateways", Gateway, true, Status;
    GatewayClass, "GatewayClass", "gatewayclasses", Gateway, false, Status;
    GrpcRoute, "GRPCRoute", "grpcroutes", Gateway, true, Status;
    HttpRoute, "HTTPRoute", "httproutes", Gateway, true, Status;
    ListenerSet, "ListenerSet", "listenersets", Gateway, true, Status;
    Mesh, "Mesh", "meshes", Kuma, false, Nothing;
    MeshExternalService, "MeshExternalService", "meshexternalservices", Kuma, true, Nothing;
    MeshGateway, "MeshGateway", "meshgateways", Kuma, false, Whole;
    MeshGatewayConfig, "MeshGatewayConfig", "meshgatewayconfigs", Kuma, false, Nothing;
    MeshGatewayInstance, "MeshGatewayInstance", "meshgatewayinstances", Kuma, true, Whole;
    MeshHttpRoute, "MeshHTTPRoute", "meshhttproutes", Kuma, true, Whole;
    MeshMultiZoneService, "MeshMultiZoneService", "meshmultizoneservices", Kuma, true, Nothing;
    MeshService, "MeshService", "meshservices", Kuma, true, Nothing;
    MeshTcpRoute, "MeshTCPRoute", "meshtcproutes", Kuma, true, Whole;
    Namespace, "Namespace", "namespaces", Core, false, Nothing;
    ReferenceGrant, "ReferenceGrant", "referencegrants", Gateway, true, Nothing;
    Secret, "Secret", "secrets", Core, true, Whole;
    Service, "Service", "services", Core, true, Nothing;
    TcpRoute, "TCPRoute", "tcproutes", Gateway, true, Status;
    TlsRoute, "TLSRoute", "tlsroutes", Gateway, true, Status;
}

impl Kind {
    /// The kind with this group and name, if it is one that matters here.
    pub fn find(group: &str, name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name && kind.group().name() == group)
    }

    /// Whether objects of the kind are routes, which have parents and tell in their status what these make of them.
    pub const fn is_route(self) -> bool {
        matches!(self, Self::GrpcRoute | Self::HttpRoute | Self::TcpRoute | Self::TlsRoute)
    }

    /// Whether objects of the kind are routes of Kuma's, which are made of routes and act on their target.
    pub const fn is_mesh_route(self) -> bool {
        matches!(self, Self::MeshHttpRoute | Self::MeshTcpRoute)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Kind, namespace and name: what people call an object. The namespace of a cluster-scoped object is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectName {
    /// The kind.
    pub kind: Kind,
    /// The namespace, empty for cluster-scoped kinds.
    pub namespace: Text,
    /// The name.
    pub name: Text,
}

impl ObjectName {
    /// A name from its parts.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// The key of the object.
    pub fn key(&self) -> Key {
        Key::of(self.kind, &self.namespace, &self.name)
    }
}

/// `Kind/namespace/name`, or `Kind/name` for cluster-scoped kinds.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind, self.name)
        } else {
            write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}
