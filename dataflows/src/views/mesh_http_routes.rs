use crate::manifest;
use crate::model::{MeshHttpRoutePlan, RouteRules, Serving};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// What routes of requests become where they are attached: one row per route and usable attach point at which anything of
/// the route is left. A row on a listener is a `MeshHTTPRoute`; rows on Services come a second time, by themselves. Keyed
/// by the object.
pub(crate) fn mesh_http_routes<'s>(
    servings: Arrangement<'s, Serving>,
    rules: Arrangement<'s, RouteRules>,
) -> (Rows<'s, MeshHttpRoutePlan>, Rows<'s, MeshHttpRoutePlan>) {
    let routes = servings.join(rules, |_, serving, rules| {
        let of_requests = serving.point.is_usable() && !serving.route_kind.is_of_connections();
        let plan = of_requests.then(|| MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() });
        let plan = plan.filter(manifest::serves_anything)?;
        Some((rules::service_routes::object_key(serving), plan))
    });
    let on_services = routes.clone().rekey(|key, plan| plan.serving.point.service_port().map(|_| key));
    (routes, on_services)
}
