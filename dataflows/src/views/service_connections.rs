use crate::model::{MeshTcpRoutePlan, PortConnections, RequestsServed, ServiceTcpRoutePlan, Serving, YieldedPort};
use crate::operators::{Rows, cogroup};
use crate::rules::service_routes;

/// Routes of connections on Services: the `MeshTCPRoutes`, one per route and Service, keyed by both; and the ports that
/// a route yields to routes of requests, keyed by the route.
///
/// However many routes of requests a port has, its group holds one row for all of them, beside the one route of
/// connections that holds the port and one of each namespace that has some for its own clients.
pub(crate) fn service_connections<'s>(
    connections: Rows<'s, MeshTcpRoutePlan>,
    servings: Rows<'s, Serving>,
) -> (Rows<'s, ServiceTcpRoutePlan>, Rows<'s, YieldedPort>) {
    let connections = connections.rekey(|_, plan| service_routes::contested(&plan.serving.point));
    let requests = servings
        .flat_map(|_, serving| service_routes::takes_requests(serving).map(|point| (point.key, RequestsServed {})));
    let inputs = [connections.any(), requests.any()];
    let settled = cogroup("connections by Service port", inputs, |port, group, settled| {
        let yields = group.one::<RequestsServed>().is_some();
        let concerned = group.all::<MeshTcpRoutePlan>().filter(|plan| yields || plan.serving.point.key == port);
        settled.extend(concerned.map(|plan| PortConnections { plan: plan.clone(), yields }));
    });
    let yielded = settled.clone().flat_map(|port, settled| service_routes::yielded(port, settled));
    let held = settled.flat_map(|_, settled| service_routes::held(settled));
    let routes = cogroup("MeshTCPRoutes by route and Service", [held.any()], |_, group, plans| {
        plans.extend(service_routes::connections_plan(group.all::<MeshTcpRoutePlan>().cloned().collect()));
    });
    (routes, yielded)
}
