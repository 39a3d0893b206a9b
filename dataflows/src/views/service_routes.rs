use crate::model::{MeshHttpRoutePlan, ServiceRoutePlan};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// The `MeshHTTPRoutes` on Services: one per route and Service, with all ports of the Service that the route asks for.
/// Keyed by route and Service.
pub(crate) fn service_routes(routes: Rows<'_, MeshHttpRoutePlan>) -> Rows<'_, ServiceRoutePlan> {
    cogroup("MeshHTTPRoutes by route and Service", [routes.any()], |_, group, plans| {
        plans.extend(rules::service_routes::plan(group.all::<MeshHttpRoutePlan>().cloned().collect()));
    })
}
