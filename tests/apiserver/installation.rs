//! CRDs that come, go, or are not there.

use kit::apiserver::{Channel, KumaCrds};
use serde_json::json;

use super::cluster::{Cluster, mesh};
use super::objects::{KUMA, class, conditions, expected, gateway, route, service, web};
use super::process::Deltagate;
use super::world::World;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

#[test]
fn kinds_that_are_installed_after_the_start_are_picked_up_and_absent_ones_hold_nothing_up() {
    let cluster = Cluster::bare();
    let world = World::new(&cluster, "installed");
    let mut controller = world.start();
    assert_eq!(world.settle(), world.mark(), "nothing is there, so nothing is written");

    cluster.server.install_gateway_api(Channel::Standard).expect("the CRDs of Gateway API are valid");
    cluster.apply(&class(world.name, &world.controller));
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    // Kuma is not there, so neither is the Mesh.
    world.eventually(&world.gateway_path("edge"), "says that something is missing", |edge| {
        conditions(&edge["status"]).get("Accepted").is_some_and(|line| line == "False/Invalid@1")
    });

    cluster.server.install_kuma(KumaCrds::Ours).expect("our CRDs are valid");
    cluster.delete(&format!("{CRDS}/externalservices.kuma.io"));
    cluster.apply(&mesh());
    let waiting = expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/AddressNotAssigned@1")]);
    world.gateway_says("edge", &waiting);
    world.eventually(&world.mesh_gateway_path("edge"), "is there", |_| true);

    an_optional_kind_appears(&world);
    an_optional_kind_goes_and_a_start_without_it_is_ready(&world, &mut controller);
}

fn an_optional_kind_appears(world: &World<'_>) {
    let backend = json!([{"backendRefs": [{"group": "kuma.io", "kind": "ExternalService", "name": "installed-bank"}]}]);
    world.apply(&route(world.name, "bank", "edge", "bank.example.com", &backend));
    world
        .route_says("bank", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "False/BackendNotFound@1")]));
    world.cluster.server.install_kuma(KumaCrds::Ours).expect("our CRDs are valid");
    world.apply(&json!({
        "apiVersion": KUMA, "kind": "ExternalService", "mesh": "default", "metadata": {"name": "installed-bank"},
        "spec": {"tags": {"kuma.io/service": "bank", "kuma.io/protocol": "http"},
                 "networking": {"address": "bank.example:443"}},
    }));
    world.route_says("bank", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
}

fn an_optional_kind_goes_and_a_start_without_it_is_ready(world: &World<'_>, controller: &mut Deltagate) {
    for kind in ["externalservices", "meshservices", "meshmultizoneservices"] {
        world.cluster.delete(&format!("{CRDS}/{kind}.kuma.io"));
    }
    world
        .route_says("bank", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "False/BackendNotFound@1")]));
    let start = world.settle();
    assert!(controller.is_alive(), "{}", controller.tail());
    let _second = world.start();
    assert_eq!(world.settled_since(start), Vec::<String>::new());
}
