//! What must be in the cluster, or gone from it, before something else is written.

use crate::model::{
    Action, Content, Gateway, Key, Kind, ListenerState, MeshGatewayPlan, Pending, Protocol, Ref, Settings,
};
use crate::rules::{certificates, names};

/// The keys under which this row looks for rows that it has to wait for; see [`holds`].
///
/// A MeshGateway whose port has no route freezes the whole gateway, so its floor comes first and goes last. So does one
/// that names a copy which is not there: copies come first, and go when no MeshGateway in the cluster names them. A
/// Gateway status that waits for the writes on their way is written once instead of twice.
pub fn prerequisites(settings: &Settings, pending: &Pending) -> Vec<Key> {
    match &pending.action {
        Action::Write(desired) => match &desired.content {
            Content::MeshGateway(plan) => {
                let gateway = &plan.managed.gateway;
                let [_, _, floor] = names::gateway_objects(settings, &gateway.namespace, &gateway.name);
                std::iter::once(floor.key()).chain(copies(settings, plan.listeners.iter())).collect()
            }
            Content::GatewayStatus(status) => of_status(settings, &status.managed.gateway, &status.pending),
            Content::ListenerSetStatus(status) => of_status(settings, &status.set.managed.gateway, &status.pending),
            _ => Vec::new(),
        },
        Action::Remove { then: None, .. } if pending.object.kind == Kind::Secret => vec![named(pending.object.key())],
        Action::Remove { anchor, .. } if *anchor != pending.object.key() => vec![*anchor],
        Action::Remove { .. } | Action::Obstructed(_) => Vec::new(),
    }
}

/// What the status of a Gateway, or of a ListenerSet that adds to it, waits for: all that is made for the Gateway. A
/// MeshGateway that waits for a copy which cannot be written is not waited for: the status has to say so.
fn of_status(settings: &Settings, gateway: &Gateway, pending: &[Ref<Pending>]) -> Vec<Key> {
    let [mesh_gateway, instance, floor] = names::gateway_objects(settings, &gateway.namespace, &gateway.name);
    let stuck = |row: &Ref<Pending>| is_missing_copy(row) && (row.refusal.is_some() || is_obstructed(row));
    let mesh_gateway = (!pending.iter().any(stuck)).then(|| mesh_gateway.key());
    let copies = pending.iter().filter(|row| row.object.kind == Kind::Secret).map(|row| row.object.key());
    mesh_gateway.into_iter().chain([instance.key(), floor.key()]).chain(copies).collect()
}

fn copies<'a>(settings: &Settings, states: impl Iterator<Item = &'a Ref<ListenerState>>) -> impl Iterator<Item = Key> {
    states.flat_map(|state| certificates::copies(state)).map(|plan| certificates::copy_key(settings, &plan))
}

/// Whether a row really waits for one that it found. A route goes after the MeshGateway that goes, or after the listener
/// that leaves it; but a MeshGateway that is to be written may itself be waiting for the floor to move. It waits for
/// copies that are not there, and not for one that is only to be renewed.
pub fn waits_for(waiting: &Pending, prerequisite: &Pending) -> bool {
    match (&waiting.action, &prerequisite.action) {
        (Action::Remove { .. }, _) if waiting.object.kind == Kind::Secret => true,
        (Action::Remove { .. }, Action::Remove { .. }) | (Action::Remove { then: None, .. }, Action::Write(_)) => true,
        (Action::Remove { .. }, _) => false,
        (Action::Write(desired), _) if desired.content.is_status() => {
            prerequisite.refusal.is_none() && !is_obstructed(prerequisite)
        }
        _ => prerequisite.object.kind != Kind::Secret || is_missing_copy(prerequisite),
    }
}

/// The keys under which others find this row: its own, if they could wait for it, and one for each copy that a
/// MeshGateway names as long as this is not done.
pub fn holds(pending: &Pending) -> Vec<Key> {
    let own = holds_up_others(pending).then(|| pending.object.key());
    own.into_iter().chain(pending.copies.iter().copied().map(named)).collect()
}

/// The key under which a copy that goes finds the `MeshGateways` that name it: another one than its own, under which
/// those find it that wait until it comes.
fn named(copy: Key) -> Key {
    copy.part("named by", "")
}

/// Whether others wait for this row: objects that belong to a Gateway alone, while they are to be written, and a
/// MeshGateway also while it is to be removed. Once one was refused nothing waits for it, for the status has to say
/// so; but no MeshGateway may name a copy that is not there, whatever the cause.
fn holds_up_others(pending: &Pending) -> bool {
    if pending.object.kind == Kind::Secret {
        return pending.action.desired().is_some();
    }
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

/// Whether this is a copy that is to be made, and the cluster has none that could be served meanwhile.
fn is_missing_copy(pending: &Pending) -> bool {
    let there = match &pending.action {
        Action::Write(_) => pending.present,
        // A copy that bears another mesh is none for its own.
        Action::Remove { then, .. } => then.is_none(),
        Action::Obstructed(_) => false,
    };
    pending.object.kind == Kind::Secret && !there
}

const fn is_obstructed(pending: &Pending) -> bool {
    matches!(pending.action, Action::Obstructed(_))
}

/// The Gateway of which a pending object is a part, if it is the part of one alone.
pub fn gateway_of(pending: &Pending) -> Option<Key> {
    let desired = pending.action.desired()?;
    match desired.content {
        Content::MeshGateway(_) | Content::MeshGatewayInstance(_) | Content::Floor(_) => Some(desired.owner().key()),
        _ => None,
    }
}

/// The route whose object was refused.
pub fn refused_route_of(pending: &Pending) -> Option<Key> {
    let desired = pending.action.desired()?;
    let of_route = pending.refusal.is_some() && !desired.content.servings().is_empty();
    of_route.then(|| desired.owner().key())
}

/// Whether a row concerns nobody else, as most do that are not refused and are made of routes: it waits for nothing, nothing
/// waits for it, and no status tells of it.
pub fn stands_alone(settings: &Settings, pending: &Pending) -> bool {
    pending.object.kind != Kind::Secret
        && prerequisites(settings, pending).is_empty()
        && holds(pending).is_empty()
        && gateway_of(pending).is_none()
        && refused_route_of(pending).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AllowedNamespaces, Attachment, AttachmentOutcome, Desired, MeshHttpRoutePlan, ObjectName, RouteKind, Text,
    };
    use crate::rules::attachment::{serving, tests as attachment};

    fn route() -> Ref<Desired> {
        let point = attachment::point("", AllowedNamespaces::All, &[RouteKind::Http]);
        let parent = attachment::parent("infra", None, None, &[]);
        let outcome = AttachmentOutcome::Attached(parent.hostnames.clone());
        let serving = serving(&[&Attachment { parent, point, outcome }.into()], Vec::new(), Vec::new()).unwrap();
        let object = names::route_object(&Settings::default(), &serving);
        let plan = MeshHttpRoutePlan { serving: serving.into(), rules: Ref::default() };
        Desired::new(object, Content::MeshHttpRoute(plan.into())).into()
    }

    #[test]
    fn most_that_is_made_of_routes_stands_alone() {
        let (settings, route) = (Settings::default(), route());
        let secret = ObjectName::new(Kind::Secret, "kuma-system", "copy");
        let gateway = ObjectName::new(Kind::MeshGateway, "", "edge.infra");
        let write = || Action::Write(route.clone());
        let remove = |anchor: &ObjectName| Action::Remove { then: None, anchor: anchor.key() };
        let (none, copies) = (Vec::new(), vec![secret.key()]);
        let table = [
            (&route.object, write(), None, &none, true),
            (&route.object, Action::Obstructed(route.clone()), None, &none, true),
            (&route.object, write(), Some("a webhook said no"), &none, false),
            (&route.object, remove(&gateway), None, &none, false),
            (&route.object, remove(&route.object), None, &none, true),
            (&gateway, remove(&gateway), None, &none, false),
            (&gateway, remove(&gateway), Some("a webhook said no"), &copies, false),
            (&secret, Action::Obstructed(route.clone()), None, &none, false),
        ];
        for (object, action, refusal, copies, expected) in table {
            let (object, refusal, copies) = (object.clone(), refusal.map(Text::from), copies.clone());
            let pending = Pending { object, action, present: false, copies, refusal };
            assert_eq!(stands_alone(&settings, &pending), expected, "{pending:?}");
            let told_of = gateway_of(&pending).is_some() || refused_route_of(&pending).is_some();
            let holding = !holds(&pending).is_empty() || !prerequisites(&settings, &pending).is_empty();
            assert!(!expected || !(told_of || holding), "{pending:?}");
        }
    }
}
