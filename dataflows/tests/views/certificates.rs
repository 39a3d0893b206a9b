//! `listener_certificates`, `secret_copies`, and what waits for copies.

use dataflows::model::{CertificateProblem, Fact, Grant, Key, Kind, Settings, Update};
use dataflows::rules::names;

use crate::world::*;

fn copy(namespace: &str, name: &str) -> String {
    let name = names::secret_copy(&Settings::default(), "default", namespace, name);
    format!("kuma-system/{name}")
}

fn blocked_by(world: &World, kind: Kind, name: &str) -> Vec<Kind> {
    let task = world.task(kind, name).expect("there is something to do");
    task.blocked_by.iter().map(|object| object.kind).collect()
}

fn resolved(world: &World) -> String {
    world.listener_condition("infra/edge", 0, "ResolvedRefs")
}

#[test]
fn a_copy_comes_before_the_gateway_that_names_it_and_goes_after_it() {
    let mut world = World::new();
    world.put(secret("infra/shop", Ok("a")));
    world.put(gateway("infra/edge").listener("web", 80, "").listener("tls", 443, "").but(secured("infra", "shop")));
    assert_eq!(blocked_by(&world, Kind::Secret, &copy("infra", "shop")), []);
    assert!(blocked_by(&world, Kind::MeshGateway, "edge.infra").contains(&Kind::Secret));
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);

    // A renewal holds nothing up.
    world.put(secret("infra/shop", Ok("b")));
    let renewed = format!("write Secret/{}", copy("infra", "shop"));
    assert_eq!(world.to_do(), ["write Gateway/infra/edge".to_owned(), renewed]);
    assert_eq!(blocked_by(&world, Kind::Gateway, "infra/edge"), [Kind::Secret], "nothing is said unless it fails");
    assert_eq!(world.put(secret("infra/shop", Ok("b"))), 0);
    world.settle();

    world.put(secret("infra/shop", Err(CertificateProblem::Mismatch)));
    assert_eq!(blocked_by(&world, Kind::Secret, &copy("infra", "shop")), [Kind::MeshGateway]);
    assert_eq!(blocked_by(&world, Kind::MeshGateway, "edge.infra"), []);
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
}

#[test]
fn a_copy_stays_until_its_last_user_is_gone() {
    let mut world = World::new();
    world.put(secret("infra/shop", Ok("a")));
    for name in ["infra/edge", "infra/inner"] {
        world.put(gateway(name).listener("tls", 443, "").but(secured("infra", "shop")));
    }
    world.settle();
    world.remove(Kind::Gateway, "infra/edge");
    assert!(world.task(Kind::Secret, &copy("infra", "shop")).is_none());
    world.remove(Kind::Gateway, "infra/inner");
    assert!(world.task(Kind::Secret, &copy("infra", "shop")).is_some());
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
}

#[test]
fn a_certificate_of_another_namespace_needs_a_grant() {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("tls", 443, "").but(secured("db", "shop")));
    world.put(secret("db/shop", Ok("a")));
    assert_eq!(resolved(&world), "RefNotPermitted");
    let grant = Fact::grant(Grant {
        from_group: "gateway.networking.k8s.io".into(),
        from_kind: "Gateway".into(),
        from_namespace: "infra".into(),
        to_group: "".into(),
        to_kind: "Secret".into(),
        to_namespace: "db".into(),
        to_name: Some("shop".into()),
    });
    let source = Key::of(Kind::ReferenceGrant, "db", "shop");
    world.step([Update { source, facts: vec![grant] }]);
    assert_eq!(resolved(&world), "ResolvedRefs");
    world.remove(Kind::Secret, "db/shop");
    assert_eq!(resolved(&world), "InvalidCertificateRef");
    world.remove(Kind::ReferenceGrant, "db/shop");
    assert_eq!(resolved(&world), "RefNotPermitted");
}
