use serde::{Deserialize, Serialize};

use super::{
    Bundle, ClassVerdict, Few, GatewayAddress, Generation, ListenerState, ManagedGateway, ManagedSet, ParentVerdict,
    Pending, Ref, RouteRules, Text,
};

/// What a GatewayClass should say. Times and texts are added when it is rendered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassStatus {
    /// Generation the status speaks of.
    pub generation: i64,
    /// What became of the class.
    pub verdict: Ref<ClassVerdict>,
    /// What the definitions of Gateway API say.
    pub bundle: Ref<Bundle>,
    /// Whether Gateways use the class, so that it bears our finalizer. Beside the status it is the one thing of a user's
    /// object that is ours.
    pub in_use: bool,
}

/// What a Gateway should say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GatewayStatus {
    /// Generation the status speaks of.
    pub generation: i64,
    /// The Gateway.
    pub managed: Ref<ManagedGateway>,
    /// Its own listeners, in the order of the Gateway.
    pub listeners: Vec<ListenerReport>,
    /// Number of accepted `ListenerSets` that add to it.
    pub attached_sets: u32,
    /// Its addresses, in order.
    pub addresses: Vec<Ref<GatewayAddress>>,
    /// Objects of the Gateway that the cluster does not show as they should be.
    pub pending: Vec<Ref<Pending>>,
}

/// What a ListenerSet should say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerSetStatus {
    /// Generation the status speaks of.
    pub generation: i64,
    /// The ListenerSet.
    pub set: Ref<ManagedSet>,
    /// Its listeners, in its order; none if the Gateway does not allow it.
    pub listeners: Vec<ListenerReport>,
    /// Objects of the Gateway that the cluster does not show as they should be.
    pub pending: Vec<Ref<Pending>>,
}

/// What a Gateway or ListenerSet should say of one listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerReport {
    /// What became of the listener.
    pub state: Ref<ListenerState>,
    /// Number of routes attached to it.
    pub attached_routes: i64,
}

/// What a route should say to its parents of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteStatus {
    /// The route, and the generation that the status speaks of.
    pub of: Ref<Generation>,
    /// One entry per parentRef that leads to a parent of ours, in the order of the route.
    pub parents: Box<[ParentReport]>,
    /// The rules of the route with their backends.
    pub rules: Ref<RouteRules>,
    /// Objects of the route that were refused.
    pub refused: Few<Ref<Pending>>,
}

/// What a route should say to one parent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParentReport {
    /// What became of the parentRef.
    pub verdict: Ref<ParentVerdict>,
    /// Matches of the route that other routes hold on listeners of this parent.
    pub shadowed: Few<Text>,
    /// How many matches that are.
    pub shadowed_matches: u32,
    /// Ports of this parent that the route yields to routes of kinds that come first, in order.
    pub yielded: Few<u16>,
}
