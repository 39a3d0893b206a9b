//! Settled means silent.

use serde_json::json;

use super::cluster::shared;
use super::objects::{expected, gateway, route, rule, service, web};
use super::world::World;

/// A gateway with a good route, a dangling one and one that is refused.
fn settled_world(name: &'static str) -> (World<'static>, super::process::Deltagate) {
    let world = World::with_class(shared(), name);
    let controller = world.start();
    world.apply(&service(name, "cart"));
    world.apply(&gateway(name, "edge", name, &web()));
    let unsupported = json!([{"timeouts": {"request": "1s"}, "backendRefs": [{"name": "cart", "port": 8080}]}]);
    for (route_name, rules) in
        [("cart", json!([rule("/", "cart")])), ("dangling", json!([rule("/d", "nobody")])), ("refused", unsupported)]
    {
        world.apply(&route(name, route_name, "edge", &format!("{route_name}.example.com"), &rules));
    }
    world.route_says(
        "dangling",
        &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "False/BackendNotFound@1")]),
    );
    world.settle();
    (world, controller)
}

#[test]
fn a_stop_and_a_start_again_write_nothing() {
    let (world, controller) = settled_world("restarted");
    let start = world.mark();
    let status = controller.stop();
    assert!(status.success(), "an ordered end is no failure: {status}");
    let again = world.start();
    again.kill();
    let _third = world.start();
    assert_eq!(world.settled_since(start), Vec::<String>::new());
}

#[test]
fn however_many_workers_there_are_the_same_is_written() {
    let (world, controller) = settled_world("spread");
    controller.stop();
    let start = world.mark();
    let controller = world.launch_flagged(&["--workers", "2"]);
    controller.wait_until_ready();
    assert_eq!(world.settled_since(start), Vec::<String>::new());
    let start = world.mark();
    world.apply(&route(world.name, "more", "edge", "more.example.com", &json!([rule("/", "cart")])));
    world.route_says("more", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let writes = super::world::sorted(world.settled_since(start));
    assert_eq!(writes, ["patch gateways/status", "patch httproutes/status", "patch meshhttproutes"]);
    let start = world.mark();
    controller.stop();
    let _one = world.start();
    assert_eq!(world.settled_since(start), Vec::<String>::new());
}

#[test]
fn what_happens_while_the_controller_is_stopped_is_done_at_the_next_start() {
    let (world, controller) = settled_world("absent");
    controller.stop();
    let start = world.mark();
    world.cluster.delete(&world.route_path("refused"));
    world.cluster.delete(&world.route_path("dangling"));
    world.apply(&route(world.name, "new", "edge", "new.example.com", &json!([rule("/", "cart")])));
    let _controller = world.start();
    world.route_says("new", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let writes = super::world::sorted(world.settled_since(start));
    // Two routes attached before and two do now, so the Gateway has nothing to say.
    assert_eq!(writes, ["delete meshhttproutes", "patch httproutes/status", "patch meshhttproutes"]);
}

#[test]
fn annotations_and_labels_of_users_objects_write_nothing() {
    let (world, _controller) = settled_world("decorated");
    let start = world.mark();
    let note = json!({"metadata": {"annotations": {"example.com/note": "1"}, "labels": {"team": "mine"}}});
    for path in [
        world.route_path("cart"),
        world.route_path("refused"),
        world.gateway_path("edge"),
        format!("/api/v1/namespaces/{}/services/cart", world.name),
        format!("/api/v1/namespaces/{}", world.name),
        format!("/apis/gateway.networking.k8s.io/v1/gatewayclasses/{}", world.name),
    ] {
        world.cluster.merge(&path, &note);
    }
    assert_eq!(world.settled_since(start), Vec::<String>::new());
}
