//! `accepted_classes`, `class_statuses`, `object_meshes`, `managed_gateways`, `mesh_gateways`, `mesh_gateway_instances`.

use dataflows::model::{Kind, MeshServices};
use serde_json::{Value, json};

use crate::world::*;

fn class_verdict(world: &World, name: &str) -> String {
    reason(&world.written(Kind::GatewayClass, name)["status"]["conditions"], "Accepted")
}

#[test]
fn a_class_is_accepted_while_its_parameters_are_there() {
    let mut world = World::empty();
    world.put(class("tuned", Some("tuning")));
    assert_eq!(class_verdict(&world, "tuned"), "InvalidParameters");
    world.put(parameters("tuning", 2));
    assert_eq!(class_verdict(&world, "tuned"), "Accepted");
    world.remove(Kind::MeshGatewayConfig, "tuning");
    assert_eq!(class_verdict(&world, "tuned"), "InvalidParameters");
    world.remove(Kind::GatewayClass, "tuned");
    assert_eq!(class_verdict(&world, "tuned"), "silent");
}

#[test]
fn an_accepted_class_says_what_is_supported() {
    let mut world = World::empty();
    world.put(class("tuned", Some("tuning")));
    let features = |world: &World| world.written(Kind::GatewayClass, "tuned")["status"]["supportedFeatures"].clone();
    assert_eq!(features(&world), Value::Null);
    world.put(parameters("tuning", 2));
    let names: Vec<_> = dataflows::rules::features::supported().into_iter().map(|name| json!({"name": name})).collect();
    assert_eq!(features(&world), json!(names));
    assert!(names.contains(&json!({"name": "HTTPRoute"})));
}

#[test]
fn two_classes_share_parameters() {
    let mut world = World::empty();
    world.put(parameters("tuning", 2));
    assert_eq!(world.to_do(), [""; 0], "parameters alone ask for nothing");
    world.put(class("one", Some("tuning")));
    world.put(class("two", Some("tuning")));
    assert_eq!(world.put(parameters("tuning", 3)), 2, "both statuses hold the parameters");
    assert_eq!([class_verdict(&world, "one"), class_verdict(&world, "two")], ["Accepted", "Accepted"]);
}

#[test]
fn a_gateway_is_nobodys_until_its_class_is_ours() {
    let mut world = World::new();
    world.put(gateway("infra/edge").of_class("late").listener("web", 80, ""));
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "silent");
    world.put(class("late", None));
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "Accepted");
    assert_eq!(world.put(class("late", None)), 0, "the same once more changes nothing");
    world.remove(Kind::GatewayClass, "late");
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "silent");
    assert_eq!(world.to_do(), ["write GatewayClass/kuma"]);
}

#[test]
fn the_parameters_of_a_gateway_count_before_those_of_its_class() {
    let mut world = World::new();
    world.put(class("kuma", Some("tuning")));
    world.put(parameters("tuning", 2));
    let replicas = |world: &World| world.written(Kind::MeshGatewayInstance, "infra/edge")["spec"]["replicas"].clone();
    world.put(gateway("infra/edge").with_parameters("own").listener("web", 80, ""));
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "InvalidParameters");
    world.put(parameters("own", 5));
    assert_eq!(replicas(&world), 5);
    world.put(gateway("infra/edge").listener("web", 80, ""));
    assert_eq!(replicas(&world), 2);
    world.remove(Kind::MeshGatewayConfig, "tuning");
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "InvalidParameters");
}

#[test]
fn a_gateway_waits_for_its_mesh() {
    let mut world = World::new();
    world.put(gateway("infra/edge").in_mesh("other").listener("web", 80, ""));
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "Invalid");
    assert_eq!(world.written(Kind::MeshGateway, "edge.infra"), Value::Null);
    world.put(mesh("other", MeshServices::Exclusive));
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "Accepted");
    assert_eq!(world.written(Kind::MeshGateway, "edge.infra")["mesh"], "other");
    world.remove(Kind::Mesh, "other");
    assert_eq!(world.written(Kind::MeshGateway, "edge.infra"), Value::Null);
}

#[test]
fn a_namespace_chooses_the_mesh_of_what_does_not_choose_itself() {
    let mut world = World::new();
    world.put(mesh("other", PLAIN));
    world.put(mesh("third", PLAIN));
    world.put(gateway("infra/edge").listener("web", 80, ""));
    world.put(gateway("infra/inner").in_mesh("third").listener("web", 80, ""));
    let meshes = |world: &World| {
        ["edge.infra", "inner.infra"].map(|name| world.written(Kind::MeshGateway, name)["mesh"].clone())
    };
    assert_eq!(meshes(&world), ["default", "third"]);
    world.put(namespace_in_mesh("infra", "other"));
    assert_eq!(meshes(&world), ["other", "third"]);
    world.put(namespace("infra", None));
    assert_eq!(meshes(&world), ["default", "third"]);
}

#[test]
fn the_instance_outlives_the_last_usable_listener_but_not_acceptance() {
    let mut world = World::new();
    let https = |listener: &mut dataflows::model::Listener| {
        let certificate = dataflows::model::CertificateRef {
            group: "".into(),
            kind: "Secret".into(),
            namespace: "infra".into(),
            name: "cert".into(),
        };
        listener.protocol = dataflows::model::Protocol::Https;
        listener.tls = Some(dataflows::model::ListenerTls {
            mode: dataflows::model::TlsMode::Terminate,
            certificates: vec![certificate],
        });
    };
    let exists = |world: &World| {
        (
            !world.written(Kind::MeshGateway, "edge.infra").is_null(),
            !world.written(Kind::MeshGatewayInstance, "infra/edge").is_null(),
        )
    };
    assert_eq!(exists(&world), (false, false));
    world.put(gateway("infra/edge").listener("web", 80, "").listener("safe", 443, "").but(https));
    assert_eq!(exists(&world), (true, true));
    let listeners = world.written(Kind::MeshGateway, "edge.infra")["spec"]["conf"]["listeners"].clone();
    assert_eq!(listeners.as_array().map(Vec::len), Some(1), "only what is usable is part of it: {listeners}");
    world.put(gateway("infra/edge").listener("safe", 443, "").but(https));
    assert_eq!(exists(&world), (false, true));
    world.put(gateway("infra/edge"));
    assert_eq!(exists(&world), (false, false));
}
