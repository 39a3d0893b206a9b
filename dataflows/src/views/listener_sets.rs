use crate::model::{Key, Kind, LabelledSet, ListenerSet, ManagedGateway, ManagedSet, NamespaceLabels};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// The `ListenerSets` that add to Gateways of ours, whether these allow them or not. Keyed by the ListenerSet.
pub(crate) fn listener_sets<'s>(
    sets: Rows<'s, ListenerSet>,
    managed: Arrangement<'s, ManagedGateway>,
    labels: Arrangement<'s, NamespaceLabels>,
) -> Rows<'s, ManagedSet> {
    sets.rekey(|_, set| Some(Key::of(Kind::Namespace, "", &set.age.namespace)))
        .arrange("listener sets by namespace")
        .left_join(labels, |_, set, labels| {
            Some((set.gateway, LabelledSet { set: set.clone(), labels: labels.cloned() }))
        })
        .arrange("listener sets by gateway")
        .join(managed, |_, labelled, managed| {
            Some((labelled.set.key(), rules::listener_sets::managed(labelled, managed)))
        })
        .shared("listener sets")
}
