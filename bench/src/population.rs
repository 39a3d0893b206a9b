//! The objects of a benchmark as facts: a class, a mesh, Gateways, and routes with a Service each.

use std::sync::Arc;

use dataflows::manifest;
use dataflows::model::{
    Action, Age, AllowedNamespaces, BackendKind, BackendRef, Class, Destination, DestinationPort, Fact, Gateway,
    Infrastructure, Key, Kind, Listener, Match, Mesh, MeshServices, ObjectName, ParentKind, ParentRef, ParentReference,
    PathMatch, Protocol, RouteKind, Rule, Settings, Task, Update, status_source,
};

/// How many routes there are and on how many Gateways.
#[derive(Clone, Copy)]
pub(crate) struct Population {
    pub(crate) routes: u32,
    pub(crate) gateways: u32,
}

impl Population {
    /// Everything, as it is at the start.
    pub(crate) fn updates(self) -> Vec<Update> {
        let class = Fact::class(Class { name: "kuma".into(), parameters: None });
        let generation = Fact::generation(&ObjectName::new(Kind::GatewayClass, "", "kuma"), 1);
        let mesh = Fact::mesh(Mesh { name: "default".into(), mesh_services: MeshServices::Disabled });
        let mut updates = vec![
            Update { source: Key::of(Kind::GatewayClass, "", "kuma"), facts: vec![class, generation] },
            Update { source: Key::of(Kind::Mesh, "", "default"), facts: vec![mesh] },
        ];
        updates.extend((0..self.gateways).map(gateway));
        updates.extend((0..self.routes).map(service));
        updates.extend((0..self.routes).map(|index| self.route(index, 1)));
        updates
    }

    /// One route at one generation; generations differ in the path that the route matches.
    pub(crate) fn route(self, index: u32, generation: i64) -> Update {
        let (namespace, name) = (namespace(index), format!("route-{index}"));
        let object = ObjectName::new(Kind::HttpRoute, &namespace, &name);
        let key = object.key();
        let gateway = format!("gateway-{}", index % self.gateways);
        let parent = ParentRef {
            route: key,
            route_kind: RouteKind::Http,
            index: 0,
            parent: Key::of(Kind::Gateway, "infra", &gateway),
            parent_kind: ParentKind::Gateway,
            reference: ParentReference {
                group: "gateway.networking.k8s.io".into(),
                kind: "Gateway".into(),
                namespace: Some("infra".into()),
                name: gateway.into(),
                section_name: None,
                port: None,
            },
            age: Age {
                created: Some(i64::from(index)),
                namespace: object.namespace.clone(),
                name: object.name.clone(),
            },
            mesh: None,
            hostnames: Arc::new([]),
            expressible: true,
        };
        let path = PathMatch::Prefix(format!("/{index}/{generation}").into());
        let matched = Match { path, method: None, headers: vec![], query_params: vec![] };
        let rule = Rule { route: key, index: 0, matches: vec![matched.into()], filters: vec![], problems: vec![] };
        let facts = vec![
            Fact::generation(&object, generation),
            Fact::parent_ref(parent),
            Fact::rule(rule),
            Fact::backend_ref(BackendRef {
                route: key,
                route_kind: Kind::HttpRoute,
                route_namespace: object.namespace.clone(),
                rule: 0,
                slot: 0,
                kind: BackendKind::Service,
                namespace: object.namespace.clone(),
                name: format!("service-{index}").into(),
                port: Some(8080),
                weight: 1,
            }),
        ];
        Update { source: key, facts }
    }
}

/// The cluster shows what a task asks for: what the answer to its write would assert.
pub(crate) fn written(settings: &Settings, task: &Task) -> Option<Update> {
    let object = &task.pending.object;
    let Action::Write(desired) = &task.pending.action else { return None };
    let rendered = manifest::render(settings, desired);
    let (source, observed) = if desired.content.is_status() {
        (status_source(object.key()), manifest::observe_status(settings, object.kind, &rendered))
    } else {
        (object.key(), manifest::observe(settings, object.kind, &rendered))
    };
    Some(Update { source, facts: observed.into_iter().map(Fact::observed).collect() })
}

fn namespace(index: u32) -> String {
    format!("team-{}", index % 100)
}

fn gateway(index: u32) -> Update {
    let object = ObjectName::new(Kind::Gateway, "infra", &format!("gateway-{index}"));
    let gateway = Gateway {
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        uid: None,
        class: Key::of(Kind::GatewayClass, "", "kuma"),
        class_name: "kuma".into(),
        mesh: None,
        infrastructure: Infrastructure::default(),
        addresses: vec![],
        allowed_listeners: AllowedNamespaces::None,
    };
    let listener = Listener {
        gateway: object.key(),
        set: None,
        namespace: object.namespace.clone(),
        index: 0,
        name: "web".into(),
        port: 80,
        protocol: Protocol::Http,
        hostname: None,
        namespaces: AllowedNamespaces::All,
        kinds: None,
        tls: None,
    };
    let facts = vec![Fact::gateway(gateway), Fact::listener(listener), Fact::generation(&object, 1)];
    Update { source: object.key(), facts }
}

fn service(index: u32) -> Update {
    let (namespace, name) = (namespace(index), format!("service-{index}"));
    let destination = Destination {
        kind: BackendKind::Service,
        namespace: namespace.as_str().into(),
        name: name.as_str().into(),
        ports: vec![DestinationPort { port: 8080, name: None, app_protocol: Some("http".into()) }],
        headless: false,
        external_name: false,
        service_tag: None,
        mesh: None,
    };
    Update {
        source: Key::of(Kind::Service, &namespace, &name),
        facts: Fact::destination(destination).into_iter().collect(),
    }
}
