use crate::model::{Listener, ListenerState, ManagedGateway, Ref};
use crate::operators::{Arrangement, Rows, cogroup};
use crate::rules;

/// What became of each listener of the Gateways of ours: usable or not, with reasons. Keyed by the Gateway, whose
/// listeners can clash with one another and so are judged together.
pub(crate) fn listeners<'s>(
    managed: Rows<'s, ManagedGateway>,
    listeners: Rows<'s, Listener>,
) -> Arrangement<'s, ListenerState> {
    let listeners = listeners.rekey(|_, listener| Some(listener.gateway));
    cogroup("listeners by gateway", [managed.any(), listeners.any()], |_, group, states| {
        if let Some(managed) = group.one::<ManagedGateway>() {
            let listeners: Vec<Ref<Listener>> = group.all().cloned().collect();
            states.extend(rules::listeners::states(managed, &listeners));
        }
    })
}
