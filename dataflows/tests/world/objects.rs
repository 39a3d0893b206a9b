use dataflows::model::{
    Age, AllowedNamespaces, BackendKind, BackendRef, Class, ClassParameters, CrdVersion, Destination, DestinationPort,
    Fact, Gateway, GatewayAddress, Grant, Group, Hostname, Infrastructure, Key, Kind, Listener, Match, Mesh,
    MeshChoice, MeshServices, NamespaceLabels, ObjectName, ParametersRef, ParentKind, ParentRef, ParentReference,
    PathMatch, Protocol, RouteKind, Rule, RuleProblem, RuleReason, Selector, SelectorRequirement, Update,
};

use super::named;

/// A class of ours, with the MeshGatewayConfig that it names.
pub(crate) fn class(name: &str, parameters: Option<&str>) -> Update {
    let object = ObjectName::new(Kind::GatewayClass, "", name);
    let class = Fact::class(Class { name: name.into(), parameters: parameters.map(parameters_ref), leaving: false });
    Update { source: object.key(), facts: vec![class, Fact::generation(&object, 1)] }
}

fn parameters_ref(name: &str) -> ParametersRef {
    ParametersRef { group: "kuma.io".into(), kind: "MeshGatewayConfig".into(), name: name.into(), namespace: None }
}

/// A MeshGatewayConfig with one thing set.
pub(crate) fn parameters(name: &str, replicas: i64) -> Update {
    let mut parameters = ClassParameters::default();
    parameters.common.replicas = Some(replicas);
    Update { source: named(Kind::MeshGatewayConfig, name).key(), facts: vec![Fact::class_parameters(name, parameters)] }
}

/// A Mesh.
pub(crate) fn mesh(name: &str, mesh_services: MeshServices) -> Update {
    let mesh = Mesh { name: name.into(), mesh_services };
    Update { source: named(Kind::Mesh, name).key(), facts: vec![Fact::mesh(mesh)] }
}

/// A namespace whose label `team` has this value, or which has no label.
pub(crate) fn namespace(name: &str, team: Option<&str>) -> Update {
    let labels = team.map(|team| ("team".into(), team.into())).into_iter().collect();
    let facts = vec![Fact::namespace_labels(name, NamespaceLabels { labels })];
    Update { source: named(Kind::Namespace, name).key(), facts }
}

/// The definition of a kind of Gateway API, from a version of it.
pub(crate) fn definition(plural: &str, version: &str) -> Update {
    let name = format!("{plural}.gateway.networking.k8s.io");
    let definition = CrdVersion::Of { name: name.as_str().into(), bundle: Some(version.into()) };
    let source = ObjectName::new(Kind::CustomResourceDefinition, "", &name).key();
    Update { source, facts: vec![Fact::crd_version(definition)] }
}

/// A namespace whose objects are in this mesh.
pub(crate) fn namespace_in_mesh(name: &str, mesh: &str) -> Update {
    let mut update = namespace(name, None);
    update.facts.push(Fact::mesh_choice(name, MeshChoice { mesh: mesh.into() }));
    update
}

/// A Service.
pub(crate) fn service(name: &str, ports: &[u16]) -> Update {
    let object = named(Kind::Service, name);
    let port = |port: &u16| DestinationPort { port: *port, name: None, app_protocol: None };
    let destination = Destination { ports: ports.iter().map(port).collect(), ..plain_service(&object) };
    Update { source: object.key(), facts: Fact::destination(destination).into_iter().collect() }
}

/// A Service whose ports speak HTTP.
pub(crate) fn http_service(name: &str, ports: &[u16]) -> Update {
    let object = named(Kind::Service, name);
    let port = |port: &u16| DestinationPort { port: *port, name: None, app_protocol: Some("http".into()) };
    let destination = Destination { ports: ports.iter().map(port).collect(), ..plain_service(&object) };
    Update { source: object.key(), facts: Fact::destination(destination).into_iter().collect() }
}

/// A backend of one of Kuma's kinds with an HTTP port 80, in a mesh.
pub(crate) fn backend_of_kuma(kind: BackendKind, name: &str, mesh: &str) -> Update {
    let object = named(kind.kind().expect("a kind that can be routed to"), name);
    let port = DestinationPort { port: 80, name: None, app_protocol: Some("http".into()) };
    let (tag, mesh) = (Some("tag".into()), Some(mesh.into()));
    let destination = Destination { kind, ports: vec![port].into(), service_tag: tag, mesh, ..plain_service(&object) };
    Update { source: object.key(), facts: Fact::destination(destination).into_iter().collect() }
}

fn plain_service(object: &ObjectName) -> Destination {
    Destination {
        kind: BackendKind::Service,
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        ports: Vec::new().into(),
        headless: false,
        external_name: false,
        service_tag: None,
        mesh: None,
    }
}

/// A `ReferenceGrant` from `HTTPRoutes` of a namespace to Services of its own.
pub(crate) fn grant(name: &str, from: &str, to: Option<&str>) -> Update {
    let object = named(Kind::ReferenceGrant, name);
    let grant = Grant {
        from_group: Group::Gateway.name().into(),
        from_kind: Kind::HttpRoute.name().into(),
        from_namespace: from.into(),
        to_group: "".into(),
        to_kind: Kind::Service.name().into(),
        to_namespace: object.namespace.clone(),
        to_name: to.map(Into::into),
    };
    Update { source: object.key(), facts: vec![Fact::grant(grant)] }
}

/// An address of a load balancer.
pub(crate) fn address(gateway: &str, value: &str) -> Update {
    let gateway = named(Kind::Gateway, gateway).key();
    let address = GatewayAddress { cluster: false, index: 0, kind: "IPAddress".into(), value: value.into() };
    Update { source: gateway.part("address", value), facts: vec![Fact::gateway_address(gateway, address)] }
}

/// A Gateway of class `kuma` without listeners.
pub(crate) fn gateway(name: &str) -> GatewayObject {
    let object = named(Kind::Gateway, name);
    let gateway = Gateway {
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        uid: None,
        class: named(Kind::GatewayClass, "kuma").key(),
        class_name: "kuma".into(),
        mesh: None,
        infrastructure: Infrastructure::default(),
        addresses: Vec::new(),
        allowed_listeners: AllowedNamespaces::None,
        client_certificates: dataflows::model::ClientCertificates::default(),
        backend_certificate: None,
    };
    GatewayObject { object, gateway, listeners: Vec::new() }
}

/// A Gateway on its way.
pub(crate) struct GatewayObject {
    object: ObjectName,
    pub(crate) gateway: Gateway,
    listeners: Vec<Listener>,
}

impl GatewayObject {
    /// Another class.
    pub(crate) fn of_class(mut self, name: &str) -> Self {
        (self.gateway.class, self.gateway.class_name) = (named(Kind::GatewayClass, name).key(), name.into());
        self
    }

    /// Parameters of its own.
    pub(crate) fn with_parameters(mut self, name: &str) -> Self {
        self.gateway.infrastructure.parameters = Some(parameters_ref(name));
        self
    }

    /// A mesh of its own choice.
    pub(crate) fn in_mesh(mut self, name: &str) -> Self {
        self.gateway.mesh = Some(name.into());
        self
    }

    /// One more HTTP listener that takes routes from everywhere.
    pub(crate) fn listener(mut self, name: &str, port: u16, hostname: &str) -> Self {
        self.listeners.push(Listener {
            gateway: self.object.key(),
            set: None,
            namespace: self.object.namespace.clone(),
            index: u32::try_from(self.listeners.len()).unwrap_or(u32::MAX),
            name: name.into(),
            port,
            protocol: Protocol::Http,
            hostname: Hostname::parse(hostname),
            namespaces: AllowedNamespaces::All,
            kinds: None,
            tls: None,
        });
        self
    }

    /// Changes the last listener.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Listener)) -> Self {
        self.listeners.last_mut().map(change);
        self
    }

    /// The last listener takes routes from the namespaces of a team only.
    pub(crate) fn for_team(self, team: &str) -> Self {
        let requirement = SelectorRequirement::In { label: "team".into(), values: vec![team.into()] };
        let selector = Selector { requirements: vec![requirement] };
        self.but(|listener| listener.namespaces = AllowedNamespaces::Selector(selector))
    }
}

impl From<GatewayObject> for Update {
    fn from(made: GatewayObject) -> Self {
        let mut facts = vec![Fact::gateway(made.gateway), Fact::generation(&made.object, 1)];
        facts.extend(made.listeners.into_iter().map(Fact::listener));
        Self { source: made.object.key(), facts }
    }
}

/// A route without parents, hostnames and rules.
pub(crate) fn route(name: &str) -> RouteObject {
    route_of(RouteKind::Http, name)
}

/// The same of another kind.
pub(crate) fn route_of(kind: RouteKind, name: &str) -> RouteObject {
    RouteObject {
        kind,
        object: named(kind.kind(), name),
        created: None,
        mesh: None,
        hostnames: vec![],
        parents: vec![],
        rules: vec![],
        backends: vec![],
    }
}

/// A route on its way.
pub(crate) struct RouteObject {
    kind: RouteKind,
    object: ObjectName,
    created: Option<i64>,
    mesh: Option<String>,
    hostnames: Vec<Hostname>,
    parents: Vec<ParentReference>,
    rules: Vec<Rule>,
    backends: Vec<BackendRef>,
}

impl RouteObject {
    /// One more parentRef to a Gateway.
    pub(crate) fn on(mut self, gateway: &str) -> Self {
        let gateway = named(Kind::Gateway, gateway);
        self.parents.push(ParentReference {
            group: Group::Gateway,
            kind: Kind::Gateway,
            namespace: Some(gateway.namespace.clone()),
            name: gateway.name.clone(),
            section_name: None,
            port: None,
        });
        self
    }

    /// One more parentRef to a ListenerSet.
    pub(crate) fn on_listener_set(mut self, set: &str) -> Self {
        let set = named(Kind::ListenerSet, set);
        self.parents.push(ParentReference {
            group: Group::Gateway,
            kind: Kind::ListenerSet,
            namespace: Some(set.namespace.clone()),
            name: set.name.clone(),
            section_name: None,
            port: None,
        });
        self
    }

    /// One more parentRef to a Service.
    pub(crate) fn on_service(mut self, service: &str, port: Option<u16>) -> Self {
        let service = named(Kind::Service, service);
        self.parents.push(ParentReference {
            group: Group::Core,
            kind: Kind::Service,
            namespace: Some(service.namespace.clone()),
            name: service.name.clone(),
            section_name: None,
            port,
        });
        self
    }

    /// The last parentRef asks for one listener.
    pub(crate) fn section(mut self, listener: &str) -> Self {
        self.parents.last_mut().into_iter().for_each(|parent| parent.section_name = Some(listener.into()));
        self
    }

    /// One more hostname.
    pub(crate) fn hostname(mut self, name: &str) -> Self {
        self.hostnames.extend(Hostname::parse(name));
        self
    }

    /// When it was created.
    pub(crate) fn created(mut self, second: i64) -> Self {
        self.created = Some(second);
        self
    }

    /// A mesh of its own choice.
    pub(crate) fn in_mesh(mut self, mesh: &str) -> Self {
        self.mesh = Some(mesh.to_owned());
        self
    }

    /// One more rule: a prefix, and backends as `name:port`, `namespace/name:port` or `name`.
    pub(crate) fn rule(mut self, prefix: &str, backends: &[&str]) -> Self {
        let index = u16::try_from(self.rules.len()).unwrap_or(u16::MAX);
        let path = PathMatch::Prefix(prefix.into());
        let matches =
            vec![Match { path, method: None, headers: Vec::new().into(), query_params: Vec::new().into() }.into()];
        let route = self.object.key();
        self.rules.push(Rule {
            route,
            index,
            matches: matches.into(),
            filters: Vec::new().into(),
            problems: Vec::new().into(),
        });
        for (slot, backend) in (0..).zip(backends) {
            self.backends.push(backend_ref(&self.object, index, slot, backend));
        }
        self
    }

    /// Makes the last backend one of another kind.
    pub(crate) fn of_kind(mut self, kind: BackendKind) -> Self {
        if let Some(backend) = self.backends.last_mut() {
            backend.kind = kind;
        }
        self
    }

    /// Changes the last rule.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Rule)) -> Self {
        self.rules.last_mut().map(change);
        self
    }

    /// One more rule that Kuma cannot express.
    pub(crate) fn impossible_rule(self) -> Self {
        let problem = RuleProblem { field: "timeouts".into(), reason: RuleReason::NotSupported };
        self.rule("/impossible", &[]).but(|rule| rule.problems.push(problem))
    }

    fn parent_ref(&self, index: u16, reference: &ParentReference, expressible: bool) -> ParentRef {
        let namespace = reference.namespace.as_deref().unwrap_or(&self.object.namespace);
        let parent_kind = match reference.kind {
            Kind::Service => ParentKind::Service,
            _ => ParentKind::Gateway,
        };
        ParentRef {
            route: self.object.key(),
            route_kind: self.kind,
            index,
            parent: Key::of(reference.kind, namespace, &reference.name),
            parent_kind,
            reference: reference.clone(),
            age: Age::new(self.created, self.object.namespace.clone(), self.object.name.clone()),
            mesh: self.mesh.as_deref().map(Into::into),
            hostnames: self.hostnames.clone().into(),
            expressible,
        }
    }
}

impl From<RouteObject> for Update {
    fn from(made: RouteObject) -> Self {
        let expressible = made.rules.is_empty() || made.rules.iter().any(|rule| rule.problems.is_empty());
        let parents = (0..).zip(&made.parents);
        let parents = parents.map(|(index, parent)| Fact::parent_ref(made.parent_ref(index, parent, expressible)));
        let mut facts: Vec<_> = parents.collect();
        let source = made.object.key();
        facts.push(Fact::generation(&made.object, 1));
        facts.extend(made.rules.into_iter().map(Fact::rule));
        facts.extend(made.backends.into_iter().map(Fact::backend_ref));
        Self { source, facts }
    }
}

fn backend_ref(route: &ObjectName, rule: u16, slot: u16, text: &str) -> BackendRef {
    let (target, port) = text.split_once(':').map_or((text, None), |(target, port)| (target, port.parse().ok()));
    let (namespace, name) = target.split_once('/').unwrap_or((&route.namespace, target));
    BackendRef {
        route: route.key(),
        route_kind: route.kind,
        route_namespace: route.namespace.clone(),
        rule,
        slot,
        kind: BackendKind::Service,
        namespace: namespace.into(),
        name: name.into(),
        port,
        weight: 1,
    }
}

/// A Mesh `default` without `MeshServices`, for tests that change it.
pub(crate) const PLAIN: MeshServices = MeshServices::Disabled;
