use serde::{Deserialize, Serialize};

use super::{AllowedNamespaces, Hostname, Key, Kind, MeshServices, ObjectName, ParentKind, Protocol, RouteKind, Text};

/// A place where routes can be attached: what they need to know of it, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttachPoint {
    /// Key of the place.
    pub key: Key,
    /// Key of the Gateway or Service that the place is a part of.
    pub parent: Key,
    /// Mesh of the place: that of the Gateway, or that of the routes on a Service.
    pub mesh: Text,
    /// How that mesh treats `MeshServices`; `Disabled` where there is no such Mesh.
    pub mesh_services: MeshServices,
    /// What the place is.
    pub place: Place,
}

/// What routes can be attached to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    /// A listener of a Gateway.
    Listener(ListenerPlace),
    /// A port of a Service, as one side of its clients sees it.
    ServicePort(ServicePort),
}

/// What routes need to know of a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerPlace {
    /// Key of the Gateway, which is the parent of routes too unless the listener is an entry of a ListenerSet.
    pub gateway: Key,
    /// Namespace of the Gateway or ListenerSet.
    pub namespace: Text,
    /// Name of the MeshGateway that the Gateway becomes.
    pub mesh_gateway: Text,
    /// Whether the Gateway or ListenerSet is accepted. If not, none of its listeners takes a route.
    pub accepted: bool,
    /// Name of the listener.
    pub name: Text,
    /// The name by which routes of Kuma's tell it from the other listeners of the MeshGateway.
    pub tag: Text,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Hostname; `None` matches all.
    pub hostname: Option<Hostname>,
    /// Which namespaces may attach.
    pub namespaces: AllowedNamespaces,
    /// Which kinds may attach.
    pub kinds: Vec<RouteKind>,
    /// Whether the listener is part of the MeshGateway, so that routes on it become objects.
    pub usable: bool,
}

/// A port of a Service or MeshService under the routes of one namespace.
///
/// A MeshService that Kuma has made from a Service of its name is that Service here, so that routes on either meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServicePort {
    /// The Service, or a MeshService that is not one.
    pub service: ObjectName,
    /// Port.
    pub port: u16,
    /// Name of the port on the MeshService: its name on the Service, or its number.
    pub section: Text,
    /// The `kuma.io/service` tag of the pods behind the port, if it is known.
    pub tag: Option<Text>,
    /// The namespace whose clients alone the routes are for; `None` if they come with the Service and are for all.
    pub consumer: Option<Text>,
}

impl AttachPoint {
    /// Kind of the parent that the place is a part of.
    pub fn parent_kind(&self) -> ParentKind {
        match &self.place {
            Place::Listener(_) => ParentKind::Gateway,
            Place::ServicePort(port) if port.service.kind == Kind::MeshService => ParentKind::MeshService,
            Place::ServicePort(_) => ParentKind::Service,
        }
    }

    /// The listener, if it is one.
    pub const fn listener(&self) -> Option<&ListenerPlace> {
        match &self.place {
            Place::Listener(listener) => Some(listener),
            Place::ServicePort(_) => None,
        }
    }

    /// The port of a Service, if it is one.
    pub const fn service_port(&self) -> Option<&ServicePort> {
        match &self.place {
            Place::Listener(_) => None,
            Place::ServicePort(port) => Some(port),
        }
    }

    /// Whether routes become objects here.
    pub fn is_usable(&self) -> bool {
        self.listener().is_none_or(|listener| listener.usable)
    }
}
