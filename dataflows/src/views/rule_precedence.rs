use crate::model::{Attachment, AttachmentOutcome, Claim, Padded, Ref, Rule, Shadowed};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// The matches that a route may not have at an attach point, because an older route or an earlier rule holds them, and
/// those that Kuma needs to be told apart from others. Both keyed by route and point.
///
/// Claims meet by point, hostname and path, so groups are as small as the conflicts are.
pub(crate) fn rule_precedence<'s>(
    attachments: Rows<'s, Attachment>,
    rules: Arrangement<'s, Rule>,
) -> (Rows<'s, Shadowed>, Rows<'s, Padded>) {
    let attached = attachments.rekey(|_, attachment| match attachment.outcome {
        AttachmentOutcome::Attached(_) => Some(attachment.parent.route),
        _ => None,
    });
    let claims = attached
        .arrange("attachments by route")
        .join(rules, |_, found, rule| rules::precedence::claims(found, rule))
        .arrange("claims by path");
    let shadowed = claims.clone().group("shadowed claims by path", |_, group, shadowed| {
        let claims: Vec<&Ref<Claim>> = group.all().collect();
        shadowed.extend(rules::precedence::losers(&claims));
    });
    let padded = claims.group("padded claims by path", |_, group, padded| {
        let claims: Vec<&Ref<Claim>> = group.all().collect();
        padded.extend(rules::padding::padded(&claims));
    });
    let place = |claim: &Claim| Some(claim.route.pair(claim.point));
    (shadowed.rekey(move |_, row| place(&row.claim)), padded.rekey(move |_, row| place(&row.claim)))
}
