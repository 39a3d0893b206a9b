use super::*;

const SYSTEM: &str = "kuma-system";

fn gateway() -> ObjectName {
    ObjectName::new(Kind::Gateway, "infra", "edge")
}

fn route() -> ObjectName {
    ObjectName::new(Kind::HttpRoute, "shop", "web")
}

fn seen(kind: Kind, namespace: &str, name: &str, label: Option<&ObjectName>, part: Part) -> Seen {
    Seen {
        object: ObjectName::new(kind, namespace, name),
        uid: "uid".to_owned(),
        version: "1".to_owned(),
        ours: false,
        foreign: false,
        label: label.map(|owner| owner_label(&owner.namespace, &owner.name)),
        part,
    }
}

fn mesh_gateway(name: &str, owner: &ObjectName, secrets: &[&str]) -> Seen {
    let secrets = secrets.iter().map(|name| (*name).to_owned()).collect();
    seen(Kind::MeshGateway, "", name, Some(owner), Part::MeshGateway(secrets))
}

fn instance(name: &str, gateway: Option<&str>) -> Seen {
    seen(Kind::MeshGatewayInstance, "infra", name, None, Part::Instance(gateway.map(str::to_owned)))
}

fn kumas_route(target: Option<&str>) -> Seen {
    let part = Part::Route { target: target.map(str::to_owned), owner: None };
    seen(Kind::MeshHttpRoute, SYSTEM, "web-shop-18776d5e", Some(&route()), part)
}

fn our_route(name: &str, owner: &ObjectName, target: Option<&str>) -> Seen {
    let part = Part::Route { target: target.map(str::to_owned), owner: Some(owner.to_string()) };
    Seen { ours: true, ..seen(Kind::MeshHttpRoute, SYSTEM, name, None, part) }
}

fn floor() -> Seen {
    our_route(&names::floor("infra", "edge"), &gateway(), Some("edge.infra"))
}

fn copy() -> Seen {
    seen(Kind::Secret, SYSTEM, "gapi-infra-tls", None, Part::Copy)
}

fn ours(seen: Seen) -> Seen {
    Seen { ours: true, ..seen }
}

/// The verbs of the plan for these objects beside one Gateway and one route, in order.
fn verbs(ours: bool, answer: Answer, objects: &[Seen]) -> Vec<(&'static str, String)> {
    let survey = Survey {
        gateways: [(gateway(), ours)].into(),
        routes: [(route(), answer)].into(),
        objects: objects.to_vec(),
        ..Survey::default()
    };
    let steps = plan(&Settings::default(), &survey);
    steps.iter().map(|step| (step.fate.verb(), step.seen.object.name.to_string())).collect()
}

#[track_caller]
fn check(objects: &[Seen], expected: &[&str]) {
    let verbs = verbs(true, Answer::Accepted, objects);
    assert_eq!(verbs.iter().map(|(verb, _)| *verb).collect::<Vec<_>>(), expected, "{verbs:?}");
}

#[test]
fn what_serves_a_gateway_of_ours_is_adopted() {
    check(&[mesh_gateway("edge.infra", &gateway(), &[])], &["adopt"]);
    check(&[instance("edge", Some("edge"))], &["adopt"]);
    // Ours already: nothing to do, unless Kuma's label is still there and Kuma would remove it.
    check(&[ours(instance("edge", Some("edge")))], &[]);
    check(&[ours(mesh_gateway("edge.infra", &gateway(), &[]))], &["adopt"]);
    check(&[Seen { label: None, ..ours(mesh_gateway("edge.infra", &gateway(), &[])) }], &[]);
}

#[test]
fn what_users_or_others_made_is_left_alone() {
    let by_hand = seen(Kind::MeshGateway, "", "edge.infra", None, Part::MeshGateway(BTreeSet::new()));
    check(&[by_hand, instance("edge", None)], &[]);
    check(&[mesh_gateway("other", &gateway(), &[]), instance("other", Some("edge"))], &["leave", "leave"]);
    let objects = [mesh_gateway("edge.infra", &gateway(), &[]), instance("edge", Some("edge")), floor()];
    let of_others: Vec<_> = verbs(false, Answer::None, &objects).into_iter().map(|(verb, _)| verb).collect();
    assert_eq!(of_others, ["leave", "leave"]);
    check(&[Seen { foreign: true, ..mesh_gateway("edge.infra", &gateway(), &[]) }], &["leave"]);
}

#[test]
fn what_was_made_for_nothing_that_exists_is_removed() {
    let gone = ObjectName::new(Kind::Gateway, "infra", "gone");
    check(&[mesh_gateway("gone.infra", &gone, &[])], &["remove"]);
    let orphan = Seen { label: Some(owner_label("shop", "gone")), ..kumas_route(Some("edge.infra")) };
    check(&[orphan, floor()], &["remove"]);
    check(&[kumas_route(Some("gone.infra"))], &["remove"]);
}

#[test]
fn a_route_goes_only_once_ours_and_the_floor_are_there() {
    let target = Some("edge.infra");
    let replacement = our_route("web-shop-ours", &route(), target);
    check(&[kumas_route(target)], &["wait"]);
    check(&[kumas_route(target), floor()], &["wait"]);
    check(&[kumas_route(target), replacement.clone()], &["wait"]);
    check(&[kumas_route(target), floor(), replacement], &["remove"]);
    check(&[kumas_route(target), floor(), our_route("web-shop-ours", &route(), Some("other.infra"))], &["wait"]);
    for (answer, expected) in [(Answer::None, "wait"), (Answer::Accepted, "wait"), (Answer::Refused, "remove")] {
        assert_eq!(verbs(true, answer, &[kumas_route(target), floor()])[0].0, expected, "{answer:?}");
    }
    check(&[kumas_route(None), floor()], &["wait"]);
    check(&[kumas_route(None), our_route("ours", &route(), None)], &["remove"]);
}

#[test]
fn a_copy_goes_once_nothing_names_it() {
    let of_kuma = mesh_gateway("edge.infra", &gateway(), &["gapi-infra-tls"]);
    let of_somebody = Seen { label: None, ..of_kuma.clone() };
    check(&[copy()], &["remove"]);
    check(&[copy(), of_kuma], &["adopt", "wait"]);
    check(&[copy(), ours(of_somebody.clone())], &["wait"]);
    check(&[copy(), of_somebody], &["leave"]);
    check(&[Seen { foreign: true, ..copy() }], &[]);
    check(&[ours(copy())], &[]);
}

#[test]
fn gateways_come_first_and_copies_last() {
    let objects = [
        copy(),
        kumas_route(Some("edge.infra")),
        floor(),
        our_route("web-shop-ours", &route(), Some("edge.infra")),
        mesh_gateway("edge.infra", &gateway(), &[]),
        mesh_gateway("gone.infra", &ObjectName::new(Kind::Gateway, "infra", "gone"), &[]),
        instance("edge", Some("edge")),
    ];
    let order: Vec<_> = verbs(true, Answer::Accepted, &objects).into_iter().map(|(_, name)| name).collect();
    assert_eq!(order, ["edge", "edge.infra", "gone.infra", "web-shop-18776d5e", "gapi-infra-tls"]);
}
