//! `listeners`, `attached_routes`, `gateway_statuses`.

use dataflows::model::{Kind, Protocol};

use crate::world::*;

#[test]
fn listeners_that_clash_fall_together_and_rise_together() {
    let mut world = World::new();
    let accepted = |world: &World| [0, 1].map(|at| world.listener_condition("infra/edge", at, "Accepted"));
    world.put(gateway("infra/edge").listener("a", 80, "a.example").listener("b", 80, "a.example"));
    assert_eq!(accepted(&world), ["HostnameConflict", "HostnameConflict"]);
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "ListenersNotValid");
    world.put(gateway("infra/edge").listener("a", 80, "a.example").listener("b", 80, "b.example"));
    assert_eq!(accepted(&world), ["Accepted", "Accepted"]);
    world.put(gateway("infra/edge").listener("a", 80, "a.example"));
    assert_eq!(accepted(&world), ["Accepted", "silent"]);
}

#[test]
fn one_bad_listener_leaves_the_others_alone() {
    let mut world = World::new();
    let udp = |listener: &mut dataflows::model::Listener| listener.protocol = Protocol::Udp;
    world.put(gateway("infra/edge").listener("web", 80, "").listener("dns", 53, "").but(udp));
    assert_eq!(world.listener_condition("infra/edge", 0, "Accepted"), "Accepted");
    assert_eq!(world.listener_condition("infra/edge", 1, "Accepted"), "UnsupportedProtocol");
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "ListenersNotValid");
    world.put(gateway("infra/edge").listener("web", 80, ""));
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "Accepted");
}

#[test]
fn a_gateway_without_listeners_says_so() {
    let mut world = World::new();
    world.put(gateway("infra/edge"));
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "ListenersNotValid");
    world.remove(Kind::Gateway, "infra/edge");
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "silent");
}

#[test]
fn routes_are_counted_on_each_listener_once() {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("a", 80, "a.example").listener("b", 80, "b.example"));
    assert_eq!(world.attached("infra/edge"), [0, 0]);
    world.put(route("shop/web").on("infra/edge").rule("/", &[]));
    world.put(route("shop/api").on("infra/edge").section("a").hostname("a.example").rule("/api", &[]));
    assert_eq!(world.attached("infra/edge"), [2, 1]);
    world.put(route("shop/web").on("infra/edge").on("infra/edge").section("a").rule("/", &[]));
    assert_eq!(world.attached("infra/edge"), [2, 1], "two parentRefs to one listener are one route");
    world.remove(Kind::HttpRoute, "shop/web");
    assert_eq!(world.attached("infra/edge"), [1, 0]);
    world.remove(Kind::HttpRoute, "shop/api");
    assert_eq!(world.attached("infra/edge"), [0, 0]);
}

#[test]
fn a_route_that_came_twice_is_counted_once() {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("a", 80, ""));
    let web = || route("shop/web").on("infra/edge").rule("/", &[]);
    world.put(web());
    assert_eq!(world.put(web()), 0);
    assert_eq!(world.attached("infra/edge"), [1]);
}

#[test]
fn a_gateway_is_programmed_when_its_objects_are_there_and_it_has_an_address() {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("web", 80, ""));
    assert_eq!(world.gateway_condition("infra/edge", "Programmed"), "Pending");
    let touched = world.settle();
    let before = |first: &str, second: &str| {
        let place = |name: &str| touched.iter().position(|object| object.starts_with(name));
        assert!(place(first) < place(second), "{first} comes before {second}: {touched:?}");
    };
    before("MeshHTTPRoute/kuma-system/edge-infra-floor", "MeshGateway/edge.infra");
    before("MeshGateway/edge.infra", "Gateway/infra/edge");
    assert_eq!(world.to_do(), [""; 0]);
    world.put(address("infra/edge", "1.2.3.4"));
    assert_eq!(world.gateway_condition("infra/edge", "Programmed"), "Programmed");
    world.settle();
    let gone = dataflows::model::Update {
        source: named(Kind::Gateway, "infra/edge").key().part("address", "1.2.3.4"),
        facts: Vec::new(),
    };
    world.put(gone);
    assert_eq!(world.gateway_condition("infra/edge", "Programmed"), "AddressNotAssigned");
}
