use std::collections::BTreeSet;

use dataflows::model::{
    AllowedNamespaces, CertificateUse, Class, ClassParameters, ControlPlaneMode, FoundCertificate, Gateway,
    GatewayProblem, Group, Key, Kind, Listener, ListenerSet, ListenerState, ManagedGateway, ManagedSet, MeshServices,
    ParametersProblem, ParametersRef, Ref, Settings, Text,
};
use dataflows::rules::attachment::selects;
use dataflows::rules::certificates::{self, References};
use dataflows::rules::{addresses, class, listeners, meshes};

use super::cluster::Cluster;

/// A Gateway of ours with what became of its listeners.
pub(super) struct JudgedGateway {
    pub(super) managed: Ref<ManagedGateway>,
    pub(super) accepted: bool,
    /// Its own, in its order, and those of its `ListenerSets`.
    pub(super) listeners: Vec<Ref<ListenerState>>,
    /// All `ListenerSets` that name it.
    pub(super) sets: Vec<Ref<ManagedSet>>,
}

pub(super) fn all(settings: &Settings, cluster: &Cluster) -> Vec<JudgedGateway> {
    let ours = cluster.gateways.iter().filter_map(|gateway| Some((gateway, cluster.classes.get(&gateway.class)?)));
    ours.map(|(gateway, class)| judge(cluster, manage(settings, cluster, gateway, class))).collect()
}

/// The parameters that a class of ours has.
pub(super) fn parameters_of(cluster: &Cluster, class: &Class) -> Result<Ref<ClassParameters>, ParametersProblem> {
    class.parameters.as_ref().map_or_else(|| Ok(Ref::default()), |reference| resolve(cluster, reference))
}

fn resolve(cluster: &Cluster, reference: &ParametersRef) -> Result<Ref<ClassParameters>, ParametersProblem> {
    class::resolve(reference, cluster.parameters.get(&Key::of(Kind::MeshGatewayConfig, "", &reference.name)))
}

fn manage(settings: &Settings, cluster: &Cluster, gateway: &Gateway, class: &Class) -> ManagedGateway {
    let mesh = cluster.mesh_of(gateway.mesh.as_ref(), &gateway.namespace);
    let found = cluster.meshes.get(&mesh);
    let of_class = parameters_of(cluster, class);
    let own = gateway.infrastructure.parameters.as_ref().map(|reference| resolve(cluster, reference));
    let global = settings.mode == ControlPlaneMode::Global;
    let problem = if global {
        Some(GatewayProblem::GlobalControlPlane)
    } else if let Err(problem) = &of_class {
        Some(GatewayProblem::ClassParameters(problem.clone()))
    } else if let Some(Err(problem)) = &own {
        Some(GatewayProblem::OwnParameters(problem.clone()))
    } else if !meshes::is_mesh_name(&mesh) {
        Some(GatewayProblem::InvalidMeshName)
    } else if found.is_none() {
        Some(GatewayProblem::NoMesh)
    } else if found.is_some_and(|found| found.mesh_services == MeshServices::Unknown) {
        Some(GatewayProblem::UnknownMeshMode)
    } else if addresses::requested(&gateway.addresses).is_err() {
        Some(GatewayProblem::UnsupportedAddress)
    } else {
        None
    };
    let of_class = if global { Ref::default() } else { of_class.unwrap_or_default() };
    ManagedGateway {
        key: Key::of(Kind::Gateway, &gateway.namespace, &gateway.name),
        gateway: Ref::new(Gateway {
            mesh: cluster.chosen_mesh(gateway.mesh.as_ref(), &gateway.namespace),
            ..gateway.clone()
        }),
        mesh,
        mesh_services: found.map(|mesh| mesh.mesh_services),
        parameters: own.and_then(Result::ok).unwrap_or(of_class),
        problem,
    }
}

impl JudgedGateway {
    /// The listeners of the Gateway itself or of one of its `ListenerSets`.
    pub(super) fn of_holder(&self, holder: Key) -> Vec<&Ref<ListenerState>> {
        self.listeners.iter().filter(|state| state.listener.holder() == holder).collect()
    }

    /// How many `ListenerSets` are accepted: those that have a listener which serves something.
    pub(super) fn attached_sets(&self) -> u32 {
        let serves = |set: &&Ref<ManagedSet>| self.of_holder(set.set.key()).iter().any(|state| state.usable);
        u32::try_from(self.sets.iter().filter(serves).count()).unwrap_or(u32::MAX)
    }
}

fn sets_of(cluster: &Cluster, managed: &Ref<ManagedGateway>) -> Vec<Ref<ManagedSet>> {
    let gateway = &managed.gateway;
    let allows = |namespace: &Text| match &gateway.allowed_listeners {
        AllowedNamespaces::All => true,
        AllowedNamespaces::Same => *namespace == gateway.namespace,
        AllowedNamespaces::Selector(selector) => {
            let labels = cluster.labels.get(&Key::of(Kind::Namespace, "", namespace));
            labels.is_some_and(|labels| selects(selector, &labels.labels))
        }
        AllowedNamespaces::None | AllowedNamespaces::Unknown(_) => false,
    };
    let of_gateway = cluster.listener_sets.iter().filter(|set| set.gateway == managed.key);
    let judge = |set: &Ref<ListenerSet>| {
        let allowed = allows(&set.age.namespace);
        Ref::new(ManagedSet { set: set.clone(), managed: managed.clone(), allowed })
    };
    of_gateway.map(judge).collect()
}

/// A Gateway is accepted if nothing is wrong with itself and at least one listener could work by its own spec.
fn judge(cluster: &Cluster, managed: ManagedGateway) -> JudgedGateway {
    let managed = Ref::new(managed);
    let of_gateway = cluster.listeners.iter().filter(|listener| listener.gateway == managed.key);
    let of_gateway: Vec<Ref<Listener>> = of_gateway.cloned().collect();
    let found: Vec<_> = of_gateway.iter().flat_map(|listener| found_certificates(cluster, listener)).collect();
    let granted = found.iter().filter(|found| granted(cluster, &found.used)).map(|found| found.used.key()).collect();
    let references = References { found: found.iter().collect(), granted };
    let sets = sets_of(cluster, &managed);
    let states = listeners::states(&managed, &of_gateway, &sets.iter().collect::<Vec<_>>(), &references);
    let own = |state: &&ListenerState| state.listener.set.is_none();
    let faultless = |state: &ListenerState| !state.problems.iter().any(listeners::is_own_fault);
    let accepted = managed.problem.is_none() && states.iter().filter(own).any(faultless);
    let serving: BTreeSet<Key> =
        states.iter().filter(|state| state.usable).map(|state| state.listener.holder()).collect();
    let with_verdict = |state: ListenerState| {
        let holder_accepted = accepted && (own(&&state) || serving.contains(&state.listener.holder()));
        Ref::new(ListenerState { gateway_accepted: accepted, holder_accepted, ..state })
    };
    JudgedGateway { managed, accepted, listeners: states.into_iter().map(with_verdict).collect(), sets }
}

/// What the certificateRefs of a listener that ends TLS lead to.
fn found_certificates(cluster: &Cluster, listener: &Listener) -> Vec<FoundCertificate> {
    let key = listener.key();
    let from = if listener.set.is_some() { Kind::ListenerSet } else { Kind::Gateway };
    let ends = certificates::terminates(listener);
    let references = listener.tls.iter().filter(|_| ends).flat_map(|tls| &tls.certificates);
    let found = (0..).zip(references).map(|(index, reference)| {
        let certificate = cluster.certificates.get(&Key::of(Kind::Secret, &reference.namespace, &reference.name));
        let (gateway, namespace, reference) = (listener.gateway, listener.namespace.clone(), reference.clone());
        let used = CertificateUse { gateway, from, namespace, listener: key, index, reference };
        FoundCertificate { used: used.into(), certificate: certificate.cloned() }
    });
    found.collect()
}

fn granted(cluster: &Cluster, used: &CertificateUse) -> bool {
    let to = &used.reference;
    cluster.grants.iter().any(|grant| {
        *grant.from_group == *Group::Gateway.name()
            && *grant.from_kind == *used.from.name()
            && grant.from_namespace == used.namespace
            && (&grant.to_group, &grant.to_kind, &grant.to_namespace) == (&to.group, &to.kind, &to.namespace)
            && grant.to_name.as_ref().is_none_or(|name| *name == to.name)
    })
}
