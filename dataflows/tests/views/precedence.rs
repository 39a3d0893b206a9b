//! `rule_precedence`, `mesh_http_routes`.

use dataflows::model::Kind;

use crate::world::*;

fn world() -> World {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("web", 80, "*.example"));
    world
}

/// The paths that a route serves.
fn paths(world: &World, name: &str) -> Vec<String> {
    let spec = world.spec_of_route(name);
    let entries = spec["to"].as_array().cloned().unwrap_or_default();
    let rules = entries.iter().flat_map(|entry| entry["rules"].as_array().cloned().unwrap_or_default());
    rules.map(|rule| rule["matches"][0]["path"]["value"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_oldest_route_keeps_a_match_until_it_goes() {
    let mut world = world();
    world.put(route("shop/young").created(2).on("infra/edge").rule("/a", &[]).rule("/b", &[]));
    assert_eq!(paths(&world, "shop/young"), ["/a", "/b"]);
    world.put(route("shop/zold").created(1).on("infra/edge").rule("/a", &[]));
    assert_eq!(paths(&world, "shop/young"), ["/b"]);
    assert_eq!(world.parent_condition("shop/young", 0, "deltagate.io/Effective"), "Shadowed");
    assert_eq!(world.parent_condition("shop/zold", 0, "deltagate.io/Effective"), "silent");
    world.remove(Kind::HttpRoute, "shop/zold");
    assert_eq!(paths(&world, "shop/young"), ["/a", "/b"]);
    assert_eq!(world.parent_condition("shop/young", 0, "deltagate.io/Effective"), "silent");
}

#[test]
fn a_route_with_nothing_left_has_no_object_but_stays_accepted() {
    let mut world = world();
    world.put(route("shop/old").created(1).on("infra/edge").rule("/a", &[]));
    world.put(route("shop/young").created(2).on("infra/edge").rule("/a", &[]));
    assert_eq!(world.routes(), ["old-shop"]);
    assert_eq!(world.verdict("shop/young"), "Accepted");
    assert_eq!(world.attached("infra/edge"), [2]);
    world.put(route("shop/old").created(1).on("infra/edge").rule("/b", &[]));
    assert_eq!(world.routes(), ["old-shop", "young-shop"]);
}

#[test]
fn a_match_is_lost_for_one_hostname_and_kept_for_the_other() {
    let mut world = world();
    world.put(route("shop/young").on("infra/edge").hostname("a.example").hostname("b.example").rule("/", &[]));
    world.put(route("shop/old").created(1).on("infra/edge").hostname("a.example").rule("/", &[]));
    let to = world.spec_of_route("shop/young")["to"].clone();
    assert_eq!(to.as_array().map(Vec::len), Some(1), "{to}");
    assert_eq!(to[0]["hostnames"], serde_json::json!(["b.example"]));
    world.put(route("shop/old").created(1).on("infra/edge").hostname("c.example").rule("/", &[]));
    let to = world.spec_of_route("shop/young")["to"].clone();
    assert_eq!(to[0]["hostnames"], serde_json::json!(["a.example", "b.example"]));
}

#[test]
fn the_earlier_of_two_equal_rules_counts_and_nobody_hears_of_it() {
    let mut world = world();
    world.put(route("shop/web").on("infra/edge").rule("/a", &["one:80"]).rule("/a", &["two:80"]).rule("/b", &[]));
    assert_eq!(paths(&world, "shop/web"), ["/a", "/b"]);
    assert_eq!(world.parent_condition("shop/web", 0, "deltagate.io/Effective"), "silent");
    world.put(route("shop/web").on("infra/edge").rule("/c", &["one:80"]).rule("/a", &["two:80"]).rule("/b", &[]));
    assert_eq!(paths(&world, "shop/web"), ["/c", "/a", "/b"]);
}

#[test]
fn routes_on_different_listeners_do_not_meet() {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("a", 80, "").listener("b", 81, ""));
    world.put(route("shop/one").created(1).on("infra/edge").section("a").rule("/", &[]));
    world.put(route("shop/two").created(2).on("infra/edge").section("b").rule("/", &[]));
    assert_eq!(world.routes(), ["one-shop", "two-shop"]);
    world.put(route("shop/two").created(2).on("infra/edge").rule("/", &[]));
    assert_eq!(world.parent_condition("shop/two", 0, "deltagate.io/Effective"), "Shadowed");
    assert_eq!(world.routes(), ["one-shop", "two-shop"], "it is left on the listener that it has to itself");
}
