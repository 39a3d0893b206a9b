//! A busy cluster around us is no reason to write.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cluster::shared;
use super::objects::{class, expected, gateway, route, rule, service, web};
use super::world::World;

/// How long the cluster is busy.
const BUSY: Duration = Duration::from_secs(60);

#[test]
fn a_minute_of_unrelated_traffic_writes_nothing() {
    let world = World::with_class(shared(), "quiet");
    let _controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    world.route_says("cart", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    world.apply(&class("foreign-to-quiet", "other.example/controller"));
    let start = world.settle();
    let end = Instant::now() + BUSY;
    let mut rounds = 0_u32;
    while Instant::now() < end {
        rounds += 1;
        for object in unrelated(world.name, rounds) {
            world.apply(&object);
        }
        stamp(&world, rounds);
        if rounds.is_multiple_of(3) {
            world.cluster.delete(&world.route_path("foreign"));
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert!(rounds > 20, "only {rounds} rounds: nothing was tried");
    assert_eq!(world.settled_since(start), Vec::<String>::new(), "after {rounds} rounds");
}

/// Objects that change in each round and that nothing of ours depends on.
fn unrelated(namespace: &str, round: u32) -> Vec<Value> {
    let metadata = |name: &str| json!({"namespace": namespace, "name": name});
    let foreign = |name: &str| format!("{name}-{}", round % 5);
    let listeners = json!([{"name": "web", "port": 8000 + round % 100, "protocol": "HTTP"}]);
    let grant = json!({
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": foreign("other")}],
        "to": [{"group": "", "kind": "Service", "name": foreign("other")}],
    });
    vec![
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("settings"),
               "data": {"round": round.to_string()}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata("password"),
               "stringData": {"round": round.to_string()}}),
        gateway(namespace, "foreign", "foreign-to-quiet", &listeners),
        route(namespace, "foreign", "foreign", "shop.example.com", &json!([rule(&format!("/{round}"), "cart")])),
        service(namespace, &foreign("unused")),
        json!({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
               "metadata": metadata("unrelated"), "spec": grant}),
    ]
}

/// Changes what does not matter of objects that do.
fn stamp(world: &World<'_>, round: u32) {
    let note = json!({"metadata": {"annotations": {"example.com/round": round.to_string()}}});
    for path in [
        format!("/api/v1/namespaces/{}/services/cart", world.name),
        format!("/api/v1/namespaces/{}", world.name),
        "/apis/kuma.io/v1alpha1/meshes/default".to_owned(),
        world.route_path("cart"),
        world.instance_path("edge"),
    ] {
        world.cluster.merge(&path, &note);
    }
}
