use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    ClassStatus, GatewayStatus, Key, ListenerState, ManagedGateway, ObjectName, RouteRules, RouteStatus, Serving, Text,
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
    /// The Gateway API object it was made for; of a status the object itself.
    pub owner: ObjectName,
    /// The mesh it is in, empty for statuses. An object cannot move to another mesh.
    pub mesh: Text,
    /// Hash of its normal form.
    pub fingerprint: Fingerprint,
    /// What it should hold, not yet rendered.
    pub content: Content,
}

/// What an object or status should hold: the rows it is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the kind whose name it bears.
pub enum Content {
    MeshGateway(Arc<MeshGatewayPlan>),
    MeshGatewayInstance(Arc<InstancePlan>),
    MeshHttpRoute(Arc<MeshHttpRoutePlan>),
    Floor(Arc<Floor>),
    ClassStatus(Arc<ClassStatus>),
    GatewayStatus(Arc<GatewayStatus>),
    RouteStatus(Arc<RouteStatus>),
}

impl Content {
    /// Whether this is a status of a user's object rather than an object of ours.
    pub const fn is_status(&self) -> bool {
        matches!(self, Self::ClassStatus(_) | Self::GatewayStatus(_) | Self::RouteStatus(_))
    }
}

/// A MeshGateway: a Gateway with its usable listeners, in the order of the Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeshGatewayPlan {
    /// The Gateway.
    pub managed: Arc<ManagedGateway>,
    /// Its usable listeners.
    pub listeners: Vec<Arc<ListenerState>>,
}

/// A MeshGatewayInstance: the pods of an accepted Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstancePlan {
    /// The Gateway.
    pub managed: Arc<ManagedGateway>,
}

/// A MeshHTTPRoute: one route on one listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeshHttpRoutePlan {
    /// The route on the listener.
    pub serving: Arc<Serving>,
    /// The rules of the route.
    pub rules: Arc<RouteRules>,
}

/// The MeshHTTPRoute that matches nothing and keeps a gateway from freezing while it has no route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Floor {
    /// The Gateway.
    pub managed: Arc<ManagedGateway>,
}
