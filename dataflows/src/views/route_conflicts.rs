use crate::model::{Attachment, GrpcListener, Ref, RouteConflict, RouteKind, YieldedPort};
use crate::operators::{Rows, cogroup};
use crate::rules::conflicts;

/// The attachments once HTTPRoutes and GRPCRoutes that meet on a listener or on a port of a Service are told apart, keyed by
/// the parentRef; and the ports that a route yields, keyed by the route.
///
/// HTTPRoutes are only looked at where a GRPCRoute is taken. On a Service they go, on a listener those do whose hostnames
/// meet: who of them is judged among what conflicts there, which is nothing on most.
pub(crate) fn route_conflicts(attachments: Rows<'_, Attachment>) -> (Rows<'_, Attachment>, Rows<'_, YieldedPort>) {
    let is_grpc = |attachment: &Ref<Attachment>| attachment.parent.route_kind == RouteKind::Grpc;
    let (grpc, others) = attachments.divide("attachments by kind", is_grpc);
    let attachments = grpc.clone().concat(others.clone());
    let grpc = grpc.rekey(|_, attachment| conflicts::attached(attachment));
    let is_http = |attachment: &Attachment| attachment.parent.route_kind == RouteKind::Http;
    let http =
        others.rekey(move |_, attachment| is_http(attachment).then(|| conflicts::attached(attachment)).flatten());
    let shared = grpc.clone().flat_map(|point, _| Some((point, GrpcListener {})));
    let shared = shared.distinct("attach points with GRPCRoutes").arrange("attach points with GRPCRoutes");
    let beside = http
        .arrange("HTTPRoutes by attach point")
        .join(shared, |_, found, _| Some((found.parent.key(), Attachment::clone(found))));
    let http = beside.clone().flat_map(|_, attachment| conflicts::places(attachment));
    let grpc = grpc.flat_map(|_, attachment| conflicts::places(attachment)).arrange("GRPCRoutes by hostname");
    let found = http.arrange("HTTPRoutes by hostname").join(grpc, |_, one, other| {
        conflicts::conflict(one, other).map(|conflict| (conflict.older.point.key, conflict))
    });
    let losers = cogroup("routes in conflict", [found.any()], |_, group, out: &mut Vec<Attachment>| {
        out.extend(conflicts::losers(group.all::<RouteConflict>()).into_iter().map(|loser| Attachment::clone(loser)));
    });
    let on_services = beside.rekey(|parent, attachment| attachment.point.service_port().map(|_| parent));
    let yielded = on_services.clone().flat_map(|_, attachment| conflicts::yielded(attachment));
    let losers = losers.rekey(|_, loser| Some(loser.parent.key())).concat(on_services);
    let conflicted = losers.clone().flat_map(|parent, loser| Some((parent, conflicts::conflicted(loser))));
    (attachments.minus(losers).concat(conflicted), yielded)
}
