//! What must be in the cluster, or gone from it, before something else is written.
//!
//! A running Kuma freezes a whole gateway over a port for requests that has no route, and over a listener whose
//! certificate is not there: it goes on serving what it had and says so in its log alone (S1, S2 and S7 in the table of
//! `tests/README.md`). What its listeners name is described in
//! <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-listeners/>.

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
        AllowedNamespaces, Attachment, AttachmentOutcome, Desired, Floor, GatewayStatus, MeshHttpRoutePlan, ObjectName,
        RouteKind, Text,
    };
    use crate::rules::attachment::{serving, tests as attachment};
    use crate::rules::certificates::References;
    use crate::rules::listeners::{states, tests as fixture};

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
        }
    }

    fn pending(object: &ObjectName, action: Action) -> Pending {
        Pending { object: object.clone(), action, present: false, copies: Vec::new(), refusal: None }
    }

    /// What is made for a Gateway with these listeners: MeshGateway, floor and status.
    fn of_gateway(listeners: &[&str]) -> [Ref<Desired>; 3] {
        let managed = fixture::managed(false);
        let listeners = states(&managed, &fixture::listeners(listeners), &[], &References::default());
        let listeners = listeners.into_iter().map(Ref::new).collect();
        let [mesh_gateway, _, floor] = names::gateway_objects(&Settings::default(), "infra", "edge");
        let plan = MeshGatewayPlan { managed: managed.clone(), listeners, hostnames: Vec::new() };
        let status = GatewayStatus {
            generation: 1,
            managed: managed.clone(),
            listeners: Vec::new(),
            attached_sets: 0,
            addresses: Vec::new(),
            pending: Vec::new(),
        };
        [
            Desired::new(mesh_gateway, Content::MeshGateway(plan.into())).into(),
            Desired::new(floor, Content::Floor(Floor { managed: managed.clone() }.into())).into(),
            Desired::new(ObjectName::new(Kind::Gateway, "infra", "edge"), Content::GatewayStatus(status.into())).into(),
        ]
    }

    #[test]
    fn what_could_freeze_a_gateway_waits() {
        let [gateway, floor, status] = of_gateway(&["80 HTTP"]);
        let (route, secret) = (route(), ObjectName::new(Kind::Secret, "kuma-system", "copy"));
        let write = |desired: &Ref<Desired>| pending(&desired.object, Action::Write(desired.clone()));
        let blocked = |desired: &Ref<Desired>| pending(&desired.object, Action::Obstructed(desired.clone()));
        let gone = |object: &ObjectName| pending(object, Action::Remove { then: None, anchor: gateway.object.key() });
        let moved = |desired: &Ref<Desired>| {
            pending(&desired.object, Action::Remove { then: Some(desired.clone()), anchor: gateway.object.key() })
        };
        let refused = |pending: Pending| Pending { refusal: Some("a webhook said no".into()), ..pending };
        let copy = |action: Action, present: bool| Pending { present, ..pending(&secret, action) };
        let made = || Action::Write(route.clone());
        let table = [
            ("a route goes after the listener", gone(&route.object), write(&gateway), true),
            ("a route goes after the MeshGateway", gone(&route.object), gone(&gateway.object), true),
            ("a floor moves after the MeshGateway goes", moved(&floor), gone(&gateway.object), true),
            ("or it would wait for what waits for it", moved(&floor), write(&gateway), false),
            ("who may not be touched is not waited for", gone(&route.object), blocked(&gateway), false),
            ("a floor comes first", write(&gateway), write(&floor), true),
            ("a copy that is missing comes first", write(&gateway), copy(made(), false), true),
            ("one that is renewed need not", write(&gateway), copy(made(), true), false),
            ("one that somebody else holds is missing", write(&gateway), copy(blocked(&route).action, true), true),
            ("one of another mesh is missing", write(&gateway), copy(moved(&route).action, true), true),
            ("a copy goes when nobody names it", gone(&secret), write(&gateway), true),
            ("a status is written once", write(&status), write(&gateway), true),
            ("and tells of a refusal", write(&status), refused(write(&gateway)), false),
            ("and of what is in the way", write(&status), blocked(&gateway), false),
        ];
        for (what, waiting, prerequisite, expected) in table {
            assert_eq!(waits_for(&waiting, &prerequisite), expected, "{what}");
        }
    }

    #[test]
    fn only_ports_for_requests_freeze_without_a_route() {
        for (listeners, expected) in [
            (vec!["80 HTTP"], true),
            (vec!["443 HTTPS"], true),
            (vec!["81 TCP", "80 HTTP"], true),
            (vec!["81 TCP", "443 PASS"], false),
            (vec![], false),
        ] {
            let Content::MeshGateway(plan) = &of_gateway(&listeners)[0].content else { panic!("a MeshGateway") };
            assert_eq!(needs_a_floor(plan), expected, "{listeners:?}");
        }
    }

    #[test]
    fn what_others_wait_for_is_found_by_them() {
        let [gateway, floor, status] = of_gateway(&["80 HTTP"]);
        let (route, copy) = (route(), ObjectName::new(Kind::Secret, "kuma-system", "copy").key());
        let keys = |pending: Pending| prerequisites(&Settings::default(), &pending);
        let write = |desired: &Ref<Desired>| pending(&desired.object, Action::Write(desired.clone()));
        let gone = |object: &ObjectName| pending(object, Action::Remove { then: None, anchor: gateway.object.key() });
        let naming = Pending { copies: vec![copy], ..gone(&gateway.object) };
        let refused = Pending { refusal: Some("a webhook said no".into()), ..write(&floor) };

        assert_eq!(keys(write(&gateway)), holds(&write(&floor)));
        assert!(keys(write(&status)).contains(&gateway.object.key()));
        assert_eq!(keys(gone(&route.object)), holds(&gone(&gateway.object)));
        assert_eq!(holds(&naming), [gateway.object.key(), named(copy)]);
        assert_eq!(holds(&refused), [], "the status has to tell of it");
        assert_eq!((keys(write(&route)), holds(&write(&route))), (vec![], vec![]));
    }
}
