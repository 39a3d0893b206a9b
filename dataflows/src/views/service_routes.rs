use crate::model::{MeshHttpRoutePlan, ServiceRoutePlan};
use crate::operators::Rows;
use crate::rules;

/// The `MeshHTTPRoutes` on Services: one per route and Service, with all ports of the Service that the route asks for.
/// Keyed by route and Service.
pub(crate) fn service_routes(routes: Rows<'_, MeshHttpRoutePlan>) -> Rows<'_, ServiceRoutePlan> {
    routes
        .arrange("routes by route and Service")
        .group("MeshHTTPRoutes by route and Service", |_, group, plans| {
            plans.extend(rules::service_routes::plan(group.all::<MeshHttpRoutePlan>().cloned().collect()));
        })
        .rows()
}
