//! What must be in the cluster, or gone from it, before something else is written.

use crate::model::{Action, Content, Key, Kind, Pending, Settings};
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
        Action::Remove { then: None, anchor } if pending.object.kind == Kind::MeshHttpRoute => vec![*anchor],
        Action::Remove { .. } | Action::Obstructed(_) => Vec::new(),
    }
}

/// Whether others wait for this row. Once it was refused, they do not: the status has to say so.
pub fn holds_up_others(pending: &Pending) -> bool {
    pending.refusal.is_none() && !matches!(pending.action, Action::Obstructed(_))
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
    let refused = pending.refusal.is_some() && matches!(desired.content, Content::MeshHttpRoute(_));
    refused.then(|| desired.owner.key())
}
