//! What Kuma's own controllers made, taken over by `deltagate adopt`.

use std::process::{Command, Output};

use deltagate::adopt::{OWNER_LABEL, owner_label};
use http::Method;
use kit::apiserver::User;
use serde_json::{Value, json};

use super::cluster::{path, shared};
use super::objects::{GATEWAY_API, KUMA, conditions, gateway, name, route, rule, service, web};
use super::world::World;

/// Runs the command as the person who runs the cluster.
fn adopt(world: &World<'_>, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deltagate"))
        .arg("adopt")
        .arg("--kubeconfig")
        .arg(world.cluster.server.kubeconfig(User::Admin))
        .args(["--controller-name", &world.controller, "--system-namespace", &system(world)])
        .args(more)
        .env_clear()
        .output()
        .expect("the command was built")
}

fn system(world: &World<'_>) -> String {
    format!("{}-system", world.name)
}

/// The world of this test. Others share its API server, and what is theirs is none of ours.
const WORLD: &str = "takenover";

/// The lines that begin with what becomes of an object of this world.
fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let verbs = ["adopt ", "remove ", "wait ", "leave ", "failed "];
    let of_object = |line: &&str| line.contains(WORLD) && verbs.iter().any(|verb| line.starts_with(verb));
    text.lines().filter(of_object).map(str::to_owned).collect()
}

#[track_caller]
fn check(output: &Output, code: i32, expected: &[&str]) {
    let lines = lines(output);
    let matches =
        lines.len() == expected.len() && lines.iter().zip(expected).all(|(line, part)| line.starts_with(part));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(matches && output.status.code() == Some(code), "expected {code} and {expected:?}, got {shown}");
}

/// What Kuma's controllers make of a Gateway `edge` and a route `cart`.
fn made_by_kuma(world: &World<'_>, edge: &Value) -> [(String, Value); 4] {
    let (namespace, system) = (world.name, system(world));
    let mesh_gateway = json!({"apiVersion": KUMA, "kind": "MeshGateway", "mesh": "default",
        "metadata": {"name": format!("edge.{namespace}"), "labels": {OWNER_LABEL: owner_label(namespace, "edge")}},
        "spec": {"selectors": [{"match": {"kuma.io/service": format!("edge_{namespace}_svc")}}],
                 "conf": {"listeners": [{"port": 80, "protocol": "HTTP", "hostname": "*", "tags": {
                     "gateways.kuma.io/listener-name": "web", "gateways.kuma.io/listener-port": "80"}}]}}});
    let instance = json!({"apiVersion": KUMA, "kind": "MeshGatewayInstance",
        "metadata": {"name": "edge", "namespace": namespace, "labels": {"kuma.io/mesh": "default"},
            "ownerReferences": [{"apiVersion": GATEWAY_API, "kind": "Gateway", "name": "edge",
                "uid": edge["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true}]},
        "spec": {"replicas": 1, "serviceType": "LoadBalancer"}});
    let route = json!({"apiVersion": KUMA, "kind": "MeshHTTPRoute",
        "metadata": {"name": format!("cart-{namespace}-18776d5e"), "namespace": system, "labels": {
            "kuma.io/mesh": "default", OWNER_LABEL: owner_label(namespace, "cart")}},
        "spec": {"targetRef": {"kind": "MeshGateway", "name": format!("edge.{namespace}")}, "to": []}});
    let copy = json!({"apiVersion": "v1", "kind": "Secret", "type": "system.kuma.io/secret",
        "metadata": {"name": format!("gapi-{namespace}-tls"), "namespace": system,
                     "labels": {"kuma.io/mesh": "default"}},
        "data": {"value": "a2V5"}});
    let collection = |object: &Value| {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        path(text("/apiVersion"), text("/kind"), text("/metadata/namespace"), "")
    };
    [mesh_gateway, instance, route, copy].map(|object| (collection(&object), object))
}

#[test]
fn what_kumas_controllers_made_is_adopted_in_place_or_removed_once_it_is_replaced() {
    let world = World::with_class(shared(), WORLD);
    world.apply(&service(world.name, "cart"));
    let edge = world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    let made = made_by_kuma(&world, &edge).map(|(collection, object)| {
        let stored = world.cluster.request(Method::POST, &collection, Some(&object)).expect("it is valid");
        (format!("{collection}/{}", name(&stored)), stored)
    });
    let [mesh_gateway, instance, old_route, copy] = &made;

    // Nothing of ours is there yet, so that the route must stay; and nothing is changed unless asked for.
    let before = ["adopt   MeshGatewayInstance", "adopt   MeshGateway", "wait    MeshHTTPRoute", "remove  Secret"];
    check(&adopt(&world, &[]), 0, &before);
    for (path, object) in &made {
        assert_eq!(world.cluster.get(path).as_ref(), Some(object), "a dry run changed {path}");
    }

    let _controller = world.start();
    world.mesh_route_of("HTTPRoute", "cart");
    world.eventually(&world.gateway_path("edge"), "is obstructed", |edge| {
        conditions(&edge["status"]).get("Programmed").is_some_and(|line| line == "False/Invalid@1")
    });
    let all = ["adopt   MeshGatewayInstance", "adopt   MeshGateway", "remove  MeshHTTPRoute", "remove  Secret"];
    check(&adopt(&world, &["--yes"]), 0, &all);

    // In place: the same objects, which the controller goes on with.
    for (path, before) in [mesh_gateway, instance] {
        let after = world.eventually(path, "is ours", |object| {
            object["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"] == "edge"
        });
        assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"], "{path} was made anew");
        assert!(
            after["metadata"]["labels"].get(OWNER_LABEL).is_none(),
            "Kuma would still take it for its own: {after}"
        );
    }
    for (path, _) in [old_route, copy] {
        assert!(world.cluster.get(path).is_none(), "{path} is still there");
    }
    world.mesh_route_of("HTTPRoute", "cart");
    world.eventually(&world.gateway_path("edge"), "has nothing in its way", |edge| {
        conditions(&edge["status"]).get("Programmed").is_some_and(|line| line == "False/AddressNotAssigned@1")
    });
    world.settle();
    check(&adopt(&world, &["--yes"]), 0, &[]);

    // What is ours now is cleaned up like anything else that is.
    world.cluster.delete(&world.gateway_path("edge"));
    world.eventually_gone(&mesh_gateway.0);
    world.eventually_gone(&instance.0);
}
