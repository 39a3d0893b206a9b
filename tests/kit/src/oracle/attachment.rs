use std::sync::Arc;

use dataflows::model::{
    AllowedNamespaces, AttachPoint, Few, Hostname, Key, Kind, ListenerState, ParentProblem, ParentRef, ParentVerdict,
    Protocol, Ref,
};
use dataflows::rules::{attachment::selects, hostname, listeners};

use super::cluster::Cluster;
use super::gateways::JudgedGateway;

/// What became of one parentRef that leads to a parent of ours.
pub(super) struct JudgedParent {
    pub(super) verdict: Ref<ParentVerdict>,
    /// The listeners or ports that took it, each with the hostnames that are served there.
    pub(super) attached: Vec<(Ref<AttachPoint>, Arc<[Hostname]>)>,
}

pub(super) fn all(cluster: &Cluster, gateways: &[JudgedGateway]) -> Vec<JudgedParent> {
    let found = |parent: &ParentRef| gateways.iter().find_map(|gateway| as_parent(gateway, parent.parent));
    let ours = cluster.parent_refs.iter().filter_map(|parent| Some((parent, found(parent)?)));
    ours.map(|(parent, found)| judge(cluster, parent, &found)).collect()
}

/// A Gateway, or one of its `ListenerSets`, as the parent of routes.
struct Parent<'a> {
    gateway: &'a JudgedGateway,
    /// Whether nothing is wrong with it apart from its listeners.
    sound: bool,
    listeners: Vec<&'a Ref<ListenerState>>,
}

fn as_parent(gateway: &JudgedGateway, key: Key) -> Option<Parent<'_>> {
    let set = gateway.sets.iter().find(|set| set.set.key() == key);
    let sound = gateway.managed.problem.is_none() && set.is_none_or(|set| set.allowed);
    let found = gateway.managed.key == key || set.is_some();
    found.then(|| Parent { gateway, sound, listeners: gateway.of_holder(key) })
}

fn judge(cluster: &Cluster, parent: &ParentRef, found: &Parent<'_>) -> JudgedParent {
    let gateway = found.gateway;
    let mesh = cluster.mesh_of(parent.mesh.as_ref(), &parent.age.namespace);
    let chosen = cluster.chosen_mesh(parent.mesh.as_ref(), &parent.age.namespace);
    let parent = Ref::new(ParentRef { mesh: chosen, ..parent.clone() });
    let refused = |problem| JudgedParent { verdict: verdict(parent.clone(), Some(problem)), attached: Vec::new() };
    // One without listeners is not accepted either, but what it lacks is what the route asks for.
    if !found.sound || found.listeners.first().is_some_and(|state| !state.holder_accepted) {
        return refused(ParentProblem::GatewayNotAccepted);
    }
    if mesh != gateway.managed.mesh {
        return refused(ParentProblem::other_mesh(mesh, gateway.managed.mesh.clone()));
    }
    let asked: Vec<_> = found.listeners.iter().copied().filter(|state| asks_for(&parent, state)).collect();
    if asked.is_empty() {
        return refused(ParentProblem::NoMatchingParent);
    }
    let allowed: Vec<_> = asked.into_iter().filter(|state| allows(cluster, &parent, state)).collect();
    if allowed.is_empty() {
        return refused(ParentProblem::NotAllowedByListeners);
    }
    let served = |state: &Ref<ListenerState>| {
        // Of a bare connection nobody knows the host.
        let own = state.listener.hostname.as_ref().filter(|_| state.listener.protocol != Protocol::Tcp);
        let hostnames = hostname::effective(own, &parent.hostnames)?;
        Some((Ref::new(listeners::attach_point(state)), hostnames))
    };
    let attached: Vec<_> = allowed.into_iter().filter_map(served).collect();
    if attached.is_empty() {
        return refused(ParentProblem::NoMatchingListenerHostname);
    }
    if !parent.expressible {
        return refused(ParentProblem::NoRuleLeft);
    }
    JudgedParent { verdict: verdict(parent, None), attached }
}

fn asks_for(parent: &ParentRef, state: &ListenerState) -> bool {
    let named = parent.reference.section_name.as_ref().is_none_or(|name| *name == state.listener.name);
    named && parent.reference.port.is_none_or(|port| port == state.listener.port)
}

fn allows(cluster: &Cluster, parent: &ParentRef, state: &ListenerState) -> bool {
    let namespace = &parent.age.namespace;
    let of_namespace = match &state.listener.namespaces {
        AllowedNamespaces::All => true,
        AllowedNamespaces::None | AllowedNamespaces::Unknown(_) => false,
        AllowedNamespaces::Same => *namespace == state.listener.namespace,
        AllowedNamespaces::Selector(selector) => {
            let labels = cluster.labels.get(&Key::of(Kind::Namespace, "", namespace));
            labels.is_some_and(|labels| selects(selector, &labels.labels))
        }
    };
    of_namespace && state.supported.contains(&parent.route_kind)
}

/// A verdict that speaks of no ports.
pub(super) fn verdict(parent: Ref<ParentRef>, problem: Option<ParentProblem>) -> Ref<ParentVerdict> {
    ParentVerdict { parent, problem, ports: Few::new(), not_http: Few::new() }.into()
}
