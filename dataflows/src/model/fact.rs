use super::{
    BackendRef, Certificate, Class, ClassParameters, CrdVersion, Destination, Gateway, GatewayAddress, Generation,
    Grant, Key, Kind, Listener, ListenerSet, Mesh, MeshChoice, NamespaceLabels, ObjectName, Observed, ParentRef,
    Refusal, Relation, Row, Rule,
};

/// One row of an input relation with its key. Which relation it belongs to, its value says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// The key of the row.
    pub key: Key,
    /// The row.
    pub row: Row,
}

/// All that one source asserts now, in place of all that it asserted before. No facts: the source is gone.
///
/// A source is an API object, the status of one (see [`status_source`]), or the last answer to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Key of the source.
    pub source: Key,
    /// Its facts.
    pub facts: Vec<Fact>,
}

/// The source of what the status of an object shows: apart from the object's own facts, so that the answer to a
/// status write need not repeat the spec.
pub fn status_source(object: Key) -> Key {
    object.part("status", "")
}

impl Fact {
    fn new<T: Relation>(key: Key, value: T) -> Self {
        Self { key, row: Row::new(value) }
    }

    /// A GatewayClass, by its key.
    pub fn class(class: Class) -> Self {
        Self::new(Key::of(Kind::GatewayClass, "", &class.name), class)
    }

    /// A MeshGatewayConfig, by its key.
    pub fn class_parameters(name: &str, parameters: ClassParameters) -> Self {
        Self::new(Key::of(Kind::MeshGatewayConfig, "", name), parameters)
    }

    /// The definition of a kind of Gateway API, by the group: they are looked at together.
    pub fn crd_version(definition: CrdVersion) -> Self {
        Self::new(CrdVersion::group_key(), definition)
    }

    /// A Gateway, by its key.
    pub fn gateway(gateway: Gateway) -> Self {
        Self::new(Key::of(Kind::Gateway, &gateway.namespace, &gateway.name), gateway)
    }

    /// A listener, by its key.
    pub fn listener(listener: Listener) -> Self {
        Self::new(listener.key(), listener)
    }

    /// A ListenerSet, by its key.
    pub fn listener_set(set: ListenerSet) -> Self {
        Self::new(set.key(), set)
    }

    /// An address of a Gateway, by the key of the Gateway.
    pub fn gateway_address(gateway: Key, address: GatewayAddress) -> Self {
        Self::new(gateway, address)
    }

    /// The generation of an object with a status, by the key of the object.
    pub fn generation(object: &ObjectName, generation: i64) -> Self {
        let (namespace, name) = (object.namespace.clone(), object.name.clone());
        let row = Generation { kind: object.kind, generation, namespace, name };
        Self::new(object.key(), row)
    }

    /// A parentRef, by the key of its route and its place.
    pub fn parent_ref(parent: ParentRef) -> Self {
        Self::new(parent.key(), parent)
    }

    /// A rule, by the key of its route.
    pub fn rule(rule: Rule) -> Self {
        Self::new(rule.route, rule)
    }

    /// A backendRef, by its own key.
    pub fn backend_ref(backend: BackendRef) -> Self {
        Self::new(backend.key(), backend)
    }

    /// A TLS Secret, by its key.
    pub fn certificate(certificate: Certificate) -> Self {
        Self::new(Key::of(Kind::Secret, &certificate.namespace, &certificate.name), certificate)
    }

    /// The labels of a namespace, by its key.
    pub fn namespace_labels(namespace: &str, labels: NamespaceLabels) -> Self {
        Self::new(Key::of(Kind::Namespace, "", namespace), labels)
    }

    /// The mesh a namespace chooses, by the key of the namespace.
    pub fn mesh_choice(namespace: &str, choice: MeshChoice) -> Self {
        Self::new(Key::of(Kind::Namespace, "", namespace), choice)
    }

    /// A destination, by the key of the object. `None` for a kind that cannot be routed to.
    pub fn destination(destination: Destination) -> Option<Self> {
        let kind = destination.kind.kind()?;
        Some(Self::new(Key::of(kind, &destination.namespace, &destination.name), destination))
    }

    /// A grant, by the edge it permits.
    pub fn grant(grant: Grant) -> Self {
        Self::new(grant.edge(), grant)
    }

    /// A Mesh, by its key.
    pub fn mesh(mesh: Mesh) -> Self {
        Self::new(Key::of(Kind::Mesh, "", &mesh.name), mesh)
    }

    /// What the cluster shows of an object or status, by the key of the object.
    pub fn observed(observed: Observed) -> Self {
        Self::new(observed.object.key(), observed)
    }

    /// What was answered to the last write of an object, by the key of the object.
    pub fn refusal(object: Key, refusal: Refusal) -> Self {
        Self::new(object, refusal)
    }
}
