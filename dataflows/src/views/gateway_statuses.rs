use crate::model::{
    CopyUse, Count, GatewayAddress, GatewayStatus, Generation, Kind, ListenerReport, ListenerState, ManagedGateway,
    Pending, Settings,
};
use crate::operators::{Arrangement, Group, Rows, cogroup};
use crate::rules;

/// What each Gateway of ours should say. Keyed by the Gateway.
///
/// Objects that are still pending are part of it, which is why statuses are a stratum of their own: a status never
/// says of an object that it is in the cluster before the cluster shows it.
pub(crate) fn gateway_statuses<'s>(
    managed: Rows<'s, ManagedGateway>,
    listeners: Rows<'s, ListenerState>,
    attached: Rows<'s, Count>,
    generations: Rows<'s, Generation>,
    addresses: Rows<'s, GatewayAddress>,
    pending: Rows<'s, Pending>,
    settings: &Settings,
) -> Rows<'s, GatewayStatus> {
    let copies = pending_copies(listeners.clone(), pending.clone().arrange("pending objects"), settings);
    let reports = listener_reports(listeners, attached).rekey(|_, report| Some(report.state.managed.key));
    let generations = generations.rekey(|key, row| (row.kind == Kind::Gateway).then_some(key));
    let pending = pending.rekey(|_, row| rules::order::gateway_of(row));
    let inputs = [managed.any(), reports.any(), generations.any(), addresses.any(), pending.any(), copies.any()];
    cogroup("gateway statuses by gateway", inputs, |_, group, statuses| statuses.extend(status(group)))
}

/// Copies that are pending, for each Gateway that uses them. Keyed by the Gateway.
fn pending_copies<'s>(
    listeners: Rows<'s, ListenerState>,
    pending: Arrangement<'s, Pending>,
    settings: &Settings,
) -> Rows<'s, Pending> {
    let settings = settings.clone();
    let uses: Rows<'s, CopyUse> = listeners.flat_map(move |_, state| rules::certificates::copy_uses(&settings, state));
    uses.arrange("gateways by copy").join(pending, |_, used, row| Some((used.gateway, Pending::clone(row))))
}

/// Listeners with the number of routes on them. Keyed by the listener.
fn listener_reports<'s>(listeners: Rows<'s, ListenerState>, attached: Rows<'s, Count>) -> Rows<'s, ListenerReport> {
    let states = listeners.rekey(|_, state| Some(state.key));
    cogroup("listener reports by listener", [states.any(), attached.any()], |_, group, reports| {
        let attached_routes = group.one::<Count>().map_or(0, |count| count.count);
        let state = group.one::<ListenerState>();
        reports.extend(state.map(|state| ListenerReport { state: state.clone(), attached_routes }));
    })
}

fn status(group: &Group<'_>) -> Option<GatewayStatus> {
    let (managed, row) = (group.one::<ManagedGateway>()?, group.one::<Generation>()?);
    let mut listeners: Vec<_> = group.all::<ListenerReport>().map(|report| ListenerReport::clone(report)).collect();
    listeners.sort_unstable_by_key(|report| report.state.listener.index);
    let mut pending: Vec<_> = group.all::<Pending>().cloned().collect();
    pending.sort_unstable_by(|left, right| left.object.cmp(&right.object));
    let addresses = rules::addresses::shown(&managed.gateway.addresses, group.all::<GatewayAddress>());
    Some(GatewayStatus { generation: row.generation, managed: managed.clone(), listeners, addresses, pending })
}
