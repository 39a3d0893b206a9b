use crate::model::{Attachment, GrpcListener, RouteConflict, RouteKind};
use crate::operators::{Rows, cogroup};
use crate::rules::conflicts;

/// The attachments once HTTPRoutes and GRPCRoutes whose hostnames meet on a listener are told apart. Keyed by the
/// parentRef.
///
/// HTTPRoutes are only looked at on listeners that take a GRPCRoute, and there only those whose hostnames meet. Who goes
/// is judged among what conflicts on one listener, which is nothing on most.
pub(crate) fn route_conflicts(attachments: Rows<'_, Attachment>) -> Rows<'_, Attachment> {
    let of_kind = |kind| {
        let found = move |attachment: &Attachment| conflicts::attached(attachment).filter(|(of, _)| *of == kind);
        attachments.clone().rekey(move |_, attachment| found(attachment).map(|(_, listener)| listener))
    };
    let (http, grpc) = (of_kind(RouteKind::Http), of_kind(RouteKind::Grpc));
    let shared = grpc.clone().flat_map(|listener, _| Some((listener, GrpcListener {})));
    let shared = shared.distinct("listeners with GRPCRoutes").arrange("listeners with GRPCRoutes");
    let http = http.arrange("HTTPRoutes by listener").join(shared, |_, attachment, _| conflicts::places(attachment));
    let grpc = grpc.flat_map(|_, attachment| conflicts::places(attachment)).arrange("GRPCRoutes by hostname");
    let found = http.arrange("HTTPRoutes by hostname").join(grpc, |_, one, other| {
        conflicts::conflict(one, other).map(|conflict| (conflict.older.point.key, conflict))
    });
    let losers = cogroup("routes in conflict", [found.any()], |_, group, out: &mut Vec<Attachment>| {
        out.extend(conflicts::losers(group.all::<RouteConflict>()).into_iter().map(|loser| Attachment::clone(loser)));
    });
    let losers = losers.rekey(|_, loser| Some(loser.parent.key()));
    let conflicted = losers.clone().flat_map(|parent, loser| Some((parent, conflicts::conflicted(loser))));
    attachments.minus(losers).concat(conflicted)
}
