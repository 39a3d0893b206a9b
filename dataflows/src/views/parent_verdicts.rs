use crate::model::{
    Attachment, Few, ManagedGateway, ManagedSet, ParentCandidate, ParentRef, ParentVerdict, RouteParent,
};
use crate::operators::{Arrangement, Rows, cogroup};
use crate::rules;

/// What became of each parentRef that leads to a Gateway of ours or to a ListenerSet that adds to one. Keyed by the route.
pub(crate) fn parent_verdicts<'s>(
    parents: Arrangement<'s, ParentRef>,
    managed: Arrangement<'s, ManagedGateway>,
    sets: Rows<'s, ManagedSet>,
    attachments: Rows<'s, Attachment>,
) -> Rows<'s, ParentVerdict> {
    let gateways =
        managed.flat_map(|key, managed| Some((key, RouteParent { managed: managed.clone(), allowed: true })));
    let sets = sets.flat_map(|key, set| Some((key, rules::listener_sets::route_parent(set))));
    let candidates = parents.join(gateways.concat(sets).arrange("gateways and listener sets"), |_, parent, found| {
        Some((parent.key(), rules::attachment::candidate(parent, found)))
    });
    let attachments = attachments.rekey(|parent, attachment| attachment.point.listener().map(|_| parent));
    cogroup("parent verdicts by parentRef", [candidates.any(), attachments.any()], |_, group, verdicts| {
        if let Some(candidate) = group.one::<ParentCandidate>() {
            let outcomes = group.all::<Attachment>().map(|attachment| &attachment.outcome);
            let problem = rules::attachment::verdict(candidate, outcomes);
            let (parent, ports, not_http) = (candidate.parent.clone(), Few::new(), Few::new());
            verdicts.push(ParentVerdict { parent, problem, ports, not_http });
        }
    })
    .rekey(|_, verdict| Some(verdict.parent.route))
}
