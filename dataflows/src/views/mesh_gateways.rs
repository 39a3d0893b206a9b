use crate::model::{ListenerState, MeshGatewayPlan};
use crate::operators::Arrangement;

/// The `MeshGateways`: one per accepted Gateway with a usable listener. Keyed by the Gateway.
pub(crate) fn mesh_gateways(listeners: Arrangement<'_, ListenerState>) -> Arrangement<'_, MeshGatewayPlan> {
    listeners.group("mesh gateways by gateway", |_, group, plans| {
        let mut usable: Vec<_> = group.all::<ListenerState>().filter(|state| state.usable).cloned().collect();
        usable.sort_unstable_by_key(|state| state.listener.index);
        if let Some(managed) = usable.first().map(|first| first.managed.clone()) {
            plans.push(MeshGatewayPlan { managed, listeners: usable });
        }
    })
}
