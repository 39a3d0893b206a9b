//! `service_parents`, `service_routes`, `service_floors`.

use dataflows::model::{Kind, MeshServices, RouteKind};
use serde_json::{Value, json};

use crate::world::*;

/// A Service `shop/cart` with HTTP on two ports.
fn world() -> World {
    let mut world = World::new();
    world.put(http_service("shop/cart", &[80, 81]));
    world
}

fn targets(spec: &Value) -> Vec<String> {
    let entries = spec["to"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| entry["targetRef"]["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn floors(world: &World) -> Vec<String> {
    let mut names = world.routes();
    names.retain(|name| name.contains("-unmatched-"));
    names
}

#[test]
fn a_route_waits_for_its_service_and_goes_with_it() {
    let mut world = World::new();
    world.put(route("shop/web").on_service("shop/cart", None).rule("/a", &["cart:80"]));
    assert_eq!(world.verdict("shop/web"), "NoMatchingParent");
    assert_eq!(world.routes(), [""; 0]);
    world.put(http_service("shop/cart", &[80]));
    assert_eq!(world.verdict("shop/web"), "Accepted");
    assert_eq!(targets(&world.spec_of_route("shop/web")), ["cart_shop_svc_80"]);
    world.put(http_service("shop/cart", &[80, 81]));
    assert_eq!(targets(&world.spec_of_route("shop/web")), ["cart_shop_svc_80", "cart_shop_svc_81"]);
    assert_eq!(floors(&world), ["producer-unmatched-cart-shop-80", "producer-unmatched-cart-shop-81"]);
    world.remove(Kind::Service, "shop/cart");
    assert_eq!(world.verdict("shop/web"), "NoMatchingParent");
    assert_eq!(world.routes(), [""; 0]);
}

#[test]
fn several_parent_refs_to_one_service_make_one_object() {
    let mut world = world();
    let web = || route("shop/web").on_service("shop/cart", Some(81)).rule("/", &["cart:80"]);
    world.put(web().on_service("shop/cart", Some(80)));
    assert_eq!(targets(&world.spec_of_route("shop/web")), ["cart_shop_svc_80", "cart_shop_svc_81"]);
    world.put(web().on_service("shop/cart", None));
    assert_eq!(targets(&world.spec_of_route("shop/web")), ["cart_shop_svc_80", "cart_shop_svc_81"]);
    world.put(web());
    assert_eq!(targets(&world.spec_of_route("shop/web")), ["cart_shop_svc_81"]);
}

#[test]
fn producers_and_consumers_act_upon_different_proxies_and_do_not_meet() {
    let mut world = world();
    let on =
        |name: &str, created| route(name).created(created).on_service("shop/cart", Some(80)).rule("/", &["cart:80"]);
    world.put(on("shop/web", 1));
    world.put(on("team/web", 2));
    world.put(on("other/web", 3));
    assert_eq!(world.spec_of_route("shop/web")["targetRef"], json!({"kind": "Dataplane"}));
    let of_team = json!({"kind": "Dataplane", "labels": {"k8s.kuma.io/namespace": "team"}});
    assert_eq!(world.spec_of_route("team/web")["targetRef"], of_team);
    for name in ["shop/web", "team/web", "other/web"] {
        assert_eq!(world.parent_condition(name, 0, "deltagate.io/Effective"), "silent", "{name}");
    }
    world.put(on("team/late", 4));
    assert_eq!(world.parent_condition("team/late", 0, "deltagate.io/Effective"), "Shadowed");
    assert_eq!(world.spec_of_route("team/late"), Value::Null);
}

#[test]
fn a_floor_is_there_while_some_request_is_nobodys() {
    let mut world = world();
    let on = |name: &str, path: &str| route(name).on_service("shop/cart", Some(80)).rule(path, &["cart:80"]);
    world.put(on("shop/one", "/a"));
    assert_eq!(floors(&world), ["producer-unmatched-cart-shop-80"]);
    world.put(on("shop/two", "/"));
    assert_eq!(floors(&world), [""; 0]);
    world.put(on("shop/three", "/"));
    world.remove(Kind::HttpRoute, "shop/two");
    assert_eq!(floors(&world), [""; 0], "the other one still answers everything");
    assert_eq!(world.put(on("shop/four", "/b")), 2, "an object and a status");
    world.put(on("shop/three", "/c"));
    assert_eq!(floors(&world), ["producer-unmatched-cart-shop-80"]);
    for name in ["shop/one", "shop/three", "shop/four"] {
        world.remove(Kind::HttpRoute, name);
    }
    assert_eq!(world.routes(), [""; 0]);
}

#[test]
fn a_backend_that_is_not_there_closes_its_share_and_asks_for_no_grant() {
    let mut world = world();
    world.put(route("shop/web").on_service("shop/cart", Some(80)).rule("/", &["db/orders:80"]));
    let backend =
        |world: &World| world.spec_of_route("shop/web")["to"][0]["rules"][0]["default"]["backendRefs"][0].clone();
    let dead = json!({
        "kind": "MeshServiceSubset", "name": "cart_shop_svc_80", "tags": {"deltagate.io/unresolved": "true"}, "weight": 1
    });
    assert_eq!(
        (backend(&world), world.parent_condition("shop/web", 0, "ResolvedRefs").as_str()),
        (dead.clone(), "BackendNotFound")
    );
    world.put(service("db/orders", &[80]));
    assert_eq!(
        (backend(&world), world.parent_condition("shop/web", 0, "ResolvedRefs").as_str()),
        (dead, "UnsupportedProtocol")
    );
    world.put(http_service("db/orders", &[80]));
    assert_eq!(backend(&world)["name"], "orders_db_svc_80");
    assert_eq!(world.parent_condition("shop/web", 0, "ResolvedRefs"), "ResolvedRefs");
}

#[test]
fn the_mesh_of_the_route_decides() {
    let mut world = world();
    world.put(route("shop/web").on_service("shop/cart", Some(80)).rule("/a", &[]));
    world.settle();
    world.put(mesh("default", MeshServices::Exclusive));
    let to = json!({"kind": "MeshService", "name": "cart", "namespace": "shop", "sectionName": "80"});
    assert_eq!(world.spec_of_route("shop/web")["to"][0]["targetRef"], to);
    world.put(namespace_in_mesh("shop", "other"));
    assert_eq!(world.verdict("shop/web"), "NoMatchingParent");
    assert_eq!(world.to_do().iter().filter(|task| task.starts_with("remove MeshHTTPRoute")).count(), 2);
    world.put(mesh("other", PLAIN));
    let moved: Vec<_> = world.to_do().into_iter().filter(|task| task.contains("producer-route-")).collect();
    assert!(matches!(&moved[..], [task] if task.starts_with("move ")), "{moved:?}");
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
}

#[test]
fn a_route_hears_from_gateways_and_services_by_itself() {
    let mut world = world();
    world.put(gateway("infra/edge").listener("web", 80, ""));
    world.put(http_service("db/orders", &[80]));
    world.put(route("shop/web").on("infra/edge").on_service("shop/cart", Some(80)).rule("/", &["db/orders:80"]));
    let resolved = |world: &World| [0, 1].map(|parent| world.parent_condition("shop/web", parent, "ResolvedRefs"));
    assert_eq!(resolved(&world), ["RefNotPermitted", "ResolvedRefs"]);
    assert_eq!(world.routes(), ["producer-route-web-shop", "web-shop"]);
    world.put(grant("db/grant", "shop", None));
    assert_eq!(resolved(&world), ["ResolvedRefs", "ResolvedRefs"]);
    world.remove(Kind::Gateway, "infra/edge");
    assert_eq!(world.routes(), ["producer-route-web-shop"]);
    assert_eq!(world.verdict("shop/web"), "Accepted");
}

#[test]
fn calls_come_before_requests_and_requests_before_connections() {
    let mut world = world();
    let on = |name: &str, port| route(name).created(1).on_service("shop/cart", port).rule("/a", &["cart:80"]);
    let calls =
        |port| route_of(RouteKind::Grpc, "shop/calls").created(2).on_service("shop/cart", port).rule("/", &["cart:80"]);
    let heard = |world: &World, kind| {
        let conditions = &world.written(kind, "shop/web")["status"]["parents"][0]["conditions"];
        ["Accepted", "deltagate.io/Effective"].map(|condition| reason(conditions, condition))
    };
    world.put(on("shop/web", None));
    world.put(route_of(RouteKind::Tcp, "shop/web").on_service("shop/cart", Some(80)).rule("/", &["cart:80"]));
    assert_eq!(heard(&world, Kind::HttpRoute), ["Accepted", "silent"]);
    assert_eq!(heard(&world, Kind::TcpRoute), ["Conflicted", "silent"]);
    world.put(calls(Some(80)));
    assert_eq!(heard(&world, Kind::HttpRoute), ["Accepted", "Shadowed"]);
    assert_eq!(targets(&world.spec_of_route("shop/web")), ["cart_shop_svc_81"]);
    world.put(calls(None));
    assert_eq!(heard(&world, Kind::HttpRoute), ["Conflicted", "silent"]);
    assert_eq!(world.spec_of_route("shop/web"), Value::Null);
    world.remove(Kind::GrpcRoute, "shop/calls");
    assert_eq!(heard(&world, Kind::HttpRoute), ["Accepted", "silent"]);
    assert_eq!(targets(&world.spec_of_route("shop/web")), ["cart_shop_svc_80", "cart_shop_svc_81"]);
    world.remove(Kind::HttpRoute, "shop/web");
    assert_eq!(heard(&world, Kind::TcpRoute), ["Accepted", "silent"]);
}
