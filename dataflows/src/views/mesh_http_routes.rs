use crate::manifest;
use crate::model::{MeshHttpRoutePlan, RouteKind, RouteRules, Serving};
use crate::operators::{Arrangement, Rows};

/// The `MeshHTTPRoutes`: one per route and usable listener on which anything of the route is left. Keyed by listener
/// and route.
pub(crate) fn mesh_http_routes<'s>(
    servings: Arrangement<'s, Serving>,
    rules: Arrangement<'s, RouteRules>,
) -> Rows<'s, MeshHttpRoutePlan> {
    servings
        .rekey(|_, serving| (serving.point.usable && serving.route_kind == RouteKind::Http).then_some(serving.route))
        .arrange("servings by route")
        .join(rules, |_, serving, rules| {
            let plan = MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() };
            manifest::serves_anything(&plan).then(|| (serving.point.key.pair(serving.route), plan))
        })
}
