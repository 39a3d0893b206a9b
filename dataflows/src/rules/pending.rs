//! What has to be done about an object: the difference between what should be and what is.

use crate::manifest;
use crate::model::{Action, Desired, Held, Kind, Observed, Pending, Ref, Refusal, Settings};
use crate::rules::names;

/// What has to be done, if anything.
///
/// There is no memory of past writes in this: a row is pending exactly as long as the cluster shows something else,
/// whoever made it so.
pub fn pending(
    settings: &Settings,
    desired: Option<&Ref<Desired>>,
    observed: Option<&Ref<Observed>>,
    held: Option<&Ref<Held>>,
    refusal: Option<&Ref<Refusal>>,
) -> Option<Pending> {
    let (object, action) = match (desired, observed) {
        (Some(desired), None) => (&desired.object, Action::Write(desired.clone())),
        (Some(desired), Some(observed)) => (&desired.object, difference(settings, desired, observed)?),
        (None, Some(observed)) if observed.ours && held.is_none() => {
            (&observed.object, Action::Remove { then: None, anchor: observed.anchor })
        }
        (None, _) => return None,
    };
    let attempted = || match &action {
        Action::Write(desired) => Some(manifest::fingerprint(settings, desired)),
        Action::Remove { .. } | Action::Obstructed(_) => None,
    };
    let refusal = refusal.filter(|refusal| refusal.fingerprint == attempted()).map(|refusal| refusal.reason.clone());
    // What is somebody else's is nothing of which others could have to wait.
    let ours = observed.filter(|observed| observed.ours);
    let copies = ours.map(|observed| observed.copies().to_vec()).unwrap_or_default();
    Some(Pending { object: object.clone(), action, present: ours.is_some(), copies, refusal })
}

/// Whether an object that bears this owner label is the one that we would write, although its annotation does not say so
/// any more. The label is a hash over our controllerName and the owner: nobody else's object bears it.
pub fn is_claimed(settings: &Settings, claim: Option<&str>, desired: &Desired) -> bool {
    claim.is_some_and(|label| *label == *names::owner_label(settings, &desired.owner()))
}

/// Kuma cannot move an object to another mesh, for its owner reference would stay behind. An instance has none to its
/// mesh, and to delete it would be to lose the address of its load balancer.
const fn moves_in_place(kind: Kind) -> bool {
    matches!(kind, Kind::MeshGatewayInstance)
}

fn difference(settings: &Settings, desired: &Ref<Desired>, observed: &Observed) -> Option<Action> {
    if !observed.ours && !is_claimed(settings, observed.claim(), desired) {
        Some(Action::Obstructed(desired.clone()))
    } else if *observed.mesh != *desired.mesh() && !moves_in_place(desired.object.kind) {
        Some(Action::Remove { then: Some(desired.clone()), anchor: observed.anchor })
    } else if observed.fingerprint == manifest::fingerprint(settings, desired) {
        None
    } else {
        Some(Action::Write(desired.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Content, Fingerprint, Floor, Gateway, Key, ManagedGateway, ObjectName};

    fn desired(kind: Kind) -> Ref<Desired> {
        let gateway = Gateway {
            namespace: "infra".into(),
            name: "edge".into(),
            uid: None,
            class: Key::of(Kind::GatewayClass, "", "kuma"),
            class_name: "kuma".into(),
            mesh: None,
            infrastructure: crate::model::Infrastructure::default(),
            addresses: Vec::new(),
            allowed_listeners: crate::model::AllowedNamespaces::None,
            client_certificates: crate::model::ClientCertificates::default(),
            backend_certificate: None,
        };
        let managed = ManagedGateway {
            key: Key::of(Kind::Gateway, "infra", "edge"),
            gateway: gateway.into(),
            mesh: "default".into(),
            mesh_services: None,
            parameters: Ref::default(),
            problem: None,
        };
        let content = Content::Floor(Floor { managed: managed.into() }.into());
        Desired::new(ObjectName::new(kind, "infra", "edge"), content).into()
    }

    fn action(settings: &Settings, kind: Kind, ours: bool, claim: Option<&str>, mesh: &str) -> &'static str {
        let desired = desired(kind);
        let observed = Observed {
            object: desired.object.clone(),
            ours,
            mesh: mesh.into(),
            fingerprint: Fingerprint(Key::hash(&[])),
            anchor: desired.object.key(),
            rare: Observed::rare(claim.map(Into::into), Vec::new()),
        };
        match pending(settings, Some(&desired), Some(&observed.into()), None, None).map(|row| row.action) {
            Some(Action::Write(_)) => "write",
            Some(Action::Remove { .. }) => "remove",
            Some(Action::Obstructed(_)) => "obstructed",
            None => "nothing",
        }
    }

    #[test]
    fn only_what_is_ours_is_written_and_an_instance_keeps_its_place() {
        let settings = Settings::default();
        let elsewhere = Settings { controller_name: "example.com/other".into(), ..Settings::default() };
        let owner = ObjectName::new(Kind::Gateway, "infra", "edge");
        let [label, of_others] = [&settings, &elsewhere].map(|settings| names::owner_label(settings, &owner));
        let table = [
            (Kind::MeshHttpRoute, true, None, "default", "write"),
            (Kind::MeshHttpRoute, true, None, "other", "remove"),
            (Kind::MeshGatewayInstance, true, None, "other", "write"),
            (Kind::MeshHttpRoute, false, None, "default", "obstructed"),
            (Kind::MeshHttpRoute, false, Some(&*label), "default", "write"),
            (Kind::MeshHttpRoute, false, Some(&*of_others), "default", "obstructed"),
            (Kind::MeshHttpRoute, false, Some("something"), "default", "obstructed"),
        ];
        for (kind, ours, claim, mesh, expected) in table {
            assert_eq!(action(&settings, kind, ours, claim, mesh), expected, "{kind} {ours} {claim:?} {mesh}");
        }
    }
}
