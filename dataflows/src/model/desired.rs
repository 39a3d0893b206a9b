use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{
    AttachPoint, ClassStatus, CopyContent, GatewayStatus, Hostname, Key, Kind, ListenerHostname, ListenerSetStatus,
    ListenerState, ManagedGateway, ObjectName, Ref, RouteRules, RouteStatus, SecretCopyPlan, Serving,
};

/// Hash over the normal form of an object or status: equal if and only if a write would change nothing of meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub Key);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One object or status that should be in the cluster. Keyed by the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Desired {
    /// The object, or the object whose status it is.
    pub object: ObjectName,
    /// What it should hold, not yet rendered.
    pub content: Content,
    /// Hash of its normal form, once somebody has asked; see [`crate::manifest::fingerprint`].
    #[serde(skip)]
    pub(crate) fingerprint: Once<Fingerprint>,
}

impl Desired {
    /// An object or status that should be in the cluster.
    pub fn new(object: ObjectName, content: Content) -> Self {
        Self { object, content, fingerprint: Once::default() }
    }

    /// The Gateway API object that it was made for; of a status the object itself.
    pub fn owner(&self) -> ObjectName {
        self.content.owner().unwrap_or_else(|| self.object.clone())
    }

    /// The mesh it is in, empty for statuses. An object cannot move to another mesh.
    pub fn mesh(&self) -> &str {
        self.content.mesh()
    }
}

/// Something that follows from the rest of a row and is worked out when it is first asked for. It takes no part in
/// comparing rows.
#[derive(Clone)]
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T: Copy> Once<T> {
    pub(crate) fn get(&self, work_out: impl FnOnce() -> T) -> T {
        *self.0.get_or_init(work_out)
    }
}

impl<T> fmt::Debug for Once<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl<T> PartialEq for Once<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Once<T> {}

impl<T> PartialOrd for Once<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Once<T> {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl<T> Hash for Once<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// What an object or status should hold: the rows it is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the kind whose name it bears.
pub enum Content {
    MeshGateway(Ref<MeshGatewayPlan>),
    MeshGatewayInstance(Ref<InstancePlan>),
    MeshHttpRoute(Ref<MeshHttpRoutePlan>),
    MeshTcpRoute(Ref<MeshTcpRoutePlan>),
    Floor(Ref<Floor>),
    ServiceRoute(Ref<ServiceRoutePlan>),
    ServiceTcpRoute(Ref<ServiceTcpRoutePlan>),
    ServiceFloor(Ref<ServiceFloor>),
    SecretCopy(Ref<SecretCopyPlan>),
    ClassStatus(Ref<ClassStatus>),
    GatewayStatus(Ref<GatewayStatus>),
    ListenerSetStatus(Ref<ListenerSetStatus>),
    RouteStatus(Ref<RouteStatus>),
}

impl Content {
    /// What the copy of a Secret holds.
    pub fn copied(&self) -> Option<CopyContent> {
        match self {
            Self::SecretCopy(plan) => Some(plan.content),
            _ => None,
        }
    }

    /// The Gateway API object that an object is made for.
    fn owner(&self) -> Option<ObjectName> {
        let of_gateway = |managed: &ManagedGateway| {
            ObjectName::new(Kind::Gateway, &managed.gateway.namespace, &managed.gateway.name)
        };
        match self {
            Self::MeshGateway(plan) => Some(of_gateway(&plan.managed)),
            Self::MeshGatewayInstance(plan) => Some(of_gateway(&plan.managed)),
            Self::Floor(floor) => Some(of_gateway(&floor.managed)),
            Self::MeshHttpRoute(plan) => Some(plan.serving.owner()),
            Self::MeshTcpRoute(plan) => Some(plan.serving.owner()),
            Self::ServiceRoute(plan) => plan.ports.first().map(|port| port.serving.owner()),
            Self::ServiceTcpRoute(plan) => plan.ports.first().map(|port| port.serving.owner()),
            Self::ServiceFloor(floor) => floor.point.service_port().map(|port| port.service.clone()),
            Self::SecretCopy(plan) => {
                Some(ObjectName::new(Kind::Secret, &plan.certificate.namespace, &plan.certificate.name))
            }
            Self::ClassStatus(_) | Self::GatewayStatus(_) | Self::ListenerSetStatus(_) | Self::RouteStatus(_) => None,
        }
    }

    fn mesh(&self) -> &str {
        match self {
            Self::MeshGateway(plan) => &plan.managed.mesh,
            Self::MeshGatewayInstance(plan) => &plan.managed.mesh,
            Self::Floor(floor) => &floor.managed.mesh,
            Self::MeshHttpRoute(plan) => &plan.serving.point.mesh,
            Self::MeshTcpRoute(plan) => &plan.serving.point.mesh,
            Self::ServiceRoute(plan) => plan.ports.first().map_or("", |port| &port.serving.point.mesh),
            Self::ServiceTcpRoute(plan) => plan.ports.first().map_or("", |port| &port.serving.point.mesh),
            Self::ServiceFloor(floor) => &floor.point.mesh,
            Self::SecretCopy(plan) => &plan.mesh,
            Self::ClassStatus(_) | Self::GatewayStatus(_) | Self::ListenerSetStatus(_) | Self::RouteStatus(_) => "",
        }
    }

    /// Whether this is a status of a user's object rather than an object of ours.
    pub const fn is_status(&self) -> bool {
        matches!(
            self,
            Self::ClassStatus(_) | Self::GatewayStatus(_) | Self::ListenerSetStatus(_) | Self::RouteStatus(_)
        )
    }

    /// The route at each place that the object serves, of an object that is made from a route.
    pub fn servings(&self) -> Vec<&Ref<Serving>> {
        match self {
            Self::MeshHttpRoute(plan) => vec![&plan.serving],
            Self::MeshTcpRoute(plan) => vec![&plan.serving],
            Self::ServiceRoute(plan) => plan.ports.iter().map(|port| &port.serving).collect(),
            Self::ServiceTcpRoute(plan) => plan.ports.iter().map(|port| &port.serving).collect(),
            _ => Vec::new(),
        }
    }
}

/// A MeshGateway: a Gateway with its usable listeners, in its order, and those that `ListenerSets` add.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeshGatewayPlan {
    /// The Gateway.
    pub managed: Ref<ManagedGateway>,
    /// Its usable listeners.
    pub listeners: Vec<Ref<ListenerState>>,
    /// The hostnames that TLSRoutes have on its listeners, sorted.
    pub hostnames: Vec<Ref<ListenerHostname>>,
}

/// A MeshGatewayInstance: the pods of an accepted Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstancePlan {
    /// The Gateway.
    pub managed: Ref<ManagedGateway>,
}

/// One route of requests on one listener, which is a MeshHTTPRoute, or on one port of a Service, which is a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeshHttpRoutePlan {
    /// The route where it is attached.
    pub serving: Ref<Serving>,
    /// The rules of the route.
    pub rules: Ref<RouteRules>,
}

/// One route of connections on one listener, of a TLS listener for one hostname, which is a MeshTCPRoute; or on one port
/// of a Service, which is a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeshTcpRoutePlan {
    /// The route where it is attached.
    pub serving: Ref<Serving>,
    /// The rules of the route.
    pub rules: Ref<RouteRules>,
    /// The hostname; `None` for all.
    pub hostname: Option<Hostname>,
}

/// The MeshHTTPRoute that matches nothing and keeps a gateway from freezing while it has no route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Floor {
    /// The Gateway.
    pub managed: Ref<ManagedGateway>,
}

/// A MeshHTTPRoute: one route on one Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceRoutePlan {
    /// The route on each of the ports it asks for, in order; never empty.
    pub ports: Vec<Ref<MeshHttpRoutePlan>>,
}

/// A MeshTCPRoute: one route of connections on one Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceTcpRoutePlan {
    /// The route on each of the ports it holds, in order; never empty.
    pub ports: Vec<Ref<MeshTcpRoutePlan>>,
}

/// The MeshHTTPRoute that answers on a port of a Service what no route there matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceFloor {
    /// The port.
    pub point: Ref<AttachPoint>,
}
