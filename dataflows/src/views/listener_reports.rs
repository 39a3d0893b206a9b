use crate::model::{Count, ListenerReport, ListenerState};
use crate::operators::{Rows, cogroup};

/// Listeners with the number of routes on them. Keyed by the listener.
pub(crate) fn listener_reports<'s>(
    listeners: Rows<'s, ListenerState>,
    attached: Rows<'s, Count>,
) -> Rows<'s, ListenerReport> {
    let states = listeners.rekey(|_, state| Some(state.key));
    cogroup("listener reports by listener", [states.any(), attached.any()], |_, group, reports| {
        let attached_routes = group.one::<Count>().map_or(0, |count| count.count);
        let state = group.one::<ListenerState>();
        reports.extend(state.map(|state| ListenerReport { state: state.clone(), attached_routes }));
    })
}
