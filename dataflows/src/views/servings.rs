use crate::model::{Attachment, AttachmentOutcome, Padded, Ref, Serving, Shadowed};
use crate::operators::{Arrangement, Rows, cogroup};
use crate::rules;

/// One row per route and attach point, however many parentRefs lead there. Keyed by route and point, and
/// indexed by the route.
pub(crate) fn servings<'s>(
    attachments: Rows<'s, Attachment>,
    shadowed: Rows<'s, Shadowed>,
    padded: Rows<'s, Padded>,
) -> (Rows<'s, Serving>, Arrangement<'s, Serving>) {
    let attached = attachments.rekey(|_, attachment| match attachment.outcome {
        AttachmentOutcome::Attached(_) => Some(attachment.parent.route.pair(attachment.point.key)),
        _ => None,
    });
    let inputs = [attached.any(), shadowed.any(), padded.any()];
    let servings = cogroup("servings by route and point", inputs, |_, group, servings| {
        let attachments: Vec<_> = group.all::<Attachment>().collect();
        let shadowed: Vec<_> = group.all::<Shadowed>().cloned().collect();
        let padded: Vec<_> = group.all::<Padded>().cloned().collect();
        servings.extend(rules::attachment::serving(&attachments, shadowed, padded));
    });
    let by_route = servings.clone().rekey(|_, serving: &Ref<Serving>| Some(serving.route));
    (servings, by_route.arrange("servings by route"))
}
