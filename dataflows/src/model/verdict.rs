use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Age, AttachPoint, Destination, Few, Hostname, Key, ManagedGateway, Match, MeshTcpRoutePlan, ObjectName, ParentRef,
    Ref, ResolvedBackend, RouteKind, Rule, RuleProblem, Text,
};

/// A Gateway of ours, or a ListenerSet that adds to one, as the parent of routes. Keyed by the Gateway or ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteParent {
    /// The Gateway.
    pub managed: Ref<ManagedGateway>,
    /// Whether the Gateway allows the ListenerSet, if it is one.
    pub allowed: bool,
}

/// A parentRef that leads to a parent of ours, whatever the parent makes of it. Keyed by the parentRef.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParentCandidate {
    /// The parentRef.
    pub parent: Ref<ParentRef>,
    /// Why the parent takes no route, or not this one, whatever its listeners say.
    pub problem: Option<ParentProblem>,
}

/// Why a parent does not accept a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ParentProblem {
    /// The Gateway or ListenerSet itself is not accepted.
    GatewayNotAccepted,
    /// Route and Gateway are in different meshes.
    OtherMesh(Box<MeshesApart>),
    /// No listener, or no port of a Service, has that name or number.
    NoMatchingParent,
    /// The listeners that were asked for take no routes of this kind, or none from this namespace.
    NotAllowedByListeners,
    /// The listeners that would take the route have other hostnames.
    NoMatchingListenerHostname,
    /// Kuma can express no rule of the route.
    NoRuleLeft,
    /// The control plane is the global one.
    GlobalControlPlane,
    /// There is no such Mesh as the route is in.
    NoMesh,
    /// The Mesh that the route is in treats `MeshServices` in a way that is not known.
    UnknownMeshMode,
    /// There is no such Service or MeshService.
    NoSuchService,
    /// The Service has no address of its own that clients could use.
    HeadlessService,
    /// The Service is of type ExternalName.
    ExternalNameService,
    /// A TLSRoute has hostnames, and the parent is a Service, on which nothing can tell them apart.
    HostnamesOnService,
    /// Routes of another kind that come first have its hostnames, or the ports, wherever it would attach.
    Conflicted,
}

/// The meshes of a route and of its parent, which are not one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeshesApart {
    /// Mesh of the route.
    pub route: Text,
    /// Mesh of the parent.
    pub parent: Text,
}

impl ParentProblem {
    /// Route and parent are in different meshes.
    pub fn other_mesh(route: impl Into<Text>, parent: impl Into<Text>) -> Self {
        Self::OtherMesh(Box::new(MeshesApart { route: route.into(), parent: parent.into() }))
    }
}

/// What one listener or port of a Service makes of one parentRef that asks for it. Keyed by the parentRef.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// The parentRef.
    pub parent: Ref<ParentRef>,
    /// The listener or port.
    pub point: Ref<AttachPoint>,
    /// The verdict.
    pub outcome: AttachmentOutcome,
}

/// The verdict of one listener on one parentRef. In the order in which reasons are reported: the route that came
/// furthest decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AttachmentOutcome {
    /// The kind of the route is not allowed here.
    KindNotAllowed,
    /// The namespace of the route is not allowed here.
    NamespaceNotAllowed,
    /// The listener selects namespaces by label, and the labels are not known yet at this point of the dataflow.
    AsksNamespace,
    /// No hostname of the route is one of the listener's.
    NoHostname,
    /// Kuma can express no rule of the route.
    NoRuleLeft,
    /// A route of another kind that comes first has the same hostnames, or the port.
    Conflicted,
    /// Attached, for these hostnames; empty for all.
    Attached(Arc<[Hostname]>),
    /// The Gateway or ListenerSet is not accepted, so that none of its listeners takes a route.
    GatewayNotAccepted,
}

/// What became of one parentRef. Keyed by the route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParentVerdict {
    /// The parentRef.
    pub parent: Ref<ParentRef>,
    /// Why it is not accepted; `None` if it is.
    pub problem: Option<ParentProblem>,
    /// The ports of a Service that take it.
    pub ports: Few<u16>,
    /// The ports of a Service that it asks for and that are left out, because Kuma does not take them for HTTP.
    pub not_http: Few<u16>,
}

/// A parentRef to a Service or MeshService with what it leads to. Keyed by the mesh of the route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceParent {
    /// The parentRef.
    pub parent: Ref<ParentRef>,
    /// The Service or MeshService, if there is one.
    pub service: Option<Ref<Destination>>,
}

/// What became of a parentRef to a Service or MeshService. Keyed by the route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JudgedServiceParent {
    /// The verdict.
    pub verdict: Ref<ParentVerdict>,
    /// The ports that the route is attached to, in order.
    pub points: Vec<Ref<AttachPoint>>,
}

/// One match of one route for one hostname of one attach point, which no other route may have there too. Keyed by
/// point, hostname and path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// Age of the route, by which claims are ranked.
    pub age: Age,
    /// Place of the rule in the route.
    pub rule: u16,
    /// Place of the match in the rule.
    pub index: u16,
    /// Key of the route.
    pub route: Key,
    /// Key of the listener or port.
    pub point: Key,
    /// The hostname; `None` for all.
    pub hostname: Option<Hostname>,
    /// The match.
    pub matched: Ref<Match>,
}

/// A claim that Kuma would not tell apart from others which it must come before. Keyed by route and attach point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Padded {
    /// The claim.
    pub claim: Ref<Claim>,
    /// How many header matches that are always true make it come first.
    pub headers: u16,
}

/// A claim that lost. Keyed by route and attach point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shadowed {
    /// The claim.
    pub claim: Ref<Claim>,
    /// The route that holds the match, as `namespace/name`; `None` if it is an earlier rule of the same route.
    pub winner: Option<Text>,
}

/// A listener or port that takes a GRPCRoute. Keyed by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GrpcListener {}

/// An attachment in the tree of hostnames. Keyed by the listener and a node of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostnamePlace {
    /// The attachment.
    pub attachment: Ref<Attachment>,
    /// Whether it has the hostname of the node itself, not only one below it.
    pub exact: bool,
}

/// Two attachments of different kinds whose hostnames meet. Keyed by the listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteConflict {
    /// The one that stays, unless it has to go itself.
    pub older: Ref<Attachment>,
    /// The one that goes where the other stays.
    pub younger: Ref<Attachment>,
}

/// A hostname that TLSRoutes have on a listener. Keyed by the Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerHostname {
    /// Key of the listener.
    pub listener: Key,
    /// The hostname; `None` for all.
    pub hostname: Option<Hostname>,
}

/// A route at an attach point, with what it may not match there. Keyed by route and point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Serving {
    /// Key of the route.
    pub route: Key,
    /// Kind of the route.
    pub route_kind: RouteKind,
    /// Creation time, namespace and name of the route.
    pub age: Age,
    /// The listener or port.
    pub point: Ref<AttachPoint>,
    /// Hostnames to serve there, sorted; empty for all.
    pub hostnames: Arc<[Hostname]>,
    /// The parentRefs that lead here, by their place in the route.
    pub parents: Box<[u16]>,
    /// What other routes or earlier rules hold.
    pub shadowed: Few<Ref<Shadowed>>,
    /// What has to be made more specific to keep its place.
    pub padded: Few<Ref<Padded>>,
}

impl Serving {
    /// The route, for which what serves it is made.
    pub fn owner(&self) -> ObjectName {
        let (namespace, name) = (self.age.namespace.clone(), self.age.name.clone());
        ObjectName { kind: self.route_kind.kind(), namespace, name }
    }
}

/// The rules of a route with what became of their backends. Keyed by the route.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteRules {
    /// The rules that are kept, in order.
    pub rules: Box<[PlannedRule]>,
    /// What is wrong with the rules that are dropped: index of the rule and problem.
    pub dropped: Few<(u16, RuleProblem)>,
}

/// One rule that is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlannedRule {
    /// The rule.
    pub rule: Ref<Rule>,
    /// Its backends and mirrors, by slot.
    pub backends: Box<[Ref<ResolvedBackend>]>,
}

/// How many rows a key has. Keyed by what was counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Count {
    /// The number.
    pub count: i64,
}

/// That a route answers every request at an attach point. Keyed by the point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Everything {}

/// That a route takes the requests of a port of a Service. Keyed by the port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestsServed {}

/// A route of connections on a port of a Service that no older one holds. Keyed by the port, and where routes of
/// requests that come with the Service are in its way also by the port as those see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortConnections {
    /// The route on the port.
    pub plan: Ref<MeshTcpRoutePlan>,
    /// Whether routes of requests are there, which come first.
    pub yields: bool,
}

/// A port of a Service on which a route is without effect, because routes of a kind that comes first are there. Keyed by
/// the route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct YieldedPort {
    /// The parentRefs that lead there, by their place in the route.
    pub parents: Box<[u16]>,
    /// The port.
    pub port: u16,
    /// Whether those are of the same side; else a consumer yields to what comes with the Service.
    pub same_side: bool,
}
