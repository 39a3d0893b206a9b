use crate::model::{Attachment, AttachmentOutcome, Key, Kind, ListenerState, NamespaceLabels, ParentRef};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// One verdict per parentRef and listener it asks for. Keyed by the parentRef.
///
/// Only parentRefs on listeners that select namespaces by label depend on labels, and only on those of their own
/// namespace.
pub(crate) fn attachments<'s>(
    parents: Arrangement<'s, ParentRef>,
    listeners: Rows<'s, ListenerState>,
    labels: Arrangement<'s, NamespaceLabels>,
) -> Rows<'s, Attachment> {
    let points = listeners.flat_map(|_, state| {
        let point = rules::listeners::attach_point(state);
        Some((point.parent, point))
    });
    let judged = parents.join(points.arrange("attach points by parent"), |_, parent, point| {
        let outcome = rules::attachment::attach(parent, point)?;
        Some((parent.key(), Attachment { parent: parent.clone(), point: point.clone(), outcome }))
    });
    let asks = |attachment: &Attachment| attachment.outcome == AttachmentOutcome::AsksNamespace;
    let namespace = |parent: &ParentRef| Key::of(Kind::Namespace, "", &parent.age.namespace);
    let by_labels = judged
        .clone()
        .rekey(move |_, found| asks(found).then(|| namespace(&found.parent)))
        .arrange("attachments by namespace")
        .left_join(labels, |_, found, labels| {
            let outcome = rules::attachment::attach_by_labels(found, labels.map(|labels| &labels.labels));
            Some((found.parent.key(), Attachment { outcome, ..Attachment::clone(found) }))
        });
    judged.rekey(move |key, found| (!asks(found)).then_some(key)).concat(by_labels)
}
