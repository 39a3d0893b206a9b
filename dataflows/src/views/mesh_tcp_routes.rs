use crate::model::{MeshTcpRoutePlan, RouteRules, Serving};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// What routes of connections become where they are attached: one row per TCPRoute, or TLSRoute and hostname, that holds a
/// usable listener or a port of a Service. A row on a listener is a MeshTCPRoute. Keyed by route and attach point.
pub(crate) fn mesh_tcp_routes<'s>(
    servings: Arrangement<'s, Serving>,
    rules: Arrangement<'s, RouteRules>,
) -> Rows<'s, MeshTcpRoutePlan> {
    servings.join(rules, |_, serving, rules| {
        let key = serving.route.pair(serving.point.key);
        rules::server_names::mesh_tcp_routes(serving, rules).into_iter().map(move |plan| (key, plan))
    })
}
