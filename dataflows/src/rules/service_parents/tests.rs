use super::*;
use crate::model::{Age, Group, ParentReference};

fn parent(section: Option<&str>, port: Option<u16>) -> ParentRef {
    ParentRef {
        route: Key::of(Kind::HttpRoute, "shop", "web"),
        route_kind: RouteKind::Http,
        index: 0,
        parent: Key::of(Kind::Service, "shop", "cart"),
        parent_kind: ParentKind::Service,
        reference: ParentReference {
            group: Group::Core,
            kind: Kind::Service,
            namespace: None,
            name: "cart".into(),
            section_name: section.map(Into::into),
            port,
        },
        age: Age::new(None, "shop".into(), "web".into()),
        mesh: Some("default".into()),
        hostnames: Vec::new().into(),
        expressible: true,
    }
}

fn port(port: u16, name: Option<&str>, protocol: &str) -> DestinationPort {
    DestinationPort { port, name: name.map(Into::into), app_protocol: Some(protocol.into()) }
}

/// Ports 80 `web` and 81 without a name for HTTP, 82 `db` for something else.
fn service() -> Destination {
    Destination {
        kind: BackendKind::Service,
        namespace: "shop".into(),
        name: "cart".into(),
        ports: vec![port(80, Some("web"), "http"), port(81, None, "kubernetes.io/h2c"), port(82, Some("db"), "mysql")]
            .into(),
        headless: false,
        external_name: false,
        service_tag: None,
        mesh: None,
    }
}

fn mesh_service(tag: Option<&str>) -> Destination {
    Destination {
        kind: BackendKind::MeshService,
        mesh: Some("default".into()),
        service_tag: tag.map(Into::into),
        ..service()
    }
}

fn judged(parent: ParentRef, service: Option<Destination>, mesh: Option<&str>) -> JudgedServiceParent {
    let mesh = mesh.map(|name| Mesh { name: name.into(), mesh_services: MeshServices::Exclusive });
    let asked = ServiceParent { parent: parent.into(), service: service.map(Into::into) };
    judge(&Settings::default(), &asked, mesh.as_ref())
}

/// The ports that are taken and those that are left out, or the problem.
type Outcome = Result<(Vec<u16>, Vec<u16>), ParentProblem>;

fn outcome(judged: &JudgedServiceParent) -> Outcome {
    let ports = judged.points.iter().filter_map(|point| point.service_port());
    match &judged.verdict.problem {
        Some(problem) => Err(problem.clone()),
        None => Ok((ports.map(|port| port.port).collect(), judged.verdict.not_http.to_vec())),
    }
}

#[test]
fn ports_are_asked_for_by_name_and_number() {
    let table: [(Option<&str>, Option<u16>, Outcome); 10] = [
        (None, None, Ok((vec![80, 81], vec![82]))),
        (None, Some(80), Ok((vec![80], vec![]))),
        (None, Some(82), Ok((vec![], vec![82]))),
        (None, Some(83), Err(ParentProblem::NoMatchingParent)),
        (Some("web"), None, Ok((vec![80], vec![]))),
        (Some("web"), Some(80), Ok((vec![80], vec![]))),
        (Some("web"), Some(81), Err(ParentProblem::NoMatchingParent)),
        (Some("81"), None, Ok((vec![81], vec![]))),
        (Some("80"), None, Err(ParentProblem::NoMatchingParent)),
        (Some("other"), None, Err(ParentProblem::NoMatchingParent)),
    ];
    for (section, port, expected) in table {
        let found = judged(parent(section, port), Some(service()), Some("default"));
        assert_eq!(outcome(&found), expected, "{section:?} {port:?}");
    }
}

#[test]
fn the_first_thing_wrong_is_told() {
    let other_mesh = Destination { mesh: Some("other".into()), ..mesh_service(None) };
    let without_ports = |service| Destination { ports: Vec::new().into(), ..service };
    let headless = Destination { headless: true, ..service() };
    let external = Destination { headless: true, external_name: true, ..service() };
    let dropped = ParentRef { expressible: false, ..parent(None, None) };
    let plain = || parent(None, None);
    let table = [
        (plain(), Some(service()), None, ParentProblem::NoMesh),
        (plain(), None, Some("default"), ParentProblem::NoSuchService),
        (plain(), Some(headless), Some("default"), ParentProblem::HeadlessService),
        (plain(), Some(external), Some("default"), ParentProblem::ExternalNameService),
        (plain(), Some(other_mesh), Some("default"), ParentProblem::other_mesh("default", "other")),
        (plain(), Some(without_ports(service())), Some("default"), ParentProblem::NoMatchingParent),
        (
            parent(Some("web"), None),
            Some(without_ports(mesh_service(None))),
            Some("default"),
            ParentProblem::NoMatchingParent,
        ),
        (dropped, Some(service()), Some("default"), ParentProblem::NoRuleLeft),
    ];
    for (parent, service, mesh, expected) in table {
        assert_eq!(outcome(&judged(parent, service, mesh)), Err(expected));
    }
    let unfinished = judged(plain(), Some(without_ports(mesh_service(None))), Some("default"));
    assert_eq!(outcome(&unfinished), Ok((vec![], vec![])));
    let global = Settings { mode: ControlPlaneMode::Global, ..Settings::default() };
    let asked = ServiceParent { parent: plain().into(), service: Some(service().into()) };
    assert_eq!(outcome(&judge(&global, &asked, None)), Err(ParentProblem::GlobalControlPlane));
}

#[test]
fn a_mesh_service_that_was_made_from_a_service_is_that_service() {
    let first = |service| judged(parent(None, Some(80)), Some(service), Some("default")).points[0].clone();
    let of_service = first(service());
    assert_eq!(of_service, first(mesh_service(Some("cart_shop_svc"))));
    let of_pod = first(mesh_service(Some("headless_shop_svc")));
    let alone = first(mesh_service(None));
    assert!(of_service.key != of_pod.key && of_pod.key != alone.key);
    let tag = |point: &AttachPoint| point.service_port().and_then(|port| port.tag.clone());
    assert_eq!(tag(&of_service).as_deref(), Some("cart_shop_svc_80"));
    assert_eq!(tag(&of_pod).as_deref(), Some("headless_shop_svc_80"));
    assert_eq!(tag(&alone), None);
    assert_eq!(of_pod.parent, Key::of(Kind::MeshService, "shop", "cart"));
}

#[test]
fn each_namespace_and_each_mesh_has_a_point_of_its_own() {
    let point_of = |namespace: &str, mesh: &str| {
        let age = Age::new(None, namespace.into(), "web".into());
        let parent = ParentRef { age, mesh: Some(mesh.into()), ..parent(None, Some(80)) };
        judged(parent, Some(service()), Some(mesh)).points[0].clone()
    };
    let consumer = |point: &AttachPoint| point.service_port().and_then(|port| port.consumer.clone());
    let producer = point_of("shop", "default");
    assert_eq!(consumer(&producer), None);
    assert_eq!(consumer(&point_of("team", "default")).as_deref(), Some("team"));
    let all = [producer, point_of("team", "default"), point_of("other", "default"), point_of("shop", "other")];
    for (place, one) in all.iter().enumerate() {
        assert!(all[..place].iter().all(|other| other.key != one.key));
    }
}
