use crate::model::{GatewayAddress, GatewayStatus, Generation, Kind, ListenerReport, ManagedGateway, Pending, Ref};
use crate::operators::{Group, Rows, cogroup};
use crate::rules;

/// What each Gateway of ours should say. Keyed by the Gateway.
///
/// Objects that are still pending are part of it, which is why statuses are a stratum of their own: a status never
/// says of an object that it is in the cluster before the cluster shows it.
pub(crate) fn gateway_statuses<'s>(
    managed: Rows<'s, ManagedGateway>,
    reports: Rows<'s, ListenerReport>,
    generations: Rows<'s, Generation>,
    addresses: Rows<'s, GatewayAddress>,
    pending: Rows<'s, Pending>,
) -> Rows<'s, GatewayStatus> {
    let reports = reports.rekey(|_, report| Some(report.state.managed.key));
    let generations = generations.rekey(|key, row| (row.kind == Kind::Gateway).then_some(key));
    let inputs = [managed.any(), reports.any(), generations.any(), addresses.any(), pending.any()];
    cogroup("gateway statuses by gateway", inputs, |_, group, statuses| statuses.extend(status(group)))
}

fn status(group: &Group<'_>) -> Option<GatewayStatus> {
    let (managed, row) = (group.one::<ManagedGateway>()?, group.one::<Generation>()?);
    let states = group.all::<ListenerReport>().map(|report| &report.state);
    let attached_sets = rules::listener_sets::attached(states);
    let own = |report: &&Ref<ListenerReport>| report.state.listener.set.is_none();
    let own = group.all::<ListenerReport>().filter(own);
    let mut listeners: Vec<_> = own.map(|report| ListenerReport::clone(report)).collect();
    listeners.sort_unstable_by_key(|report| report.state.listener.index);
    let mut pending: Vec<_> = group.all::<Pending>().cloned().collect();
    pending.sort_unstable_by(|left, right| left.object.cmp(&right.object));
    let addresses = rules::addresses::shown(&managed.gateway.addresses, group.all::<GatewayAddress>());
    let (generation, managed) = (row.generation, managed.clone());
    Some(GatewayStatus { generation, managed, listeners, attached_sets, addresses, pending })
}
