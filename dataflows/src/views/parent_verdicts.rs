use crate::model::{Attachment, ManagedGateway, ParentCandidate, ParentRef, ParentVerdict};
use crate::operators::{Arrangement, Rows, cogroup};
use crate::rules;

/// What became of each parentRef that leads to a Gateway of ours. Keyed by the route.
pub(crate) fn parent_verdicts<'s>(
    parents: Arrangement<'s, ParentRef>,
    managed: Rows<'s, ManagedGateway>,
    attachments: Rows<'s, Attachment>,
) -> Rows<'s, ParentVerdict> {
    let candidates = parents.join(managed.arrange("gateways"), |_, parent, managed| {
        Some((parent.key(), rules::attachment::candidate(parent, managed)))
    });
    cogroup("parent verdicts by parentRef", [candidates.any(), attachments.any()], |_, group, verdicts| {
        if let Some(candidate) = group.one::<ParentCandidate>() {
            let outcomes = group.all::<Attachment>().map(|attachment| &attachment.outcome);
            let problem = rules::attachment::verdict(candidate, outcomes);
            verdicts.push(ParentVerdict { parent: candidate.parent.clone(), problem, not_http: Box::default() });
        }
    })
    .rekey(|_, verdict| Some(verdict.parent.route))
}
