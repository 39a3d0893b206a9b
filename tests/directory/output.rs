//! What others do to the output.

use std::fs;

use kit::shop::{ROUTE, without_route};

use super::world::World;

#[test]
fn an_output_that_cannot_be_written_is_told_and_tried_again() {
    let mut world = World::new("unwritable");
    world.write("base.yaml", &without_route());
    // A file in place of the directory: permissions do not stop a test that runs as root.
    fs::write(world.root.join("out"), "in the way").unwrap();
    world.start();
    world.wait_for_log("cannot write out");
    fs::remove_file(world.root.join("out")).unwrap();
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 80\n");
    // The same while it runs, for one kind.
    let routes = world.out("MeshHTTPRoute");
    world.settle();
    fs::remove_dir_all(world.out("status/HTTPRoute")).ok();
    fs::write(world.out("status/HTTPRoute"), "in the way").unwrap();
    world.write("route.yaml", ROUTE);
    world.wait_for_log("status/HTTPRoute");
    world.wait("the other kinds are written", || routes.exists() && world.routes().len() == 1);
    fs::remove_file(world.out("status/HTTPRoute")).unwrap();
    world.wait_for("status/HTTPRoute/default/cart.yaml", "Accepted");
    world.stop();
}

#[test]
fn a_file_of_somebody_else_in_the_output_stays() {
    let mut world = World::new("occupied");
    world.write("base.yaml", &without_route());
    let path = world.out("MeshGateway/_cluster/edge.default.yaml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "mine\n").unwrap();
    world.start();
    world.wait_for_log("was not written by Deltagate");
    world.wait_for("MeshGatewayInstance/default/edge.yaml", "kind: MeshGatewayInstance");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine\n");
    fs::remove_file(&path).unwrap();
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 80\n");
    world.stop();
}

#[test]
fn edits_of_what_was_written_are_overwritten() {
    let mut world = World::of_a_shop("drift");
    world.settle();
    let gateway = "MeshGateway/_cluster/edge.default.yaml";
    let text = fs::read_to_string(world.out(gateway)).unwrap();
    fs::write(world.out(gateway), text.replace("port: 80\n", "port: 99\n")).unwrap();
    world.wait("the edit is overwritten", || fs::read_to_string(world.out(gateway)).unwrap() == text);
    let route = world.routes().remove(0);
    fs::remove_file(&route).unwrap();
    fs::write(world.out("status/HTTPRoute/default/cart.yaml"), "").unwrap();
    world.wait("the file is back", || route.exists());
    fs::remove_file(world.out("status/HTTPRoute/default/cart.yaml")).unwrap();
    world.wait_for("status/HTTPRoute/default/cart.yaml", "Accepted");
    let before = world.settle().len();
    fs::remove_dir_all(world.out("")).unwrap();
    world.wait("all files are back", || world.files().len() == before);
    world.stop();
}

#[test]
fn whatever_is_added_to_what_was_written_goes() {
    let mut world = World::new("additions");
    world.write("base.yaml", &without_route());
    world.start();
    let status = "status/Gateway/default/edge.yaml";
    world.wait_for(status, "attachedRoutes: 0");
    world.settle();
    let gateway = "MeshGateway/_cluster/edge.default.yaml";
    for (path, from, to) in [
        (gateway, "spec:\n", "# mine\nspec:\n"),
        (gateway, "metadata:\n", "metadata:\n  generation: 7\n"),
        (gateway, "kind: MeshGateway\n", "kind: MeshGateway\nmine: 7\n"),
        (status, "status:\n", "status:\n  mine: 7\n"),
        (status, "\nstatus:\n", "\n\nstatus:\n"),
    ] {
        let text = fs::read_to_string(world.out(path)).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(world.out(path), text.replacen(from, to, 1)).unwrap();
        world.wait(to, || fs::read_to_string(world.out(path)).unwrap() == text);
        world.settle();
    }
    let text = fs::read_to_string(world.out(status)).unwrap();
    fs::write(world.out(status), format!("{text}---\nkind: Mine\n")).unwrap();
    world.wait("the second document is gone", || fs::read_to_string(world.out(status)).unwrap() == text);
    // A full disk may leave a file without text.
    let text = fs::read_to_string(world.out(gateway)).unwrap();
    fs::write(world.out(gateway), "").unwrap();
    world.wait("the text is back", || fs::read_to_string(world.out(gateway)).unwrap() == text);
    assert!(!world.log().contains("was not written by Deltagate"), "{}", world.log());
    world.stop();
}
