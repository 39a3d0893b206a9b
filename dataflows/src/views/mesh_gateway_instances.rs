use crate::model::{InstancePlan, ListenerState};
use crate::operators::Rows;

/// The `MeshGatewayInstances`: one per accepted Gateway, so that an address survives a broken certificate. Keyed by the
/// Gateway.
///
/// It is there once per listener, which means the same.
pub(crate) fn mesh_gateway_instances(listeners: Rows<'_, ListenerState>) -> Rows<'_, InstancePlan> {
    let instance = |gateway, managed| (gateway, InstancePlan { managed });
    listeners
        .flat_map(move |gateway, state| state.gateway_accepted.then(|| instance(gateway, state.managed.clone())))
        .shared("mesh gateway instances")
}
