use crate::model::{Attachment, AttachmentOutcome, Padded, Serving, Shadowed};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// One row per route and attach point, however many parentRefs lead there. Keyed by point and route.
pub(crate) fn servings<'s>(
    attachments: Rows<'s, Attachment>,
    shadowed: Rows<'s, Shadowed>,
    padded: Rows<'s, Padded>,
) -> Rows<'s, Serving> {
    let attached = attachments.rekey(|_, attachment| match attachment.outcome {
        AttachmentOutcome::Attached(_) => Some(attachment.point.key.pair(attachment.parent.route)),
        _ => None,
    });
    cogroup("servings by point and route", [attached.any(), shadowed.any(), padded.any()], |_, group, servings| {
        let attachments: Vec<_> = group.all::<Attachment>().collect();
        let shadowed: Vec<_> = group.all::<Shadowed>().cloned().collect();
        let padded: Vec<_> = group.all::<Padded>().cloned().collect();
        servings.extend(rules::attachment::serving(&attachments, shadowed, padded));
    })
}
