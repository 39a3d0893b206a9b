use crate::manifest;
use crate::model::{MeshHttpRoutePlan, RouteRules, Serving};
use crate::operators::{Arrangement, Rows};

/// The `MeshHTTPRoutes`: one per HTTPRoute or GRPCRoute and usable listener on which anything of the route is left.
/// Keyed by listener and route.
pub(crate) fn mesh_http_routes<'s>(
    servings: Arrangement<'s, Serving>,
    rules: Arrangement<'s, RouteRules>,
) -> Rows<'s, MeshHttpRoutePlan> {
    servings.join(rules, |_, serving, rules| {
        let of_requests = serving.point.usable && !serving.route_kind.is_of_connections();
        let plan = of_requests.then(|| MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() });
        let plan = plan.filter(manifest::serves_anything)?;
        Some((serving.point.key.pair(serving.route), plan))
    })
}
