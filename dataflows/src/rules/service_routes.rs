//! What routes on Services become.

use crate::model::{
    AttachPoint, Key, Match, MeshHttpRoutePlan, MeshTcpRoutePlan, PathMatch, PortConnections, Ref, ServiceRoutePlan,
    ServiceTcpRoutePlan, Serving, Text, YieldedPort,
};
use crate::rules::service_parents;

/// The expression of the rule that a floor consists of. Sidecars take it after all other rules, for they put regular
/// expressions last and the shortest of them at the end; a prefix of `/` would hide every expression of a route.
pub const UNMATCHED: &str = ".*";

/// What the object is keyed by that a route at an attach point is, or is a part of: the route with the listener, or
/// with the Service.
pub fn object_key(serving: &Serving) -> Key {
    let point = &serving.point;
    match point.service_port() {
        None => serving.route.pair(point.key),
        Some(_) => serving.route.pair(point.parent),
    }
}

/// One object from the ports of a Service that a route asks for, in order. `None` if there is none.
pub fn plan(mut ports: Vec<Ref<MeshHttpRoutePlan>>) -> Option<ServiceRoutePlan> {
    ports.sort_unstable_by_key(|plan| place(&plan.serving));
    (!ports.is_empty()).then_some(ServiceRoutePlan { ports })
}

/// The same for a route of connections, from the ports that it holds.
pub fn connections_plan(mut ports: Vec<Ref<MeshTcpRoutePlan>>) -> Option<ServiceTcpRoutePlan> {
    ports.sort_unstable_by_key(|plan| place(&plan.serving));
    (!ports.is_empty()).then_some(ServiceTcpRoutePlan { ports })
}

/// The place of a port in the object that a route becomes on a Service.
fn place(serving: &Serving) -> (Option<(u16, Text)>, Key) {
    let point = &serving.point;
    (point.service_port().map(|port| (port.port, port.section.clone())), point.key)
}

/// Where routes of requests would come before a route of connections: on the same side of the port, and where they come
/// with the Service, as Kuma merges those with what consumers ask for.
///
/// <https://kuma.io/docs/2.14.x/policies/meshtcproute/>
pub fn contested(point: &AttachPoint) -> Vec<Key> {
    let Some(port) = point.service_port() else { return Vec::new() };
    let with_service = || service_parents::point_key(port, &port.service.namespace, &point.mesh);
    [point.key].into_iter().chain(port.consumer.is_some().then(with_service)).collect()
}

/// A port that a route of connections holds on its side, by the object that it is a part of.
pub fn held(settled: &PortConnections) -> Option<(Key, MeshTcpRoutePlan)> {
    (!settled.yields).then(|| (object_key(&settled.plan.serving), MeshTcpRoutePlan::clone(&settled.plan)))
}

/// A port that a route of connections gives up, by the route. `contested` is the key under which the two met. HTTPRoutes and
/// GRPCRoutes know more of what they route.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1294/> (route types), and so does Kuma where it takes the port for HTTP:
/// <https://kuma.io/docs/2.14.x/policies/meshtcproute/>.
pub fn yielded(contested: Key, settled: &PortConnections) -> Option<(Key, YieldedPort)> {
    let serving = &settled.plan.serving;
    let port = serving.point.service_port().filter(|_| settled.yields)?.port;
    let same_side = serving.point.key == contested;
    Some((serving.route, YieldedPort { parents: serving.parents.clone(), port, same_side }))
}

/// The port of a Service on which a route takes requests, even if no rule matches any of them.
pub fn takes_requests(serving: &Serving) -> Option<&Ref<AttachPoint>> {
    let taken = serving.point.service_port().is_some() && !serving.route_kind.is_of_connections();
    taken.then_some(&serving.point)
}

/// The port as one that needs a floor, by its key.
///
/// A request that no route on a port matches is to be rejected: <https://gateway-api.sigs.k8s.io/geps/gep-1294/>. Kuma
/// would pass it to the Service. What rejects it names the Service by its tag, so without one there is no floor.
pub fn floor_of(serving: &Serving) -> Option<(Key, AttachPoint)> {
    let point = takes_requests(serving)?;
    let has_tag = point.service_port().is_some_and(|port| port.tag.is_some());
    has_tag.then(|| (point.key, AttachPoint::clone(point)))
}

/// Whether a route leaves no request on a port to others.
pub fn serves_everything(plan: &MeshHttpRoutePlan) -> bool {
    plan.rules.rules.iter().flat_map(|planned| &planned.rule.matches).any(|found| is_everything(found))
}

fn is_everything(found: &Match) -> bool {
    let path = match &found.path {
        PathMatch::Prefix(path) => &**path == "/",
        PathMatch::RegularExpression(expression) => &**expression == UNMATCHED,
        PathMatch::Exact(_) => false,
    };
    path && found.method.is_none() && found.headers.is_empty() && found.query_params.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MatchKind, NamedMatch};

    #[test]
    fn what_leaves_nothing_to_others() {
        let with = |path| Match { path, method: None, headers: Vec::new().into(), query_params: Vec::new().into() };
        let root = || with(PathMatch::Prefix("/".into()));
        let named = NamedMatch { name: "x".into(), kind: MatchKind::Exact, value: "y".into() };
        let table = [
            (root(), true),
            (with(PathMatch::RegularExpression(".*".into())), true),
            (with(PathMatch::Exact("/".into())), false),
            (with(PathMatch::Prefix("/a".into())), false),
            (with(PathMatch::RegularExpression("/.*".into())), false),
            (Match { method: Some("GET".into()), ..root() }, false),
            (Match { headers: vec![named.clone()].into(), ..root() }, false),
            (Match { query_params: vec![named].into(), ..root() }, false),
        ];
        for (found, expected) in table {
            assert_eq!(is_everything(&found), expected, "{found:?}");
        }
    }
}
