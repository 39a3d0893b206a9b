//! What must be in the cluster, or gone from it, before something else is written.

use crate::model::{Action, Content, Key, Kind, MeshGatewayPlan, Pending, Protocol, Settings};
use crate::rules::names;

/// The objects that must not be pending when this row is acted upon.
///
/// A MeshGateway whose port has no route freezes the whole gateway, so its floor comes first and goes last. A Gateway
/// status that waits for the writes on their way is written once instead of twice.
pub fn prerequisites(settings: &Settings, pending: &Pending) -> Vec<Key> {
    match &pending.action {
        Action::Write(desired) => match &desired.content {
            Content::MeshGateway(plan) => {
                let gateway = &plan.managed.gateway;
                let [_, _, floor] = names::gateway_objects(settings, &gateway.namespace, &gateway.name);
                vec![floor.key()]
            }
            Content::GatewayStatus(status) => {
                let gateway = &status.managed.gateway;
                names::gateway_objects(settings, &gateway.namespace, &gateway.name).map(|object| object.key()).to_vec()
            }
            _ => Vec::new(),
        },
        Action::Remove { anchor, .. } if pending.object.kind == Kind::MeshHttpRoute => vec![*anchor],
        Action::Remove { .. } | Action::Obstructed(_) => Vec::new(),
    }
}

/// Whether a row really waits for one of its prerequisites. A route goes after the MeshGateway that goes, or after the
/// listener that leaves it; but a MeshGateway that is to be written may itself be waiting for the floor to move.
pub fn waits_for(waiting: &Pending, prerequisite: &Pending) -> bool {
    match (&waiting.action, &prerequisite.action) {
        (Action::Remove { .. }, Action::Remove { .. }) | (Action::Remove { then: None, .. }, Action::Write(_)) => true,
        (Action::Remove { .. }, _) => false,
        _ => true,
    }
}

/// Whether others wait for this row: objects that belong to a Gateway alone, while they are to be written, and a
/// MeshGateway also while it is to be removed. Once one was refused nothing waits for it, for the status has to say so.
pub fn holds_up_others(pending: &Pending) -> bool {
    let belongs_to_gateway = match &pending.action {
        Action::Obstructed(_) => false,
        Action::Write(_) | Action::Remove { then: Some(_), .. } => gateway_of(pending).is_some(),
        Action::Remove { then: None, .. } => pending.object.kind == Kind::MeshGateway,
    };
    belongs_to_gateway && pending.refusal.is_none()
}

/// Whether a MeshGateway would freeze without a route that is always there: if any of its ports serves requests.
pub fn needs_a_floor(plan: &MeshGatewayPlan) -> bool {
    plan.listeners.iter().any(|state| matches!(state.listener.protocol, Protocol::Http | Protocol::Https))
}

/// The Gateway of which a pending object is a part.
pub fn gateway_of(pending: &Pending) -> Option<Key> {
    let desired = pending.action.desired()?;
    match desired.content {
        Content::MeshGateway(_) | Content::MeshGatewayInstance(_) | Content::Floor(_) => Some(desired.owner.key()),
        _ => None,
    }
}

/// The route whose object was refused.
pub fn refused_route_of(pending: &Pending) -> Option<Key> {
    let desired = pending.action.desired()?;
    let refused = pending.refusal.is_some() && desired.content.serving().is_some();
    refused.then(|| desired.owner.key())
}
