//! `attachments`, `parent_verdicts`, `servings`, `route_statuses`.

use dataflows::model::{AllowedNamespaces, Kind};

use crate::world::*;

fn world_with(made: GatewayObject) -> World {
    let mut world = World::new();
    world.put(made);
    world
}

#[test]
fn a_route_is_refused_until_a_listener_shares_its_hostname() {
    let mut world = world_with(gateway("infra/edge").listener("web", 80, "b.example"));
    world.put(route("shop/web").on("infra/edge").hostname("a.example").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "NoMatchingListenerHostname");
    assert_eq!(world.routes(), [""; 0]);
    world.put(gateway("infra/edge").listener("web", 80, "*.example"));
    assert_eq!(world.verdict("shop/web"), "Accepted");
    assert_eq!(world.spec_of_route("shop/web")["to"][0]["hostnames"], serde_json::json!(["a.example"]));
    world.put(gateway("infra/edge").listener("web", 80, "b.example"));
    assert_eq!(world.verdict("shop/web"), "NoMatchingListenerHostname");
}

#[test]
fn one_listener_does_not_lend_another_its_permissions() {
    let closed = |listener: &mut dataflows::model::Listener| listener.namespaces = AllowedNamespaces::Same;
    let mut world = world_with(gateway("infra/edge").listener("closed", 80, "a.example").but(closed).listener(
        "open",
        80,
        "b.example",
    ));
    world.put(route("shop/web").on("infra/edge").hostname("a.example").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "NoMatchingListenerHostname", "the open listener has another hostname");
    assert_eq!(world.attached("infra/edge"), [0, 0]);
    world.put(route("shop/web").on("infra/edge").section("closed").hostname("a.example").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "NotAllowedByListeners");
    world.put(route("infra/web").on("infra/edge").hostname("a.example").rule("/", &[]));
    assert_eq!(world.verdict("infra/web"), "Accepted");
}

#[test]
fn labels_open_a_listener_to_a_namespace_and_close_it_again() {
    let mut world = world_with(gateway("infra/edge").listener("web", 80, "").for_team("blue"));
    world.put(route("shop/web").on("infra/edge").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "NotAllowedByListeners", "no labels are known");
    world.put(namespace("shop", Some("red")));
    assert_eq!(world.verdict("shop/web"), "NotAllowedByListeners");
    world.put(namespace("shop", Some("blue")));
    assert_eq!(world.verdict("shop/web"), "Accepted");
    assert_eq!(world.put(namespace("infra", Some("blue"))), 0, "another namespace is another matter");
    world.remove(Kind::Namespace, "shop");
    assert_eq!(world.verdict("shop/web"), "NotAllowedByListeners");
}

#[test]
fn a_listener_is_asked_for_by_name() {
    let mut world = world_with(gateway("infra/edge").listener("a", 80, "").listener("b", 81, ""));
    world.put(route("shop/web").on("infra/edge").section("c").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "NoMatchingParent");
    world.put(gateway("infra/edge").listener("a", 80, "").listener("c", 81, ""));
    assert_eq!(world.verdict("shop/web"), "Accepted");
    assert_eq!(world.attached("infra/edge"), [0, 1]);
}

#[test]
fn a_route_hears_from_each_parent_of_ours_by_itself() {
    let mut world = world_with(gateway("infra/edge").listener("web", 80, ""));
    world.put(route("shop/web").on("infra/other").on("infra/edge").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "Accepted", "the first parent does not exist and says nothing");
    assert_eq!(world.parent_condition("shop/web", 1, "Accepted"), "silent");
    world.put(gateway("infra/other").listener("web", 80, "b.example"));
    world.put(route("shop/web").on("infra/other").on("infra/edge").hostname("a.example").rule("/", &[]));
    assert_eq!(world.parent_condition("shop/web", 0, "Accepted"), "NoMatchingListenerHostname");
    assert_eq!(world.parent_condition("shop/web", 1, "Accepted"), "Accepted");
    world.remove(Kind::Gateway, "infra/edge");
    world.remove(Kind::Gateway, "infra/other");
    assert_eq!(world.verdict("shop/web"), "silent");
}

#[test]
fn a_route_on_a_gateway_that_is_not_accepted_is_told_so_before_anything_else() {
    let mut world = world_with(gateway("infra/edge").listener("web", 80, "under_score"));
    world.put(mesh("other", PLAIN));
    world.put(route("shop/web").on("infra/edge").in_mesh("other").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "Pending", "the Gateway has no listener that could work");
    world.put(gateway("infra/edge").listener("web", 80, ""));
    assert_eq!(world.verdict("shop/web"), "NoMatchingParent", "route and Gateway are in different meshes");
    world.put(route("shop/web").on("infra/edge").rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "Accepted");
    world.remove(Kind::Mesh, "default");
    assert_eq!(world.verdict("shop/web"), "Pending");
}

#[test]
fn a_route_of_which_nothing_can_be_expressed_is_refused() {
    let mut world = world_with(gateway("infra/edge").listener("web", 80, ""));
    world.put(route("shop/web").on("infra/edge").impossible_rule());
    assert_eq!(world.verdict("shop/web"), "UnsupportedValue");
    assert_eq!(world.attached("infra/edge"), [0]);
    world.put(route("shop/web").on("infra/edge").impossible_rule().rule("/", &[]));
    assert_eq!(world.verdict("shop/web"), "Accepted");
    assert_eq!(world.parent_condition("shop/web", 0, "PartiallyInvalid"), "UnsupportedValue");
    world.put(route("shop/web").on("infra/edge").rule("/", &[]));
    assert_eq!(world.parent_condition("shop/web", 0, "PartiallyInvalid"), "silent");
}

#[test]
fn a_route_without_rules_gets_an_answer_too() {
    let mut world = world_with(gateway("infra/edge").listener("web", 80, ""));
    world.put(route("shop/web").on("infra/edge"));
    assert_eq!(world.verdict("shop/web"), "Accepted");
    assert_eq!(world.routes(), [""; 0]);
    world.put(route("shop/web").on("infra/edge").rule("/", &[]));
    assert_eq!(world.routes(), ["web-shop"]);
    world.remove(Kind::HttpRoute, "shop/web");
    assert_eq!(world.verdict("shop/web"), "silent");
}

#[test]
fn two_parent_refs_to_one_listener_make_one_object() {
    let mut world = world_with(gateway("infra/edge").listener("web", 80, ""));
    world.put(route("shop/web").on("infra/edge").on("infra/edge").section("web").rule("/", &[]));
    assert_eq!(world.routes(), ["web-shop"]);
    assert_eq!(world.parent_condition("shop/web", 1, "Accepted"), "Accepted");
    world.put(route("shop/web").on("infra/edge").section("web").rule("/", &[]));
    assert_eq!(world.routes(), ["web-shop"]);
    world.put(route("shop/web").rule("/", &[]));
    assert_eq!(world.routes(), [""; 0]);
}
