//! Edits of the input, and what follows from them.

use std::fs;
use std::thread;
use std::time::Duration;

use kit::shop::{CLASS, ROUTE, without_route};

use super::world::World;

#[test]
fn edits_are_followed() {
    let mut world = World::new("edits");
    world.write("base.yaml", &without_route());
    world.start();
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 80\n");
    world.wait_for("MeshGatewayInstance/default/edge.yaml", "kind: MeshGatewayInstance");
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 0");
    world.wait_for("status/GatewayClass/_cluster/kuma.yaml", "Accepted");
    world.write("team/routes.yaml", ROUTE);
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
    world.wait_for("status/HTTPRoute/default/cart.yaml", "Accepted");
    assert_eq!(world.routes().len(), 1);
    world.write("base.yaml", &without_route().replace("port: 80\n", "port: 81\n"));
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 81\n");
    fs::remove_file(world.root.join("in/team/routes.yaml")).unwrap();
    world.wait("the route is gone", || {
        world.routes().is_empty() && !world.out("status/HTTPRoute/default/cart.yaml").exists()
    });
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 0");
    world.stop();
}

#[test]
fn a_restart_writes_nothing_and_clears_up() {
    let mut world = World::of_a_shop("restart");
    let before = world.settle();
    world.stop();
    world.start();
    world.wait("the second start", || world.log().matches("in sync").count() == 2);
    assert_eq!(world.settle(), before);
    assert!(world.log().lines().any(|line| line.contains("in sync") && line.contains("writes=nothing")));
    world.stop();
    fs::remove_file(world.root.join("in/route.yaml")).unwrap();
    fs::write(world.out("mine.yaml"), "kind: Mine\n").unwrap();
    world.start();
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 0");
    world.wait("the stale files are gone", || {
        world.routes().is_empty() && !world.out("status/HTTPRoute/default/cart.yaml").exists()
    });
    assert_eq!(fs::read_to_string(world.out("mine.yaml")).unwrap(), "kind: Mine\n");
    world.stop();
}

#[test]
fn of_two_files_with_one_object_the_later_path_counts() {
    let mut world = World::new("twice");
    world.write("a.yaml", &without_route());
    world.write("b.yaml", &without_route().replace("port: 80\n", "port: 85\n"));
    world.start();
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 85\n");
    world.wait_for_log("in/b.yaml counts");
    fs::remove_file(world.root.join("in/b.yaml")).unwrap();
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 80\n");
    world.stop();
}

#[test]
fn an_object_of_somebody_else_is_not_taken_over() {
    let mut world = World::new("foreign");
    world.write("base.yaml", &without_route());
    world.start();
    let gateway = "MeshGateway/_cluster/edge.default.yaml";
    world.wait_for(gateway, "port: 80\n");
    world.settle();
    let theirs = "apiVersion: kuma.io/v1alpha1\nkind: MeshGateway\nmesh: default\nmetadata:\n  name: edge.default\n";
    world.write("theirs.yaml", theirs);
    world.wait("ours is withdrawn", || !world.out(gateway).exists());
    assert!(!world.settle().iter().any(|(path, _)| path.ends_with(gateway)));
    fs::remove_file(world.root.join("in/theirs.yaml")).unwrap();
    world.wait_for(gateway, "port: 80\n");
    world.stop();
}

#[test]
fn an_object_of_somebody_else_that_comes_during_a_write_is_seen() {
    let mut world = World::new("race");
    world.write("base.yaml", &without_route());
    world.start();
    let gateway = "MeshGateway/_cluster/edge.default.yaml";
    world.wait_for(gateway, "port: 80\n");
    let theirs =
        "---\napiVersion: kuma.io/v1alpha1\nkind: MeshGateway\nmesh: default\nmetadata:\n  name: edge.default\n";
    // Whole at once, so that no look sees half of it.
    let put = |text: &str| {
        fs::write(world.root.join("in/.new"), text).unwrap();
        fs::rename(world.root.join("in/.new"), world.root.join("in/base.yaml")).unwrap();
    };
    for (round, pause) in [1, 2, 3, 4, 6, 8, 10, 3, 4, 6].into_iter().enumerate() {
        let edited = without_route().replace("port: 80\n", &format!("port: {}\n", 1000 + round));
        put(&edited);
        thread::sleep(Duration::from_millis(pause));
        put(&[&edited, theirs].concat());
        world.wait("ours is withdrawn", || !world.out(gateway).exists());
        world.wait_for("status/Gateway/default/edge.yaml", "not managed");
        put(&edited);
        world.wait_for(gateway, &format!("port: {}\n", 1000 + round));
    }
    // Nothing asks for ours any more when theirs comes: ours goes all the same.
    put(&[CLASS, theirs].concat());
    world.wait("ours is gone", || !world.out(gateway).exists());
    world.stop();
}

#[test]
fn a_status_bears_the_version_of_its_object() {
    let mut world = World::new("versions");
    let with_version =
        |version: &str| without_route().replace("/v1\nkind: Gateway\n", &format!("/{version}\nkind: Gateway\n"));
    let route = "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\nmetadata:\n  name: pass\nspec:\n  \
                 parentRefs:\n  - name: edge\n  hostnames: [a.example.com]\n  rules:\n  - backendRefs:\n    - name: cart\n      port: 8080\n";
    world.write("base.yaml", &with_version("v1"));
    world.write("route.yaml", route);
    world.start();
    let edge = "status/Gateway/default/edge.yaml";
    world.wait_for("status/TLSRoute/default/pass.yaml", "apiVersion: gateway.networking.k8s.io/v1alpha2\n");
    world.wait_for(edge, "apiVersion: gateway.networking.k8s.io/v1\n");
    world.settle();
    world.write("base.yaml", &with_version("v1beta1"));
    world.wait_for(edge, "apiVersion: gateway.networking.k8s.io/v1beta1\n");
    let before = world.settle();
    world.stop();
    // The same after a start.
    world.start();
    world.wait("the second start", || world.log().matches("in sync").count() == 2);
    assert_eq!(world.settle(), before);
    world.stop();
    world.write("base.yaml", &with_version("v1"));
    world.start();
    world.wait_for(edge, "apiVersion: gateway.networking.k8s.io/v1\n");
    world.stop();
}

#[test]
fn a_file_that_is_renamed_holds_nothing_twice() {
    let mut world = World::of_a_shop("renamed");
    fs::rename(world.root.join("in/route.yaml"), world.root.join("in/route2.yaml")).unwrap();
    world.settle();
    fs::copy(world.root.join("in/route2.yaml"), world.root.join("in/route3.yaml")).unwrap();
    world.wait_for_log(
        "HTTPRoute/default/cart is in in/route2.yaml and in in/route3.yaml: the one in in/route3.yaml counts",
    );
    assert_eq!(world.log().matches("delete the other").count(), 1, "{}", world.log());
    assert_eq!(world.routes().len(), 1);
    world.stop();
}
