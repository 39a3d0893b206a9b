//! Which `ListenerSets` a Gateway takes, and whether they are accepted.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AllowedNamespaces, LabelledSet, ListenerState, ManagedGateway, ManagedSet, Ref, RouteParent, Text};
use crate::rules::attachment::selects;

/// A ListenerSet beside the Gateway that it adds to.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1713/>
pub fn managed(labelled: &LabelledSet, managed: &Ref<ManagedGateway>) -> ManagedSet {
    let labels = labelled.labels.as_ref().map(|labels| &labels.labels);
    let gateway = &managed.gateway;
    let namespace = &labelled.set.age.namespace;
    let allowed = allows(&gateway.allowed_listeners, &gateway.namespace, namespace, labels);
    ManagedSet { set: labelled.set.clone(), managed: managed.clone(), allowed }
}

/// Whether a Gateway allows `ListenerSets` of a namespace.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#allowedlisteners>
fn allows(allowed: &AllowedNamespaces, of_gateway: &str, of_set: &str, labels: Option<&BTreeMap<Text, Text>>) -> bool {
    match allowed {
        AllowedNamespaces::All => true,
        AllowedNamespaces::Same => of_gateway == of_set,
        AllowedNamespaces::Selector(selector) => labels.is_some_and(|labels| selects(selector, labels)),
        AllowedNamespaces::None | AllowedNamespaces::Unknown(_) => false,
    }
}

/// The ListenerSet as a parent of routes.
pub fn route_parent(set: &ManagedSet) -> RouteParent {
    RouteParent { managed: set.managed.clone(), allowed: set.allowed }
}

/// The verdict on a ListenerSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetAcceptance {
    /// Accepted, and nothing is wrong with any listener.
    Accepted,
    /// Accepted, and something is wrong with a listener.
    ListenersNotValid,
    /// Not accepted: no listener serves anything.
    NoValidListener,
    /// Not accepted: the Gateway takes no listeners of its namespace.
    NotAllowed,
    /// Not accepted, as its Gateway is not.
    ParentNotAccepted,
}

impl SetAcceptance {
    /// Whether the ListenerSet is accepted at all.
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::ListenersNotValid)
    }
}

/// The verdict on a ListenerSet from what became of its listeners. Unlike a Gateway it is not accepted while none of them
/// serves anything, even if that is the fault of what they refer to.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenersetconditionreason>
pub fn acceptance<'a>(set: &ManagedSet, listeners: impl Iterator<Item = &'a ListenerState>) -> SetAcceptance {
    if !set.allowed {
        return SetAcceptance::NotAllowed;
    }
    let (mut gateway_accepted, mut any_usable, mut any_problem) = (set.managed.problem.is_none(), false, false);
    for state in listeners {
        gateway_accepted &= state.gateway_accepted;
        any_usable |= state.usable;
        any_problem |= !state.problems.is_empty();
    }
    match (gateway_accepted, any_usable, any_problem) {
        (false, ..) => SetAcceptance::ParentNotAccepted,
        (true, false, _) => SetAcceptance::NoValidListener,
        (true, true, true) => SetAcceptance::ListenersNotValid,
        (true, true, false) => SetAcceptance::Accepted,
    }
}

/// How many `ListenerSets` of a Gateway are accepted, from what became of all of its listeners.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus> (`attachedListenerSets`)
pub fn attached<'a>(listeners: impl Iterator<Item = &'a Ref<ListenerState>>) -> u32 {
    let accepted = listeners.filter(|state| state.listener.set.is_some() && state.holder_accepted);
    let sets: BTreeSet<_> = accepted.map(|state| state.listener.holder()).collect();
    u32::try_from(sets.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Age, GatewayProblem, Listener, ListenerSet, Selector, SelectorRequirement};
    use crate::rules::certificates::References;
    use crate::rules::listeners::{self, tests as fixture};

    #[test]
    fn a_gateway_takes_listener_sets_of_the_namespaces_that_it_allows() {
        let team = |value: &str| BTreeMap::from([(Text::from("team"), Text::from(value))]);
        let requirement = SelectorRequirement::In { label: "team".into(), values: vec!["a".into()] };
        let selector = || AllowedNamespaces::Selector(Selector { requirements: vec![requirement.clone()] });
        let table = [
            (AllowedNamespaces::None, "infra", None, false),
            (AllowedNamespaces::Unknown("Here".into()), "infra", None, false),
            (AllowedNamespaces::Same, "infra", None, true),
            (AllowedNamespaces::Same, "shop", None, false),
            (AllowedNamespaces::All, "shop", None, true),
            (selector(), "shop", Some(team("a")), true),
            (selector(), "shop", Some(team("b")), false),
            (selector(), "shop", None, false),
        ];
        for (allowed, namespace, labels, expected) in table {
            assert_eq!(allows(&allowed, "infra", namespace, labels.as_ref()), expected, "{allowed:?} {namespace}");
        }
    }

    fn set(allowed: bool, problem: Option<GatewayProblem>) -> ManagedSet {
        let managed = Ref::new(ManagedGateway { problem, ..(*fixture::managed(false)).clone() });
        let set = ListenerSet { gateway: managed.key, age: Age::new(None, "infra".into(), "more".into()) };
        ManagedSet { set: set.into(), managed, allowed }
    }

    #[test]
    fn a_listener_set_is_accepted_while_a_listener_of_it_serves() {
        use SetAcceptance::{Accepted, ListenersNotValid, NoValidListener, NotAllowed, ParentNotAccepted};
        let table: [(&[&str], SetAcceptance); 5] = [
            (&[], NoValidListener),
            (&["80 HTTP"], Accepted),
            (&["80 HTTP", "80 UDP"], ListenersNotValid),
            (&["80 UDP"], NoValidListener),
            (&["443 TLS"], NoValidListener),
        ];
        for (listeners, expected) in table {
            let states = states(listeners);
            let judge = |set: ManagedSet| acceptance(&set, states.iter());
            assert_eq!(judge(set(true, None)), expected, "{listeners:?}");
            assert_eq!(expected.is_accepted(), matches!(expected, Accepted | ListenersNotValid));
            assert_eq!(judge(set(false, None)), NotAllowed, "{listeners:?}");
            assert_eq!(judge(set(true, Some(GatewayProblem::NoMesh))), ParentNotAccepted, "{listeners:?}");
        }
    }

    #[test]
    fn listener_sets_are_counted_once_each_if_they_are_accepted() {
        let of = |set: Option<&str>, holder_accepted: bool| {
            let state = states(&["80 HTTP"]).remove(0);
            let listener = Listener { set: set.map(Text::from), ..(*state.listener).clone() }.into();
            Ref::new(ListenerState { listener, holder_accepted, ..state })
        };
        let table = [
            (vec![of(None, true)], 0),
            (vec![of(None, true), of(Some("a"), true), of(Some("a"), true)], 1),
            (vec![of(Some("a"), true), of(Some("b"), true), of(Some("c"), false)], 2),
        ];
        for (states, expected) in table {
            assert_eq!(attached(states.iter()), expected, "{states:?}");
        }
    }

    /// What becomes of these listeners on a Gateway of their own that is accepted.
    fn states(texts: &[&str]) -> Vec<ListenerState> {
        let mut states =
            listeners::states(&fixture::managed(false), &fixture::listeners(texts), &[], &References::default());
        for state in &mut states {
            state.gateway_accepted = true;
        }
        states
    }
}
