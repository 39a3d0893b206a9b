use crate::model::{Attachment, AttachmentOutcome, Claim, Ref, RouteMatches, Shadowed};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// The matches that a route may not have on a listener, because an older route or an earlier rule holds them. Keyed
/// by listener and route.
///
/// Claims meet by listener, hostname and match, so groups are as small as the conflicts are.
pub(crate) fn rule_precedence<'s>(
    attachments: Rows<'s, Attachment>,
    matches: Rows<'s, RouteMatches>,
) -> Rows<'s, Shadowed> {
    let attached = attachments.rekey(|_, attachment| match attachment.outcome {
        AttachmentOutcome::Attached(_) => Some(attachment.parent.route),
        _ => None,
    });
    let claims = attached
        .arrange("attachments by route")
        .join(matches.arrange("matches by route"), |_, found, matches| rules::precedence::claims(found, matches));
    cogroup("claims by match", [claims.any()], |_, group, shadowed| {
        let claims: Vec<&Ref<Claim>> = group.all().collect();
        shadowed.extend(rules::precedence::losers(&claims));
    })
    .rekey(|_, shadowed| Some(shadowed.claim.listener.pair(shadowed.claim.route)))
}
