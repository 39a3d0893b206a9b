use std::collections::BTreeSet;

use dataflows::model::{
    Age, AllowedNamespaces, CertificateRef, ClientCertificates, Fact, Gateway, GatewayAddress, Group, Hostname,
    Infrastructure, Key, Kind, Listener, ListenerSet, ListenerTls, ObjectName, Protocol, RequestedAddress,
    RouteKindRef, Selector, SelectorRequirement, TlsMode, Update,
};

use super::{HOSTNAMES, MESHES, Random, TEAMS, surroundings, update};

/// A Gateway with none to four listeners.
pub(super) fn gateway(random: &mut Random, namespace: &str, name: &str) -> Update {
    let object = ObjectName::new(Kind::Gateway, namespace, name);
    let class_name = if random.one_in(10) { "foreign" } else { *random.pick(&super::CLASSES) };
    let requested = |kind: &str, value: &str| RequestedAddress { kind: kind.into(), value: value.into() };
    let gateway = Gateway {
        namespace: namespace.into(),
        name: name.into(),
        uid: None,
        class: Key::of(Kind::GatewayClass, "", class_name),
        class_name: class_name.into(),
        mesh: random.one_in(8).then(|| (*random.pick(&MESHES)).into()),
        infrastructure: Infrastructure {
            parameters: random.one_in(8).then(|| surroundings::parameters_ref(random, "own")),
            ..Infrastructure::default()
        },
        addresses: match random.below(16) {
            0 => vec![requested("Hostname", "x.example")],
            1 => vec![requested("IPAddress", "10.0.0.1")],
            2 => vec![requested("IPAddress", "1.1.1.1"), requested("IPAddress", "2.2.2.2")],
            _ => Vec::new(),
        },
        allowed_listeners: namespaces(random),
        client_certificates: ClientCertificates {
            default: random.one_in(20),
            by_port: (random.one_in(8)).then(|| (443, random.one_in(2))).into_iter().collect(),
        },
        backend_certificate: random.one_in(12).then(|| "cert".into()),
    };
    let mut facts = vec![Fact::gateway(gateway), Fact::generation(&object, i64::from(random.between(1, 3)))];
    let names: BTreeSet<_> = (0..random.below(5)).map(|_| *random.pick(&["a", "b", "c", "d"])).collect();
    let listeners = (0..).zip(names).map(|(index, name)| listener(random, &object, index, name));
    facts.extend(listeners.map(Fact::listener));
    update(object.key(), facts)
}

/// A ListenerSet with one to three listeners, for some Gateway or none.
pub(super) fn listener_set(random: &mut Random, namespace: &str, name: &str) -> Update {
    let object = ObjectName::new(Kind::ListenerSet, namespace, name);
    let (of, gateway) = *random.pick(&super::GATEWAYS);
    let gateway = if random.one_in(8) { "gone" } else { gateway };
    let age = Age::new((!random.one_in(4)).then(|| i64::from(random.below(3))), namespace.into(), name.into());
    let set = ListenerSet { gateway: Key::of(Kind::Gateway, of, gateway), age };
    let names: BTreeSet<_> = (0..random.between(1, 3)).map(|_| *random.pick(&["a", "b", "c"])).collect();
    let gateway = set.gateway;
    let mut facts = vec![Fact::listener_set(set), Fact::generation(&object, i64::from(random.between(1, 3)))];
    let listeners = (0..).zip(names).map(|(index, entry)| Listener {
        gateway,
        set: Some(name.into()),
        ..listener(random, &object, index, entry)
    });
    facts.extend(listeners.map(Fact::listener));
    update(object.key(), facts)
}

fn listener(random: &mut Random, gateway: &ObjectName, index: u32, name: &str) -> Listener {
    // Ports have a protocol that most of their listeners agree on.
    let port = *random.pick(&[80, 80, 80, 81, 82, 90, 443, 443, 444]);
    let protocol = match (random.below(24), port) {
        (1, _) => Protocol::Udp,
        (4, 90 | 443) => Protocol::Http,
        (2, _) | (_, 90) => Protocol::Tcp,
        (3, _) | (_, 443) => Protocol::Tls,
        (0, _) | (_, 444) => Protocol::Https,
        _ => Protocol::Http,
    };
    let certificates = (0..random.below(4)).map(|_| certificate_ref(random, gateway)).collect();
    let mode = match protocol {
        Protocol::Tls if !random.one_in(4) => TlsMode::Passthrough,
        _ if random.one_in(8) => TlsMode::Passthrough,
        _ if random.one_in(12) => TlsMode::Unknown,
        _ => TlsMode::Terminate,
    };
    let has_tls = matches!(protocol, Protocol::Https | Protocol::Tls) && !random.one_in(8);
    let tls = has_tls.then_some(ListenerTls { mode, certificates });
    let route_kind = |kind: Kind| RouteKindRef { group: Group::Gateway.name().into(), kind: kind.name().into() };
    Listener {
        gateway: gateway.key(),
        set: None,
        namespace: gateway.namespace.clone(),
        index,
        name: name.into(),
        port,
        hostname: if random.one_in(20) { Some("under_score") } else { random.some(2, &HOSTNAMES) }
            .and_then(Hostname::parse),
        namespaces: namespaces(random),
        kinds: match random.below(10) {
            0 => Some(vec![route_kind(Kind::TcpRoute)]),
            1 => Some(vec![route_kind(Kind::HttpRoute), route_kind(Kind::TcpRoute)]),
            2 => Some(vec![route_kind(Kind::TlsRoute), route_kind(Kind::GrpcRoute)]),
            _ => None,
        },
        tls,
        protocol,
    }
}

fn certificate_ref(random: &mut Random, gateway: &ObjectName) -> CertificateRef {
    let namespace = if random.one_in(3) { "db" } else { &*gateway.namespace };
    CertificateRef {
        group: "".into(),
        kind: if random.one_in(12) { "ConfigMap" } else { "Secret" }.into(),
        namespace: namespace.into(),
        name: (*random.pick(&["cert", "cert", "spare"])).into(),
    }
}

fn namespaces(random: &mut Random) -> AllowedNamespaces {
    let team = *random.pick(&TEAMS);
    let requirement = match random.below(4) {
        0 => SelectorRequirement::NotIn { label: "team".into(), values: vec![team.into()] },
        1 => SelectorRequirement::Exists { label: "team".into() },
        _ => SelectorRequirement::In { label: "team".into(), values: vec![team.into()] },
    };
    match random.below(10) {
        0 => AllowedNamespaces::None,
        1 => AllowedNamespaces::Same,
        2..=4 => AllowedNamespaces::Selector(Selector { requirements: vec![requirement] }),
        5 => AllowedNamespaces::Selector(Selector::default()),
        6 if random.one_in(3) => AllowedNamespaces::Unknown("Here".into()),
        _ => AllowedNamespaces::All,
    }
}

/// Addresses of the Service of a Gateway.
pub(super) fn addresses(random: &mut Random, namespace: &str, name: &str) -> Update {
    let gateway = Key::of(Kind::Gateway, namespace, name);
    let address = |index, cluster, value: &str| {
        let (kind, value) = ("IPAddress".into(), value.into());
        Fact::gateway_address(gateway, GatewayAddress { cluster, index, kind, value })
    };
    let mut facts = vec![address(0, true, "10.0.0.9")];
    facts.extend(
        (0..)
            .zip(["1.1.1.1", "2.2.2.2"])
            .filter(|_| random.one_in(2))
            .map(|(index, value)| address(index, false, value)),
    );
    update(gateway.part("addresses", ""), facts)
}
