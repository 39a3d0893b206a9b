//! Which routes a listener takes.

use crate::model::{
    AllowedNamespaces, AttachPoint, Attachment, AttachmentOutcome, ListenerPlace, Padded, ParentCandidate,
    ParentProblem, ParentRef, Ref, RouteParent, Selector, SelectorRequirement, Serving, Shadowed, Text,
};
use crate::rules::{hostname, meshes};
use std::collections::BTreeMap;

/// The verdict of one listener on one parentRef. `None` if the parentRef does not ask for this listener, or comes from
/// another mesh, which [`candidate`] tells of; but that the parent is not accepted is said of every listener.
///
/// Kind, namespace and hostname are judged listener by listener, so that no listener lends another its permissions.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#parentreference>
pub fn attach(parent: &Ref<ParentRef>, point: &Ref<AttachPoint>) -> Option<AttachmentOutcome> {
    let listener = point.listener()?;
    if !listener.accepted {
        return Some(AttachmentOutcome::GatewayNotAccepted);
    }
    if meshes::name_of(parent.mesh.as_ref()) != &*point.mesh {
        return None;
    }
    let reference = &parent.reference;
    let asked = reference.section_name.as_ref().is_none_or(|name| *name == listener.name)
        && reference.port.is_none_or(|port| port == listener.port);
    asked.then(|| {
        if !listener.kinds.contains(&parent.route_kind) {
            return AttachmentOutcome::KindNotAllowed;
        }
        match &listener.namespaces {
            AllowedNamespaces::All => admit(parent, listener),
            AllowedNamespaces::Same if parent.age.namespace == listener.namespace => admit(parent, listener),
            AllowedNamespaces::Selector(_) => AttachmentOutcome::AsksNamespace,
            AllowedNamespaces::Same | AllowedNamespaces::None | AllowedNamespaces::Unknown(_) => {
                AttachmentOutcome::NamespaceNotAllowed
            }
        }
    })
}

/// The verdict of a listener that selects namespaces by label, once the labels are at hand.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces>
pub fn attach_by_labels(attachment: &Attachment, labels: Option<&BTreeMap<Text, Text>>) -> AttachmentOutcome {
    match attachment.point.listener() {
        Some(listener @ ListenerPlace { namespaces: AllowedNamespaces::Selector(selector), .. })
            if labels.is_some_and(|labels| selects(selector, labels)) =>
        {
            admit(&attachment.parent, listener)
        }
        _ => AttachmentOutcome::NamespaceNotAllowed,
    }
}

/// The last questions: hostnames, and whether there is anything to serve.
fn admit(parent: &ParentRef, listener: &ListenerPlace) -> AttachmentOutcome {
    match hostname::effective(listener.hostname.as_ref(), &parent.hostnames) {
        Some(hostnames) if parent.expressible => AttachmentOutcome::Attached(hostnames),
        Some(_) => AttachmentOutcome::NoRuleLeft,
        None => AttachmentOutcome::NoHostname,
    }
}

/// Whether labels satisfy a selector. An empty selector selects everything.
///
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>
pub fn selects(selector: &Selector, labels: &BTreeMap<Text, Text>) -> bool {
    selector.requirements.iter().all(|requirement| match requirement {
        SelectorRequirement::In { label, values } => labels.get(label).is_some_and(|value| values.contains(value)),
        SelectorRequirement::NotIn { label, values } => labels.get(label).is_none_or(|value| !values.contains(value)),
        SelectorRequirement::Exists { label } => labels.contains_key(label),
        SelectorRequirement::DoesNotExist { label } => !labels.contains_key(label),
        SelectorRequirement::Unknown { .. } => false,
    })
}

/// What a Gateway of ours, or a ListenerSet that adds to one, makes of a parentRef before any listener is asked.
///
/// The mesh of a route must be that of its Gateway, as a MeshHTTPRoute acts only inside its mesh.
pub fn candidate(parent: &Ref<ParentRef>, RouteParent { managed, allowed }: &RouteParent) -> ParentCandidate {
    let mesh = meshes::name_of(parent.mesh.as_ref());
    let problem = if managed.problem.is_some() || !allowed {
        Some(ParentProblem::GatewayNotAccepted)
    } else if mesh != &*managed.mesh {
        Some(ParentProblem::other_mesh(mesh, managed.mesh.clone()))
    } else {
        None
    };
    ParentCandidate { parent: parent.clone(), problem }
}

/// The verdict on a parentRef from those of the listeners it asked for: one that takes it is enough; else the one
/// where it came furthest is the reason. That the Gateway is not accepted is told before anything else.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason>
pub fn verdict<'a>(
    candidate: &ParentCandidate,
    outcomes: impl Iterator<Item = &'a AttachmentOutcome>,
) -> Option<ParentProblem> {
    let furthest = outcomes.max();
    if let (Some(problem), true) = (&candidate.problem, furthest != Some(&AttachmentOutcome::GatewayNotAccepted)) {
        return Some(problem.clone());
    }
    match furthest {
        None => Some(ParentProblem::NoMatchingParent),
        Some(AttachmentOutcome::Attached(_)) => None,
        Some(AttachmentOutcome::GatewayNotAccepted) => Some(ParentProblem::GatewayNotAccepted),
        Some(AttachmentOutcome::Conflicted) => Some(ParentProblem::Conflicted),
        Some(AttachmentOutcome::NoRuleLeft) => Some(ParentProblem::NoRuleLeft),
        Some(AttachmentOutcome::NoHostname) => Some(ParentProblem::NoMatchingListenerHostname),
        Some(_) => Some(ParentProblem::NotAllowedByListeners),
    }
}

/// A route at an attach point from the parentRefs that lead there, what it may not match there and what it has to match
/// more specifically. `None` if no parentRef leads there.
pub fn serving(
    attachments: &[&Ref<Attachment>],
    mut shadowed: Vec<Ref<Shadowed>>,
    mut padded: Vec<Ref<Padded>>,
) -> Option<Serving> {
    let first = attachments.first()?;
    let mut parents: Vec<_> = attachments.iter().map(|attachment| attachment.parent.index).collect();
    parents.sort_unstable();
    parents.dedup();
    // Hostnames come from the route and the point alone, so all parentRefs agree on them.
    let AttachmentOutcome::Attached(hostnames) = &first.outcome else {
        return None;
    };
    shadowed.sort_unstable_by(|left, right| left.claim.cmp(&right.claim));
    padded.sort_unstable_by(|left, right| left.claim.cmp(&right.claim));
    Some(Serving {
        route: first.parent.route,
        route_kind: first.parent.route_kind,
        age: first.parent.age.clone(),
        point: first.point.clone(),
        hostnames: hostnames.clone(),
        parents: parents.into(),
        shadowed: shadowed.into(),
        padded: padded.into(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::model::{
        Age, Group, Hostname, Key, Kind, MeshServices, ParentKind, ParentReference, Place, Protocol, RouteKind,
    };

    pub(in crate::rules) fn parent(
        namespace: &str,
        section: Option<&str>,
        port: Option<u16>,
        hostnames: &[&str],
    ) -> Ref<ParentRef> {
        Ref::new(ParentRef {
            route: Key::of(Kind::HttpRoute, namespace, "web"),
            route_kind: RouteKind::Http,
            index: 0,
            parent: Key::of(Kind::Gateway, "infra", "edge"),
            parent_kind: ParentKind::Gateway,
            reference: ParentReference {
                group: Group::Gateway,
                kind: Kind::Gateway,
                namespace: None,
                name: "edge".into(),
                section_name: section.map(Into::into),
                port,
            },
            age: Age::new(None, namespace.into(), "web".into()),
            mesh: None,
            hostnames: hostnames.iter().filter_map(|name| Hostname::parse(name)).collect(),
            expressible: true,
        })
    }

    pub(in crate::rules) fn point(
        hostname: &str,
        namespaces: AllowedNamespaces,
        kinds: &[RouteKind],
    ) -> Ref<AttachPoint> {
        let place = ListenerPlace {
            gateway: Key::of(Kind::Gateway, "infra", "edge"),
            namespace: "infra".into(),
            mesh_gateway: "edge.infra".into(),
            accepted: true,
            name: "web".into(),
            tag: "web".into(),
            port: 80,
            protocol: Protocol::Http,
            hostname: Hostname::parse(hostname),
            namespaces,
            kinds: kinds.to_vec(),
            usable: true,
        };
        Ref::new(AttachPoint {
            key: Key::of(Kind::Gateway, "infra", "edge").part("listener", "web"),
            parent: Key::of(Kind::Gateway, "infra", "edge"),
            mesh: "default".into(),
            mesh_services: MeshServices::Disabled,
            place: Place::Listener(place),
        })
    }

    #[test]
    fn one_listener_judges_kind_namespace_and_hostname_in_this_order() {
        use AttachmentOutcome::{AsksNamespace, Attached, KindNotAllowed, NamespaceNotAllowed, NoHostname};
        let http = &[RouteKind::Http];
        let host = |name: &str| Attached([Hostname::parse(name).unwrap()].into());
        let table = [
            (
                parent("infra", None, None, &[]),
                point("", AllowedNamespaces::Same, http),
                Some(Attached(Arc::default())),
            ),
            (
                parent("infra", Some("web"), Some(80), &[]),
                point("", AllowedNamespaces::Same, http),
                Some(Attached(Arc::default())),
            ),
            (parent("infra", Some("other"), Some(80), &[]), point("", AllowedNamespaces::Same, http), None),
            (parent("infra", Some("web"), Some(81), &[]), point("", AllowedNamespaces::Same, http), None),
            (parent("shop", None, None, &["x.y"]), point("a.b", AllowedNamespaces::Same, &[]), Some(KindNotAllowed)),
            (
                parent("shop", None, None, &["x.y"]),
                point("a.b", AllowedNamespaces::Same, http),
                Some(NamespaceNotAllowed),
            ),
            (parent("infra", None, None, &[]), point("", AllowedNamespaces::None, http), Some(NamespaceNotAllowed)),
            (parent("shop", None, None, &["x.y"]), point("a.b", AllowedNamespaces::All, http), Some(NoHostname)),
            (parent("shop", None, None, &["a.b"]), point("*.b", AllowedNamespaces::All, http), Some(host("a.b"))),
            (
                parent("shop", None, None, &[]),
                point("", AllowedNamespaces::Selector(Selector::default()), http),
                Some(AsksNamespace),
            ),
        ];
        for (parent, point, expected) in table {
            assert_eq!(attach(&parent, &point), expected, "{parent:?} {point:?}");
        }
    }

    #[test]
    fn selectors() {
        let labels: BTreeMap<Text, Text> = [("team".into(), "a".into())].into();
        let with = |requirement| Selector { requirements: vec![requirement] };
        let values = |values: &[&str]| values.iter().map(|value| Text::from(*value)).collect::<Vec<_>>();
        let table = [
            (Selector::default(), true),
            (with(SelectorRequirement::In { label: "team".into(), values: values(&["a", "b"]) }), true),
            (with(SelectorRequirement::In { label: "team".into(), values: values(&["b"]) }), false),
            (with(SelectorRequirement::In { label: "tier".into(), values: values(&["a"]) }), false),
            (with(SelectorRequirement::NotIn { label: "team".into(), values: values(&["b"]) }), true),
            (with(SelectorRequirement::NotIn { label: "team".into(), values: values(&["a"]) }), false),
            (with(SelectorRequirement::NotIn { label: "tier".into(), values: values(&["a"]) }), true),
            (with(SelectorRequirement::Exists { label: "team".into() }), true),
            (with(SelectorRequirement::Exists { label: "tier".into() }), false),
            (with(SelectorRequirement::DoesNotExist { label: "team".into() }), false),
            (with(SelectorRequirement::Unknown { operator: "Near".into() }), false),
        ];
        for (selector, expected) in table {
            assert_eq!(selects(&selector, &labels), expected, "{selector:?}");
        }
    }

    #[test]
    fn the_listener_where_a_route_came_furthest_gives_the_reason() {
        use AttachmentOutcome::{Attached, Conflicted, KindNotAllowed, NamespaceNotAllowed, NoHostname};
        let candidate = ParentCandidate { parent: parent("infra", None, None, &[]), problem: None };
        let table = [
            (vec![], Some(ParentProblem::NoMatchingParent)),
            (vec![KindNotAllowed], Some(ParentProblem::NotAllowedByListeners)),
            (vec![NoHostname, NamespaceNotAllowed], Some(ParentProblem::NoMatchingListenerHostname)),
            (vec![NoHostname, Attached(Arc::default()), KindNotAllowed], None),
            (vec![Conflicted, NoHostname], Some(ParentProblem::Conflicted)),
            (vec![Conflicted, Attached(Arc::default())], None),
        ];
        for (outcomes, expected) in table {
            assert_eq!(verdict(&candidate, outcomes.iter()), expected, "{outcomes:?}");
        }
    }
}
