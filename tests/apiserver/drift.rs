//! Objects that we own show what they should, whoever touches them.

use serde_json::{Value, json};

use super::cluster::shared;
use super::objects::{gateway, name, route, rule, service, web};
use super::world::World;

fn world_with_route(name: &'static str) -> World<'static> {
    let world = World::with_class(shared(), name);
    world.apply(&service(name, "cart"));
    world.apply(&gateway(name, "edge", name, &web()));
    world.apply(&route(name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    world
}

/// Paths of the four objects, once they are there.
fn generated(world: &World<'_>) -> [String; 4] {
    let paths = [world.mesh_gateway_path("edge"), world.instance_path("edge")];
    for path in &paths {
        world.eventually(path, "is there", |_| true);
    }
    let [mesh_gateway, instance] = paths;
    let cart = world.mesh_route_path(name(&world.mesh_route_of("HTTPRoute", "cart")));
    let floor = world.mesh_route_path(name(&world.mesh_route_of("Gateway", "edge")));
    [mesh_gateway, instance, cart, floor]
}

#[test]
fn what_others_change_or_add_in_generated_objects_is_taken_back() {
    let world = world_with_route("edited");
    let _controller = world.start();
    let [mesh_gateway, instance, cart, floor] = generated(&world);
    world.settle();
    let edits = [
        // Values of ours.
        (&mesh_gateway, json!({"spec": {"conf": {"listeners": [{"port": 81, "protocol": "HTTP"}]}}})),
        (&instance, json!({"spec": {"replicas": 3}})),
        (&cart, json!({"spec": {"to": []}})),
        (&floor, json!({"spec": {"targetRef": {"name": "another"}}})),
        // Fields that were never ours, which server-side apply alone would leave.
        (&mesh_gateway, json!({"spec": {"conf": {"resources": {"connectionLimit": 7}}}})),
        (&instance, json!({"spec": {"tags": {"team": "mine"}}})),
        (&cart, json!({"spec": {"targetRef": {"labels": {"team": "mine"}}}})),
        // What others find it by.
        (&instance, json!({"metadata": {"labels": {"gateway.networking.k8s.io/gateway-name": "another"}}})),
    ];
    for (path, edit) in edits {
        let before = world.cluster.get(path).expect("the object is there");
        world.cluster.request_as_other(http::Method::PATCH, path, &edit).expect("anybody may edit");
        let restored = world.eventually(path, &format!("is as before {edit}"), |now| same(now, &before));
        assert_eq!(restored["metadata"]["uid"], before["metadata"]["uid"], "{edit} is mended in place");
    }
}

/// Whether two states of an object mean the same.
fn same(left: &Value, right: &Value) -> bool {
    let meaning = |object: &Value| {
        let metadata = &object["metadata"];
        json!([object["spec"], object["mesh"], metadata["labels"], metadata["annotations"]])
    };
    meaning(left) == meaning(right)
}

#[test]
fn what_others_add_beside_our_content_stays() {
    let world = world_with_route("annotated");
    let _controller = world.start();
    let [mesh_gateway, ..] = generated(&world);
    let start = world.settle();
    let note = json!({"metadata": {"annotations": {"example.com/note": "kept"}, "labels": {"team": "mine"}}});
    world.cluster.request_as_other(http::Method::PATCH, &mesh_gateway, &note).expect("anybody may edit");
    assert_eq!(world.settled_since(start), Vec::<String>::new());
    let now = world.cluster.get(&mesh_gateway).expect("it is there");
    assert_eq!(now["metadata"]["annotations"]["example.com/note"], "kept");
}

#[test]
fn generated_objects_that_are_deleted_return() {
    let world = world_with_route("bereft");
    let _controller = world.start();
    let paths = generated(&world);
    let before: Vec<Value> = paths.iter().filter_map(|path| world.cluster.get(path)).collect();
    let start = world.settle();
    for path in &paths {
        world.cluster.delete(path);
    }
    for (path, before) in paths.iter().zip(&before) {
        let uid = &before["metadata"]["uid"];
        let now = world.eventually(path, "is there again", |now| now["metadata"]["uid"] != *uid);
        assert!(same(&now, before), "{now}");
    }
    let creations = world.settled_since(start).iter().filter(|write| !write.contains("/status")).count();
    assert_eq!(creations, 4, "{:?}", world.settled_since(start));
}
