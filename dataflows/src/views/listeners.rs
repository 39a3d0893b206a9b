use crate::model::{FoundCertificate, GrantedCertificate, Listener, ListenerState, ManagedGateway, ManagedSet, Ref};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// What became of each listener of the Gateways of ours and of the `ListenerSets` that add to them: usable or not, with
/// reasons. Keyed by the Gateway, whose listeners can clash with one another and so are judged together.
pub(crate) fn listeners<'s>(
    managed: Rows<'s, ManagedGateway>,
    sets: Rows<'s, ManagedSet>,
    listeners: Rows<'s, Listener>,
    (found, granted): (Rows<'s, FoundCertificate>, Rows<'s, GrantedCertificate>),
) -> Rows<'s, ListenerState> {
    let listeners = listeners.rekey(|_, listener| Some(listener.gateway));
    let sets = sets.rekey(|_, set| Some(set.managed.key));
    let inputs = [managed.any(), sets.any(), listeners.any(), found.any(), granted.any()];
    cogroup("listeners by gateway", inputs, |_, group, states| {
        if let Some(managed) = group.one::<ManagedGateway>() {
            let listeners: Vec<Ref<Listener>> = group.all().cloned().collect();
            let found = group.all::<FoundCertificate>().map(|found| &**found).collect();
            let granted = group.all::<GrantedCertificate>().map(|granted| granted.used).collect();
            let references = rules::certificates::References { found, granted };
            let sets: Vec<_> = group.all::<ManagedSet>().collect();
            states.extend(rules::listeners::states(managed, &listeners, &sets, &references));
        }
    })
}
