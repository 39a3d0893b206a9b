//! `granted_references`, `resolved_backends`, `route_rules`.

use dataflows::model::{Kind, MeshServices};
use serde_json::{Value, json};

use crate::world::*;

fn world() -> World {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("web", 80, ""));
    world
}

fn backend(world: &World, rule: usize) -> Value {
    world.spec_of_route("shop/web")["to"][0]["rules"][rule]["default"]["backendRefs"][0]["name"].clone()
}

fn resolved(world: &World) -> String {
    world.parent_condition("shop/web", 0, "ResolvedRefs")
}

const DEAD: &str = "kuma.io/unresolved-backend";

#[test]
fn a_backend_is_dead_until_its_service_has_the_port() {
    let mut world = world();
    world.put(route("shop/web").on("infra/edge").rule("/", &["cart:80"]));
    assert_eq!((resolved(&world).as_str(), backend(&world, 0)), ("BackendNotFound", json!(DEAD)));
    world.put(service("shop/cart", &[81]));
    assert_eq!((resolved(&world).as_str(), backend(&world, 0)), ("BackendNotFound", json!(DEAD)));
    world.put(service("shop/cart", &[80, 81]));
    assert_eq!((resolved(&world).as_str(), backend(&world, 0)), ("ResolvedRefs", json!("cart_shop_svc_80")));
    world.remove(Kind::Service, "shop/cart");
    assert_eq!((resolved(&world).as_str(), backend(&world, 0)), ("BackendNotFound", json!(DEAD)));
}

#[test]
fn two_grants_for_one_reference_are_as_good_as_one_until_both_are_gone() {
    let mut world = world();
    world.put(service("db/orders", &[80]));
    world.put(route("shop/web").on("infra/edge").rule("/", &["db/orders:80"]));
    assert_eq!(resolved(&world), "RefNotPermitted");
    world.put(grant("db/one", "shop", None));
    assert_eq!(resolved(&world), "ResolvedRefs");
    assert_eq!(world.put(grant("db/two", "shop", None)), 0);
    assert_eq!(world.put(grant("db/three", "shop", Some("orders"))), 0);
    world.remove(Kind::ReferenceGrant, "db/one");
    world.remove(Kind::ReferenceGrant, "db/three");
    assert_eq!(resolved(&world), "ResolvedRefs");
    world.remove(Kind::ReferenceGrant, "db/two");
    assert_eq!((resolved(&world).as_str(), backend(&world, 0)), ("RefNotPermitted", json!(DEAD)));
}

#[test]
fn a_grant_permits_nothing_that_it_does_not_name() {
    let mut world = world();
    world.put(service("db/orders", &[80]));
    world.put(route("shop/web").on("infra/edge").rule("/", &["db/orders:80"]));
    assert_eq!(world.put(grant("db/other-namespace", "infra", None)), 0);
    assert_eq!(world.put(grant("db/other-service", "shop", Some("users"))), 0);
    assert_eq!(resolved(&world), "RefNotPermitted");
}

#[test]
fn whether_a_service_exists_is_not_told_without_a_grant() {
    let mut world = world();
    world.put(route("shop/web").on("infra/edge").rule("/", &["db/orders:80"]));
    assert_eq!(resolved(&world), "RefNotPermitted");
    world.settle();
    assert_eq!(world.put(service("db/orders", &[80])), 0, "nothing that can be seen from outside changes");
    world.remove(Kind::Service, "db/orders");
    world.put(grant("db/one", "shop", None));
    assert_eq!(resolved(&world), "BackendNotFound");
}

#[test]
fn routes_share_a_service() {
    let mut world = world();
    world.put(route("shop/web").on("infra/edge").rule("/a", &["cart:80"]).rule("/b", &["cart:80"]));
    world.put(route("shop/api").on("infra/edge").rule("/c", &["cart:80"]));
    assert_eq!(world.put(service("shop/cart", &[80])), 4, "two objects and two statuses");
    assert_eq!((backend(&world, 0), backend(&world, 1)), (json!("cart_shop_svc_80"), json!("cart_shop_svc_80")));
    assert_eq!(world.put(service("shop/cart", &[80, 90])), 0, "one more port is nobody's business here");
}

#[test]
fn the_mode_of_the_mesh_decides_the_form_of_a_backend() {
    let mut world = world();
    world.put(service("shop/cart", &[80]));
    world.put(route("shop/web").on("infra/edge").rule("/", &["cart:80"]));
    let kind = |world: &World| {
        world.spec_of_route("shop/web")["to"][0]["rules"][0]["default"]["backendRefs"][0]["kind"].clone()
    };
    assert_eq!(kind(&world), "MeshServiceSubset");
    world.put(mesh("default", MeshServices::Exclusive));
    assert_eq!(kind(&world), "MeshService");
    world.put(mesh("default", MeshServices::Disabled));
    assert_eq!(kind(&world), "MeshServiceSubset");
}

#[test]
fn rules_stay_in_the_order_of_the_route() {
    let mut world = world();
    world.put(service("shop/cart", &[80]));
    world.put(route("shop/web").on("infra/edge").rule("/b", &["cart:80"]).impossible_rule().rule("/a", &[]));
    assert_eq!((backend(&world, 0), backend(&world, 1)), (json!("cart_shop_svc_80"), json!(DEAD)));
    assert_eq!(world.put(route("shop/web").on("infra/edge").rule("/a", &[])), 2);
    assert_eq!(backend(&world, 0), json!(DEAD));
}
