//! Another controller that answers for the same routes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use http::Method;
use serde_json::{Value, json};

use super::cluster::{Refused, shared};
use super::objects::{entries, expected, gateway, route, rule, service, web};
use super::world::World;

const THEIRS: &str = "other.example/controller";

/// Edits of the route while both controllers write.
const EDITS: u64 = 40;

#[test]
fn entries_of_another_controller_survive_while_both_write_and_afterwards() {
    let world = World::with_class(shared(), "disputed");
    let _controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/0", "cart")])));
    let (enough, written) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| write_until(&world, &enough, &written));
        for edit in 1..=EDITS {
            let patch = json!({"spec": {"rules": [rule(&format!("/{edit}"), "cart")]}});
            world.cluster.merge(&world.route_path("cart"), &patch);
        }
        let generation = EDITS + 1;
        let accepted = format!("True/Accepted@{generation}");
        let resolved = format!("True/ResolvedRefs@{generation}");
        world.route_says("cart", &expected(&[("Accepted", &accepted), ("ResolvedRefs", &resolved)]));
        enough.store(true, Ordering::Relaxed);
    });
    assert!(written.load(Ordering::Relaxed) > 3, "the other controller had its say");

    // Ours comes and goes; theirs stays as they wrote it.
    world.settle();
    let theirs = entry_of(&world.cluster.get(&world.route_path("cart")).expect("it is there"));
    assert!(theirs.is_object(), "their entry is there");
    let elsewhere = json!({"spec": {"parentRefs": [{"name": "not-ours"}]}});
    world.cluster.merge(&world.route_path("cart"), &elsewhere);
    let without = world.eventually(&world.route_path("cart"), "has no entry of ours", |route| {
        entries(route, &world.controller).is_empty()
    });
    assert_eq!(entry_of(&without), theirs);
    world.cluster.merge(&world.route_path("cart"), &json!({"spec": {"parentRefs": [{"name": "edge"}]}}));
    let back = world.eventually(&world.route_path("cart"), "has our entry again", |route| {
        entries(route, &world.controller).len() == 1
    });
    assert_eq!(entry_of(&back), theirs);
}

/// Their entry; null if there is none.
fn entry_of(route: &Value) -> Value {
    entries(route, THEIRS).first().map_or(Value::Null, |entry| (*entry).clone())
}

/// Writes their entry again and again under a precondition, as a well-behaved controller does, and checks each time
/// that it is as they left it.
fn write_until(world: &World<'_>, enough: &AtomicBool, written: &AtomicU64) {
    let (path, mut left) = (world.route_path("cart"), Value::Null);
    for round in 0.. {
        if enough.load(Ordering::Relaxed) {
            return;
        }
        let mut route = world.cluster.get(&path).expect("the route is there");
        assert_eq!(entry_of(&route), left, "their entry is as they left it");
        let entry = json!({"controllerName": THEIRS, "parentRef": {"name": "theirs"}, "conditions": [
            {"type": "Accepted", "status": "True", "reason": "Accepted", "message": format!("round {round}"),
             "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": route["metadata"]["generation"]},
        ]});
        let mut parents = route["status"]["parents"].as_array().cloned().unwrap_or_default();
        parents.retain(|known| known["controllerName"] != THEIRS);
        // At the front or at the end: the order is nobody's.
        parents.insert(if round % 2 == 0 { 0 } else { parents.len() }, entry);
        route["status"] = json!({"parents": parents});
        match world.cluster.request_as_other(Method::PUT, &format!("{path}/status"), &route) {
            Ok(now) => {
                left = entry_of(&now);
                written.fetch_add(1, Ordering::Relaxed);
            }
            Err(Refused { code: 409, .. }) => {}
            Err(refused) => panic!("{refused}"),
        }
    }
}

#[test]
fn two_installations_under_different_names_leave_each_other_alone() {
    let worlds = ["northern", "southern"].map(|name| World::with_class(shared(), name));
    let _controllers = worlds.each_ref().map(World::start);
    let waiting = expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/AddressNotAssigned@1")]);
    for world in &worlds {
        world.apply(&gateway(world.name, "edge", world.name, &web()));
        world.gateway_says("edge", &waiting);
    }
    let [north, south] = &worlds;
    let start = north.settle();
    assert_eq!(south.settled_since(start), Vec::<String>::new());

    // A Gateway that is handed over is taken over, with all that is said about it.
    north.cluster.merge(&north.gateway_path("edge"), &json!({"spec": {"gatewayClassName": south.name}}));
    let again = expected(&[("Accepted", "True/Accepted@2"), ("Programmed", "False/AddressNotAssigned@2")]);
    north.gateway_says("edge", &again);
    let made = north.eventually(&north.mesh_gateway_path("edge"), "is of the new class", |object| {
        object["metadata"]["labels"]["gateway.networking.k8s.io/gateway-class-name"] == south.name
    });
    assert_eq!(made["spec"]["conf"]["listeners"][0]["port"], 80);
    let start = north.settle();
    assert_eq!(north.settled_since(start), Vec::<String>::new());
}
