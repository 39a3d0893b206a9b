//! Objects that bear a name of ours and are not ours.

use http::Method;
use serde_json::json;

use super::cluster::{path, shared};
use super::objects::{KUMA, conditions, expected, gateway, message, web};
use super::world::World;

#[test]
fn an_object_of_somebody_else_in_the_way_is_left_alone_reported_and_replaced_once_it_is_gone() {
    let world = World::with_class(shared(), "obstructed");
    let in_the_way = json!({"apiVersion": KUMA, "kind": "MeshGateway", "mesh": "default",
        "metadata": {"name": "edge.obstructed", "labels": {"team": "mine"}},
        "spec": {"selectors": [{"match": {"kuma.io/service": "mine"}}],
                 "conf": {"listeners": [{"port": 80, "protocol": "HTTP"}]}}});
    let collection = path(KUMA, "MeshGateway", "", "");
    let before = world.cluster.request_as_other(Method::POST, &collection, &in_the_way).expect("anybody may create");
    let _controller = world.start();
    world.apply(&gateway(world.name, "edge", world.name, &web()));

    let edge =
        world.gateway_says("edge", &expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/Invalid@1")]));
    assert!(message(&edge["status"], "Programmed").contains("edge.obstructed"), "{}", edge["status"]);
    let start = world.settle();
    assert_eq!(world.cluster.get(&world.mesh_gateway_path("edge")).expect("it is there"), before);
    let elsewhere = world.cluster.get(&world.instance_path("edge"));
    assert!(elsewhere.is_some(), "what nothing obstructs is written");

    // Neither does the controller touch it after its owner changed it.
    let edit = json!({"spec": {"tags": {"version": "2"}}});
    let edited = world.cluster.request_as_other(Method::PATCH, &world.mesh_gateway_path("edge"), &edit);
    assert_eq!(world.settled_since(start), Vec::<String>::new());
    assert_eq!(world.cluster.get(&world.mesh_gateway_path("edge")), edited.ok());

    world.cluster.delete(&world.mesh_gateway_path("edge"));
    world.eventually(&world.mesh_gateway_path("edge"), "is ours", |ours| {
        ours["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "deltagate"
    });
    world.eventually(&world.gateway_path("edge"), "has nothing in its way", |edge| {
        conditions(&edge["status"]).get("Programmed").is_some_and(|line| line == "False/AddressNotAssigned@1")
    });

    // And what is deleted as ours must not take an object with it that somebody made in its place.
    world.cluster.delete(&world.gateway_path("edge"));
    world.eventually_gone(&world.mesh_gateway_path("edge"));
    world.eventually_gone(&world.instance_path("edge"));
}
