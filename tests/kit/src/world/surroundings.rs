use dataflows::model::{
    BackendKind, Certificate, CertificateProblem, Class, ClassParameters, CommonConfig, CopyContent, CrdVersion,
    Destination, DestinationPort, Fact, Grant, Group, Half, Key, Kind, Mesh, MeshChoice, MeshServices, NamespaceLabels,
    ObjectName, ParametersRef, Update,
};

use super::{MESHES, NAMESPACES, Random, SERVICES, TEAMS, update};

pub(super) fn mesh(random: &mut Random, name: &str) -> Update {
    let modes =
        [MeshServices::Disabled, MeshServices::Everywhere, MeshServices::ReachableBackends, MeshServices::Exclusive];
    let mode = if random.one_in(16) { MeshServices::Unknown } else { *random.pick(&modes) };
    let mesh = Mesh { name: name.into(), mesh_services: mode };
    update(Key::of(Kind::Mesh, "", name), [Fact::mesh(mesh)])
}

pub(super) fn namespace(random: &mut Random, name: &str) -> Update {
    let team = random.some(3, &TEAMS);
    let labels = team.map(|team| ("team".into(), team.into())).into_iter().collect();
    let mut facts = vec![Fact::namespace_labels(name, NamespaceLabels { labels })];
    if random.one_in(6) {
        facts.push(Fact::mesh_choice(name, MeshChoice { mesh: (*random.pick(&MESHES)).into() }));
    }
    update(Key::of(Kind::Namespace, "", name), facts)
}

/// The class `kuma` has no parameters, the class `tuned` has.
pub(super) fn class(random: &mut Random, name: &str) -> Update {
    let parameters = (name == "tuned").then(|| parameters_ref(random, "tuning"));
    let generation = Fact::generation(&ObjectName::new(Kind::GatewayClass, "", name), i64::from(random.between(1, 2)));
    let class = Fact::class(Class { name: name.into(), parameters, leaving: random.one_in(8) });
    update(Key::of(Kind::GatewayClass, "", name), [class, generation])
}

/// The definition of a kind of Gateway API, of a version that is known or not.
pub(super) fn definition(random: &mut Random, plural: &str) -> Update {
    let name = format!("{plural}.{}", Group::Gateway.name());
    let bundle = random.some(5, &["v1.3.0", "v1.5.1", "v1.6.1", "v1.6.1"]).map(Into::into);
    let of_kind = CrdVersion::Of { name: name.as_str().into(), bundle };
    let definition = if random.one_in(12) { CrdVersion::Unreadable } else { of_kind };
    update(Key::of(Kind::CustomResourceDefinition, "", &name), [Fact::crd_version(definition)])
}

pub(super) fn parameters_ref(random: &mut Random, name: &str) -> ParametersRef {
    let kind = if random.one_in(10) { "ConfigMap" } else { Kind::MeshGatewayConfig.name() };
    let namespace = random.one_in(10).then(|| "infra".into());
    ParametersRef { group: Group::Kuma.name().into(), kind: kind.into(), name: name.into(), namespace }
}

pub(super) fn parameters(random: &mut Random, name: &str) -> Update {
    let tags: [&[(&str, &str)]; 4] = [&[], &[("team", "blue")], &[("kuma.io/service", "x")], &[("team", "b d")]];
    let usable = !random.one_in(4);
    let tags = random.pick(if usable { &tags[..2] } else { &tags[2..] }).iter();
    let parameters = ClassParameters {
        tags: tags.map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        cross_mesh: random.one_in(4),
        common: CommonConfig { replicas: random.some(2, &[1, 1, 2, 2, 2, 0]), ..CommonConfig::default() },
    };
    update(Key::of(Kind::MeshGatewayConfig, "", name), [Fact::class_parameters(name, parameters)])
}

pub(super) fn service(random: &mut Random, namespace: &str, name: &str) -> Update {
    let ports: Vec<u16> = [80, 8080].into_iter().filter(|_| !random.one_in(3)).collect();
    let destination = Destination {
        kind: BackendKind::Service,
        namespace: namespace.into(),
        name: name.into(),
        ports: ports.into_iter().map(|port| self::port(random, port)).collect(),
        headless: random.one_in(5),
        external_name: random.one_in(12),
        service_tag: None,
        mesh: None,
    };
    update(Key::of(Kind::Service, namespace, name), Fact::destination(destination))
}

/// Most ports speak HTTP, and some have the name of a listener.
fn port(random: &mut Random, port: u16) -> DestinationPort {
    let app_protocol = random.some(6, &["http", "http", "grpc", "mysql"]).map(Into::into);
    DestinationPort { port, name: random.one_in(3).then(|| "a".into()), app_protocol }
}

/// A MeshService: made from the Service of its name, from another one, or by hand.
pub(super) fn mesh_service(random: &mut Random, namespace: &str, name: &str) -> Update {
    let ports: Vec<u16> = [80, 8080].into_iter().filter(|_| !random.one_in(3)).collect();
    let tags = [format!("{name}_{namespace}_svc"), format!("other_{namespace}_svc")];
    let destination = Destination {
        kind: BackendKind::MeshService,
        namespace: namespace.into(),
        name: name.into(),
        ports: ports.into_iter().map(|port| self::port(random, port)).collect(),
        headless: false,
        external_name: false,
        service_tag: random.some(4, &tags).map(Into::into),
        mesh: Some((if random.one_in(4) { MESHES[1] } else { MESHES[0] }).into()),
    };
    update(Key::of(Kind::MeshService, namespace, name), Fact::destination(destination))
}

/// What exists in Kuma alone, or outside of the mesh.
pub(super) fn outsider(random: &mut Random, kind: &BackendKind) -> Update {
    let (namespace, name) = super::outsider(kind);
    let ports: Vec<u16> = [80, 8080].into_iter().filter(|_| !random.one_in(3)).collect();
    let ports = ports.into_iter().map(|port| self::port(random, port)).collect();
    let tag = if random.one_in(4) { "vault" } else { name };
    let destination = Destination {
        kind: kind.clone(),
        namespace: namespace.into(),
        name: name.into(),
        ports,
        headless: false,
        external_name: false,
        service_tag: (*kind == BackendKind::ExternalService).then(|| tag.into()),
        mesh: Some((if random.one_in(4) { MESHES[1] } else { MESHES[0] }).into()),
    };
    let source = kind.kind().map_or_else(|| Key::hash(&[b"no destination"]), |kind| Key::of(kind, namespace, name));
    update(source, Fact::destination(destination))
}

/// A TLS Secret with one of a few contents, or with none that can be served.
pub(super) fn secret(random: &mut Random, namespace: &str, name: &str) -> Update {
    let content = match random.below(6) {
        0 => Err(CertificateProblem::Mismatch),
        1 => Err(CertificateProblem::Missing(Half::Key)),
        number => Ok(CopyContent::of(&number.to_string())),
    };
    let certificate = Certificate { namespace: namespace.into(), name: name.into(), content };
    update(Key::of(Kind::Secret, namespace, name), [Fact::certificate(certificate)])
}

/// A `ReferenceGrant`. Several may permit the same.
pub(super) fn grants(random: &mut Random, index: u32) -> Update {
    let mut facts = Vec::new();
    for _ in 0..random.below(4) {
        let of_secret = random.one_in(3);
        let (namespace, name) = if of_secret { ("db", "cert") } else { *random.pick(&SERVICES) };
        let to_kind = if of_secret { Kind::Secret } else { Kind::Service };
        let routes =
            [Kind::HttpRoute, Kind::HttpRoute, Kind::HttpRoute, Kind::GrpcRoute, Kind::TcpRoute, Kind::TlsRoute];
        let holders = [Kind::Gateway, Kind::Gateway, Kind::ListenerSet];
        let from_kind = *if of_secret && !random.one_in(6) { random.pick(&holders) } else { random.pick(&routes) };
        facts.push(Fact::grant(Grant {
            from_group: Group::Gateway.name().into(),
            from_kind: from_kind.name().into(),
            from_namespace: (*random.pick(&NAMESPACES)).into(),
            to_group: "".into(),
            to_kind: to_kind.name().into(),
            to_namespace: namespace.into(),
            to_name: random.one_in(2).then(|| name.into()),
        }));
    }
    update(Key::of(Kind::ReferenceGrant, "db", &format!("grant-{index}")), facts)
}
