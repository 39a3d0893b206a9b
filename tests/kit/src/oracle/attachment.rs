use dataflows::model::{
    AllowedNamespaces, AttachPoint, Hostname, Key, Kind, ListenerState, ParentProblem, ParentRef, ParentVerdict,
    Protocol, Ref,
};
use dataflows::rules::{attachment::selects, hostname, listeners};

use super::cluster::Cluster;
use super::gateways::JudgedGateway;

/// What became of one parentRef that leads to a parent of ours.
pub(super) struct JudgedParent {
    pub(super) verdict: Ref<ParentVerdict>,
    /// The listeners or ports that took it, each with the hostnames that are served there.
    pub(super) attached: Vec<(Ref<AttachPoint>, Vec<Hostname>)>,
}

pub(super) fn all(cluster: &Cluster, gateways: &[JudgedGateway]) -> Vec<JudgedParent> {
    let gateway_of = |parent: &ParentRef| gateways.iter().find(|gateway| gateway.managed.key == parent.parent);
    let ours = cluster.parent_refs.iter().filter_map(|parent| Some((parent, gateway_of(parent)?)));
    ours.map(|(parent, gateway)| judge(cluster, parent, gateway)).collect()
}

fn judge(cluster: &Cluster, parent: &ParentRef, gateway: &JudgedGateway) -> JudgedParent {
    let mesh = cluster.mesh_of(parent.mesh.as_ref(), &parent.age.namespace);
    let chosen = cluster.chosen_mesh(parent.mesh.as_ref(), &parent.age.namespace);
    let parent = Ref::new(ParentRef { mesh: chosen, ..parent.clone() });
    let refused = |problem| JudgedParent {
        verdict: Ref::new(ParentVerdict { parent: parent.clone(), problem: Some(problem), not_http: Box::default() }),
        attached: Vec::new(),
    };
    // A Gateway without listeners is not accepted either, but what it lacks is what the route asks for.
    let bare = gateway.managed.problem.is_none() && gateway.listeners.is_empty();
    if !gateway.accepted && !bare {
        return refused(ParentProblem::GatewayNotAccepted);
    }
    if mesh != gateway.managed.mesh {
        return refused(ParentProblem::OtherMesh { route: mesh, parent: gateway.managed.mesh.clone() });
    }
    let asked: Vec<_> = gateway.listeners.iter().filter(|state| asks_for(&parent, state)).collect();
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
    JudgedParent { verdict: Ref::new(ParentVerdict { parent, problem: None, not_http: Box::default() }), attached }
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
        AllowedNamespaces::Same => *namespace == state.managed.gateway.namespace,
        AllowedNamespaces::Selector(selector) => {
            let labels = cluster.labels.get(&Key::of(Kind::Namespace, "", namespace));
            labels.is_some_and(|labels| selects(selector, &labels.labels))
        }
    };
    of_namespace && state.supported.contains(&parent.route_kind)
}
