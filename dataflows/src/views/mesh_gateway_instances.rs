use crate::model::{InstancePlan, ListenerState};
use crate::operators::Arrangement;

/// The `MeshGatewayInstances`: one per accepted Gateway, so that an address survives a broken certificate. Keyed by the
/// Gateway.
pub(crate) fn mesh_gateway_instances(listeners: Arrangement<'_, ListenerState>) -> Arrangement<'_, InstancePlan> {
    listeners.group("mesh gateway instances by gateway", |_, group, plans| {
        let accepted = group.all::<ListenerState>().find(|state| state.gateway_accepted);
        plans.extend(accepted.map(|state| InstancePlan { managed: state.managed.clone() }));
    })
}
