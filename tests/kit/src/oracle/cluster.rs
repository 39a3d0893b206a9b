use std::collections::BTreeMap;

use dataflows::model::{
    BackendRef, Certificate, Class, ClassParameters, CrdVersion, Datum, Destination, Fact, Gateway, GatewayAddress,
    Generation, Grant, Key, Kind, Listener, ListenerSet, Mesh, MeshChoice, NamespaceLabels, Observed, ParentRef, Ref,
    Refusal, Rule, Text,
};

/// The facts of a moment, relation by relation.
#[derive(Default)]
pub(super) struct Cluster {
    pub(super) classes: BTreeMap<Key, Ref<Class>>,
    pub(super) parameters: BTreeMap<Key, Ref<ClassParameters>>,
    pub(super) definitions: Vec<Ref<CrdVersion>>,
    pub(super) gateways: Vec<Ref<Gateway>>,
    pub(super) listeners: Vec<Ref<Listener>>,
    pub(super) listener_sets: Vec<Ref<ListenerSet>>,
    pub(super) parent_refs: Vec<Ref<ParentRef>>,
    pub(super) rules: Vec<Ref<Rule>>,
    pub(super) backends: Vec<Ref<BackendRef>>,
    pub(super) generations: BTreeMap<Key, Ref<Generation>>,
    pub(super) labels: BTreeMap<Key, Ref<NamespaceLabels>>,
    pub(super) choices: BTreeMap<Key, Ref<MeshChoice>>,
    pub(super) destinations: BTreeMap<Key, Ref<Destination>>,
    pub(super) grants: Vec<Ref<Grant>>,
    pub(super) certificates: BTreeMap<Key, Ref<Certificate>>,
    pub(super) meshes: BTreeMap<Text, Ref<Mesh>>,
    pub(super) addresses: Vec<(Key, Ref<GatewayAddress>)>,
    pub(super) observed: BTreeMap<Key, Ref<Observed>>,
    pub(super) refusals: BTreeMap<Key, Ref<Refusal>>,
}

impl Cluster {
    pub(super) fn of(facts: &BTreeMap<Key, Vec<Fact>>) -> Self {
        let mut cluster = Self::default();
        facts.values().flatten().for_each(|fact| cluster.add(fact));
        cluster
    }

    fn add(&mut self, fact: &Fact) {
        let key = fact.key;
        match fact.row.datum() {
            Datum::Class(_, row) => drop(self.classes.insert(key, row.clone())),
            Datum::ClassParameters(_, row) => drop(self.parameters.insert(key, row.clone())),
            Datum::CrdVersion(_, row) => self.definitions.push(row.clone()),
            Datum::Gateway(_, row) => self.gateways.push(row.clone()),
            Datum::Listener(_, row) => self.listeners.push(row.clone()),
            Datum::ListenerSet(_, row) => self.listener_sets.push(row.clone()),
            Datum::ParentRef(_, row) => self.parent_refs.push(row.clone()),
            Datum::Rule(_, row) => self.rules.push(row.clone()),
            Datum::BackendRef(_, row) => self.backends.push(row.clone()),
            Datum::Generation(_, row) => drop(self.generations.insert(key, row.clone())),
            Datum::NamespaceLabels(_, row) => drop(self.labels.insert(key, row.clone())),
            Datum::MeshChoice(_, row) => drop(self.choices.insert(key, row.clone())),
            Datum::Destination(_, row) => drop(self.destinations.insert(key, row.clone())),
            Datum::Grant(_, row) => self.grants.push(row.clone()),
            Datum::Certificate(_, row) => drop(self.certificates.insert(key, row.clone())),
            Datum::Mesh(_, row) => drop(self.meshes.insert(row.name.clone(), row.clone())),
            Datum::GatewayAddress(_, row) => self.addresses.push((key, row.clone())),
            Datum::Observed(_, row) => drop(self.observed.insert(key, row.clone())),
            Datum::Refusal(_, row) => drop(self.refusals.insert(key, row.clone())),
            derived => unreachable!("{} is derived, not an input", derived.relation()),
        }
    }

    /// The mesh that is chosen for an object in a namespace, if any is.
    pub(super) fn chosen_mesh(&self, own: Option<&Text>, namespace: &str) -> Option<Text> {
        let of_namespace = || self.choices.get(&Key::of(Kind::Namespace, "", namespace)).map(|choice| &choice.mesh);
        own.or_else(of_namespace).cloned()
    }

    /// The mesh of an object in a namespace: its own choice, else the namespace's, else `default`.
    pub(super) fn mesh_of(&self, own: Option<&Text>, namespace: &str) -> Text {
        self.chosen_mesh(own, namespace).unwrap_or_else(|| "default".into())
    }
}
