use crate::model::{AttachPoint, Everything, MeshHttpRoutePlan, ServiceFloor, Serving};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// The floors of ports of Services: one for each port that has routes, unless one of them answers everything. Keyed by
/// the port.
///
/// However many routes a port has, its group holds two rows at most: all routes say the same of it.
pub(crate) fn service_floors<'s>(
    servings: Rows<'s, Serving>,
    routes: Rows<'s, MeshHttpRoutePlan>,
) -> Rows<'s, ServiceFloor> {
    let points = servings.flat_map(|_, serving| rules::service_routes::floor_of(serving));
    let everything = routes.flat_map(|_, plan| {
        rules::service_routes::serves_everything(plan).then_some((plan.serving.point.key, Everything {}))
    });
    cogroup("floors by Service port", [points.any(), everything.any()], |_, group, floors| {
        if group.one::<Everything>().is_none() {
            floors.extend(group.one::<AttachPoint>().map(|point| ServiceFloor { point: point.clone() }));
        }
    })
}
