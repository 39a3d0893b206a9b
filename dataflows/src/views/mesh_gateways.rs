use crate::model::{ListenerHostname, ListenerState, MeshGatewayPlan, Ref};
use crate::operators::{Rows, cogroup};

/// The `MeshGateways`: one per accepted Gateway with a usable listener. Keyed by the Gateway, whose groups are as large
/// as the MeshGateway itself.
pub(crate) fn mesh_gateways<'s>(
    listeners: Rows<'s, ListenerState>,
    hostnames: Rows<'s, ListenerHostname>,
) -> Rows<'s, MeshGatewayPlan> {
    cogroup("mesh gateways by gateway", [listeners.any(), hostnames.any()], |_, group, plans| {
        let mut usable: Vec<_> = group.all::<ListenerState>().filter(|state| state.usable).cloned().collect();
        usable.sort_unstable_by(|left, right| left.listener.place().cmp(&right.listener.place()));
        if let Some(managed) = usable.first().map(|first| first.managed.clone()) {
            let mut hostnames: Vec<Ref<ListenerHostname>> = group.all().cloned().collect();
            hostnames.sort_unstable_by(|left, right| (**left).cmp(right));
            plans.push(MeshGatewayPlan { managed, listeners: usable, hostnames });
        }
    })
}
