//! The finalizer of a class that Gateways use.

use serde_json::{Value, json};

use super::cluster::{path, shared};
use super::objects::{GATEWAY_API, gateway, web};
use super::world::World;

const OURS: &str = "gateway-exists-finalizer.gateway.networking.k8s.io";
const THEIRS: &str = "example.com/audit";

fn finalizers(class: &Value) -> Vec<&str> {
    class["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn a_class_that_is_deleted_stays_until_its_last_gateway_is_gone() {
    let world = World::with_class(shared(), "held");
    let class = path(GATEWAY_API, "GatewayClass", "", world.name);
    let _controller = world.start();
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.eventually(&class, "is held", |class| finalizers(class) == [OURS]);
    // Somebody else holds it too, and does not know of us.
    let theirs = json!({"metadata": {"finalizers": [THEIRS]}});
    world.cluster.request_as_other(http::Method::PATCH, &class, &theirs).expect("anybody may edit");
    world.eventually(&class, "is held by both", |class| finalizers(class) == [THEIRS, OURS]);

    world.cluster.delete(&class);
    let start = world.settle();
    let deleted = world.cluster.get(&class).expect("it stays");
    assert!(deleted["metadata"]["deletionTimestamp"].is_string(), "{deleted}");
    world.apply(&gateway(world.name, "second", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("second"), "is made: the class serves", |_| true);

    for name in ["edge", "second"] {
        world.cluster.delete(&world.gateway_path(name));
    }
    let let_go = world.eventually(&class, "is let go by us alone", |class| finalizers(class) == [THEIRS]);
    assert!(let_go["metadata"]["deletionTimestamp"].is_string(), "{let_go}");
    world.cluster.merge(&class, &json!({"metadata": {"finalizers": null}}));
    world.eventually_gone(&class);
    let writes = world.settled_since(start);
    assert_eq!(writes.iter().filter(|write| **write == "patch gatewayclasses").count(), 1, "{writes:?}");
}

#[test]
fn a_class_is_let_go_with_its_last_gateway_and_a_restart_writes_nothing() {
    let world = World::with_class(shared(), "loosened");
    let class = path(GATEWAY_API, "GatewayClass", "", world.name);
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    let controller = world.start();
    world.eventually(&class, "is held", |class| finalizers(class) == [OURS]);
    let start = world.settle();
    controller.stop();
    let _again = world.start();
    assert_eq!(world.settled_since(start), Vec::<String>::new());

    world.cluster.delete(&class);
    world.cluster.delete(&world.gateway_path("edge"));
    world.eventually_gone(&class);
    world.eventually_gone(&world.mesh_gateway_path("edge"));
}
