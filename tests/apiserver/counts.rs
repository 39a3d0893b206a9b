//! What one change costs, counted by the API server.

use serde_json::json;

use super::cluster::shared;
use super::objects::{expected, gateway, route, rule, service};
use super::world::{World, sorted};

/// Routes that nothing happens to.
const ROUTES: usize = 500;

#[test]
fn one_change_costs_what_the_specification_forces_whatever_the_number_of_routes() {
    let world = World::with_class(shared(), "counted");
    fill(&world);
    let _controller = world.start();
    world.eventually(&world.gateway_path("edge"), "counts its routes", |edge| {
        edge["status"]["listeners"][0]["attachedRoutes"] == ROUTES
    });
    world.settle();

    adding_a_route(&world);
    editing_a_rule(&world);
    resolving_a_service(&world);
    editing_a_hostname_that_detaches_nothing(&world);
    deleting_a_route(&world);
}

fn fill(world: &World<'_>) {
    let listeners = json!([{"name": "web", "port": 80, "protocol": "HTTP", "hostname": "*.example.com"}]);
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &listeners));
    let routes: Vec<_> = (0..ROUTES)
        .map(|number| {
            let rules = json!([rule(&format!("/{number}"), "cart")]);
            route(world.name, &format!("r{number}"), "edge", "a.shop.example.com", &rules)
        })
        .collect();
    world.cluster.apply_all(&routes);
}

fn adding_a_route(world: &World<'_>) {
    let start = world.mark();
    world.apply(&route(world.name, "added", "edge", "b.shop.example.com", &json!([rule("/", "cart")])));
    world.route_says("added", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let writes = sorted(world.settled_since(start));
    assert_eq!(writes, ["patch gateways/status", "patch httproutes/status", "patch meshhttproutes"]);
}

fn editing_a_rule(world: &World<'_>) {
    let start = world.mark();
    world.cluster.merge(&world.route_path("added"), &json!({"spec": {"rules": [rule("/new", "cart")]}}));
    world.route_says("added", &expected(&[("Accepted", "True/Accepted@2"), ("ResolvedRefs", "True/ResolvedRefs@2")]));
    assert_eq!(sorted(world.settled_since(start)), ["patch httproutes/status", "patch meshhttproutes"]);
}

fn resolving_a_service(world: &World<'_>) {
    world.cluster.merge(&world.route_path("added"), &json!({"spec": {"rules": [rule("/", "late")]}}));
    let dangling = expected(&[("Accepted", "True/Accepted@3"), ("ResolvedRefs", "False/BackendNotFound@3")]);
    world.route_says("added", &dangling);
    let start = world.settle();
    world.apply(&service(world.name, "late"));
    world.route_says("added", &expected(&[("Accepted", "True/Accepted@3"), ("ResolvedRefs", "True/ResolvedRefs@3")]));
    assert_eq!(sorted(world.settled_since(start)), ["patch httproutes/status", "patch meshhttproutes"]);
}

fn editing_a_hostname_that_detaches_nothing(world: &World<'_>) {
    let start = world.mark();
    let listeners = json!([{"name": "web", "port": 80, "protocol": "HTTP", "hostname": "*.shop.example.com"}]);
    world.cluster.merge(&world.gateway_path("edge"), &json!({"spec": {"listeners": listeners}}));
    world.gateway_says(
        "edge",
        &expected(&[("Accepted", "True/Accepted@2"), ("Programmed", "False/AddressNotAssigned@2")]),
    );
    assert_eq!(sorted(world.settled_since(start)), ["patch gateways/status", "patch meshgateways"]);
}

fn deleting_a_route(world: &World<'_>) {
    let start = world.mark();
    world.cluster.delete(&world.route_path("added"));
    world.eventually(&world.gateway_path("edge"), "counts one route less", |edge| {
        edge["status"]["listeners"][0]["attachedRoutes"] == ROUTES
    });
    assert_eq!(sorted(world.settled_since(start)), ["delete meshhttproutes", "patch gateways/status"]);
}
