use crate::manifest;
use crate::model::{MeshHttpRoutePlan, RouteKind, RouteRules, Serving};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// What routes become where they are attached: one row per route and usable attach point at which anything of the
/// route is left. A row on a listener is a `MeshHTTPRoute`; rows on Services come a second time, by themselves. Keyed
/// by the object.
pub(crate) fn mesh_http_routes<'s>(
    servings: Arrangement<'s, Serving>,
    rules: Arrangement<'s, RouteRules>,
) -> (Rows<'s, MeshHttpRoutePlan>, Rows<'s, MeshHttpRoutePlan>) {
    let routes = servings
        .rekey(|_, serving| {
            (serving.point.is_usable() && serving.route_kind == RouteKind::Http).then_some(serving.route)
        })
        .arrange("servings by route")
        .join(rules, |_, serving, rules| {
            let plan = MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() };
            manifest::serves_anything(&plan).then(|| (rules::service_routes::object_key(serving), plan))
        });
    let on_services = routes.clone().rekey(|key, plan| plan.serving.point.service_port().map(|_| key));
    (routes, on_services)
}
