use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Age, Certificate, CertificateRefProblem, Key, Kind, ManagedGateway, NamespaceLabels, Ref, RouteKind, Text,
};

/// One entry of `spec.listeners` of a Gateway, or of a ListenerSet that adds to one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Listener {
    /// Key of the Gateway.
    pub gateway: Key,
    /// Name of the ListenerSet that it is an entry of; `None` if it is one of the Gateway itself.
    pub set: Option<Text>,
    /// Namespace of the Gateway or ListenerSet.
    pub namespace: Text,
    /// Place in the list.
    pub index: u32,
    /// Name of the listener.
    pub name: Text,
    /// Port, 1 to 65535; 0 if what was written is no port, and the listener says so.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Hostname; `None` matches all.
    pub hostname: Option<Hostname>,
    /// `allowedRoutes.namespaces`
    pub namespaces: AllowedNamespaces,
    /// `allowedRoutes.kinds`; `None` if the protocol decides.
    pub kinds: Option<Vec<RouteKindRef>>,
    /// `tls`
    pub tls: Option<ListenerTls>,
}

impl Listener {
    /// Key of the Gateway or ListenerSet that it is an entry of, which routes name as their parent.
    pub fn holder(&self) -> Key {
        let of_set = |set| Key::of(Kind::ListenerSet, &self.namespace, set);
        self.set.as_ref().map_or(self.gateway, |set| of_set(set))
    }

    /// Key of the listener.
    pub fn key(&self) -> Key {
        self.holder().part("listener", &self.name)
    }

    /// Where it stands in the order in which the listeners of a MeshGateway are written.
    pub fn place(&self) -> (Option<(&Text, &Text)>, u32) {
        (self.set.as_ref().map(|set| (&self.namespace, set)), self.index)
    }
}

/// A ListenerSet, without its listeners and without its generation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerSet {
    /// Key of the Gateway that it adds to.
    pub gateway: Key,
    /// Creation time, namespace and name. Of two that claim the same the older one gets it.
    pub age: Age,
}

impl ListenerSet {
    /// Key of the ListenerSet.
    pub fn key(&self) -> Key {
        Key::of(Kind::ListenerSet, &self.age.namespace, &self.age.name)
    }
}

/// A ListenerSet with the labels of its namespace. Keyed by the Gateway that it adds to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LabelledSet {
    /// The ListenerSet.
    pub set: Ref<ListenerSet>,
    /// The labels, if they are known.
    pub labels: Option<Ref<NamespaceLabels>>,
}

/// A ListenerSet that adds to a Gateway of ours. Keyed by the ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ManagedSet {
    /// The ListenerSet.
    pub set: Ref<ListenerSet>,
    /// The Gateway.
    pub managed: Ref<ManagedGateway>,
    /// Whether the Gateway allows `ListenerSets` of its namespace.
    pub allowed: bool,
}

/// Protocols a listener can ask for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the protocol whose name it bears.
pub enum Protocol {
    Http,
    Https,
    Tls,
    Tcp,
    Udp,
    /// A protocol that we do not know.
    Other(Text),
}

impl Protocol {
    /// The protocol as listeners spell it.
    pub fn name(&self) -> &str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Other(name) => name,
        }
    }

    /// The protocol with this spelling.
    pub fn parse(text: &str) -> Self {
        match text {
            "HTTP" => Self::Http,
            "HTTPS" => Self::Https,
            "TLS" => Self::Tls,
            "TCP" => Self::Tcp,
            "UDP" => Self::Udp,
            other => Self::Other(other.into()),
        }
    }
}

/// A hostname of a listener or a route, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Hostname {
    /// `shop.example.com`
    Exact(Text),
    /// `*.example.com`, held without the `*.`
    Wildcard(Text),
}

impl Hostname {
    /// Reads a hostname; `None` for the empty text and for `*`, which both mean all hosts.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        match text.strip_prefix("*.") {
            Some(suffix) => Some(Self::Wildcard(suffix.into())),
            None if text.is_empty() || text == "*" => None,
            None => Some(Self::Exact(text.into())),
        }
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Wildcard(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

/// `allowedRoutes.namespaces` of a listener, and `allowedListeners.namespaces` of a Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AllowedNamespaces {
    /// The namespace of the Gateway or ListenerSet.
    Same,
    /// All namespaces.
    All,
    /// None at all.
    None,
    /// Those whose labels match.
    Selector(Selector),
    /// A word that is not known: none, and the listener says so.
    Unknown(Text),
}

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Selector {
    /// All of these must hold. `matchLabels` entries are `In` with one value.
    pub requirements: Vec<SelectorRequirement>,
}

/// One requirement of a label selector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the operator whose name it bears.
pub enum SelectorRequirement {
    In {
        label: Text,
        values: Vec<Text>,
    },
    NotIn {
        label: Text,
        values: Vec<Text>,
    },
    Exists {
        label: Text,
    },
    DoesNotExist {
        label: Text,
    },
    /// An operator that does not exist: matches nothing.
    Unknown {
        operator: Text,
    },
}

/// One entry of `allowedRoutes.kinds`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteKindRef {
    /// API group.
    pub group: Text,
    /// Kind.
    pub kind: Text,
}

/// `tls` of a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerTls {
    /// Mode.
    pub mode: TlsMode,
    /// Certificates, in order.
    pub certificates: Vec<CertificateRef>,
}

/// `tls.mode` of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the mode whose name it bears.
pub enum TlsMode {
    Terminate,
    Passthrough,
    /// A word that is not known: the listener says so.
    Unknown,
}

/// One entry of `tls.certificateRefs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CertificateRef {
    /// API group.
    pub group: Text,
    /// Kind.
    pub kind: Text,
    /// Namespace, that of the Gateway or ListenerSet where none was given.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

/// Why a listener cannot serve, or only in part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ListenerProblem {
    /// The protocol is not one that Kuma's gateway serves (here).
    UnsupportedProtocol {
        /// Whether it would be served if the gateway were not a cross-mesh one.
        cross_mesh: bool,
    },
    /// Another listener of the Gateway, of the same object or of one that comes before it, has this port and hostname.
    HostnameConflict,
    /// Such a listener has this port and another protocol.
    ProtocolConflict,
    /// `allowedRoutes.kinds` names kinds that the protocol cannot route.
    InvalidRouteKinds(Vec<RouteKindRef>),
    /// A value that Kuma cannot express.
    UnsupportedValue(UnsupportedListenerValue),
    /// A certificate reference that is not served.
    CertificateRef {
        /// The reference.
        reference: CertificateRef,
        /// Why.
        problem: CertificateRefProblem,
    },
}

/// The values of a listener that Kuma cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnsupportedListenerValue {
    /// Not a hostname by RFC 1123.
    Hostname,
    /// `allowedRoutes.namespaces.from` is a word that is not known.
    Namespaces,
    /// Not a port.
    Port,
    /// HTTPS whose clients are asked for certificates.
    ClientCertificates,
    /// HTTPS or TLS without a `tls` section or without a certificate to terminate with, or HTTPS with Passthrough.
    TlsMode,
}

/// What became of a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerState {
    /// Key of the listener.
    pub key: Key,
    /// Its Gateway.
    pub managed: Ref<ManagedGateway>,
    /// The listener.
    pub listener: Ref<Listener>,
    /// The route kinds it takes.
    pub supported: Vec<RouteKind>,
    /// The certificates that it serves, in order.
    pub certificates: Vec<Ref<Certificate>>,
    /// What is wrong with it.
    pub problems: Vec<ListenerProblem>,
    /// The other listeners for TLS on its port that take some of its hosts.
    pub overlaps: Vec<Text>,
    /// Whether it becomes part of the MeshGateway.
    pub usable: bool,
    /// Whether its Gateway is accepted.
    pub gateway_accepted: bool,
    /// Whether the Gateway or ListenerSet that it is an entry of is accepted.
    pub holder_accepted: bool,
}
