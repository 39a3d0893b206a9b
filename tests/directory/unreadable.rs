//! Inputs that cannot be read.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use kit::shop::{ROUTE, without_route};

use super::world::World;

#[test]
fn a_broken_file_keeps_what_it_held() {
    let mut world = World::of_a_shop("broken");
    let before = world.settle();
    world.write("route.yaml", "spec: [\n");
    world.wait_for_log("in/route.yaml:1: is not valid YAML");
    world.wait_for_log("1 of its objects stay as they were last read");
    assert_eq!(world.settle(), before);
    world.write("base.yaml", &without_route().replace("port: 80\n", "port: 81\n"));
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 81\n");
    world.write("route.yaml", &ROUTE.replace("name: cart\nspec", "name: cart2\nspec"));
    world.wait_for("status/HTTPRoute/default/cart2.yaml", "Accepted");
    world.wait("the old name is gone", || !world.out("status/HTTPRoute/default/cart.yaml").exists());
    world.stop();
}

/// How `in` comes to hold something that cannot be read, and how the log names it.
type Obstacle = (&'static str, fn(&Path), &'static str);

const OBSTACLES: [Obstacle; 4] = [
    ("broken", |path| fs::write(path, "}{").unwrap(), "in/route.yaml:1 cannot be read"),
    (
        "half",
        |path| fs::write(path, ROUTE.replace("kind: HTTPRoute", "kind: 7")).unwrap(),
        "in/route.yaml:1 cannot be read",
    ),
    ("nowhere", |path| link(path, "nowhere.yaml"), "in/route.yaml cannot be read"),
    ("loop", |path| link(path, "route.yaml"), "in/route.yaml cannot be read"),
];

fn link(path: &Path, target: &str) {
    fs::remove_file(path).unwrap();
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// The page of an address.
fn page(address: &str, path: &str) -> String {
    let mut text = String::new();
    let Ok(mut stream) = TcpStream::connect(address) else { return text };
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_start_on_what_cannot_be_read_writes_nothing() {
    for (name, spoil, told) in OBSTACLES {
        let mut world = World::of_a_shop(&format!("start-{name}"));
        let before = world.settle();
        world.stop();
        spoil(&world.root.join("in/route.yaml"));
        world.write("base.yaml", &without_route().replace("port: 80\n", "port: 81\n"));
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        world.start_with(&address);
        world.wait_for_log(&format!("{told}: nothing is written or deleted until all of in was read once"));
        assert_eq!(world.settle(), before, "{name}");
        let ready = page(&address, "/readyz");
        assert!(ready.contains(&format!("waiting for input directory: {told}")), "{name}: {ready}");
        assert!(page(&address, "/metrics").contains("deltagate_unreadable_documents 1\n"), "{name}");
        let _ = fs::remove_file(world.root.join("in/route.yaml"));
        world.write("route.yaml", ROUTE);
        world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 81\n");
        world.settle();
        assert_eq!(world.routes().len(), 1, "{name}");
        assert!(world.log().contains("can be read again"), "{name}: {}", world.log());
        assert!(page(&address, "/metrics").contains("deltagate_unreadable_documents 0\n"), "{name}");
        world.stop();
    }
}

#[test]
fn a_first_start_goes_on_without_what_cannot_be_read() {
    let mut world = World::new("first-start");
    world.write("base.yaml", &without_route());
    world.write("route.yaml", "kind: [\n");
    world.start();
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 80\n");
    assert!(world.log().contains("route.yaml"), "{}", world.log());
    world.write("route.yaml", ROUTE);
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
    world.stop();
}

#[test]
fn an_empty_directory_at_the_start_is_taken_for_a_missing_one() {
    let mut world = World::new("empty");
    world.start();
    world.wait_for_log("in sync");
    world.write("base.yaml", &without_route());
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 80\n");
    let before = world.settle();
    world.stop();
    fs::rename(world.root.join("in"), world.root.join("away")).unwrap();
    fs::create_dir(world.root.join("in")).unwrap();
    world.start();
    world.wait_for_log("holds no *.yaml, *.yml or *.json file, as if it were not mounted yet");
    assert_eq!(world.settle(), before);
    // While it runs: the mount comes, goes, and comes again.
    let swap = |from: &str, to: &str| fs::rename(world.root.join(from), world.root.join(to)).unwrap();
    swap("in", "empty");
    swap("away", "in");
    world.wait("the second start", || world.log().matches("in sync").count() == 2);
    swap("in", "away");
    swap("empty", "in");
    world.wait("it is told once more", || world.log().matches("as if it were not mounted yet").count() == 2);
    assert_eq!(world.settle(), before);
    // Whoever deletes the files, or says that there are none, is believed.
    world.write("none.yaml", "");
    world.wait("all is gone", || world.files().is_empty());
    world.stop();
}

#[test]
fn what_moves_into_a_broken_file_stays() {
    let mut world = World::of_a_shop("moved");
    let before = world.settle();
    let broken = format!("spec: [\n---\n{ROUTE}");
    world.write("route.yaml", &broken);
    world.wait_for_log("in/route.yaml:1: is not valid YAML");
    // A broken file gets another name.
    fs::rename(world.root.join("in/route.yaml"), world.root.join("in/renamed.yaml")).unwrap();
    world.wait_for_log("1 of the objects that no file holds any more stay as they were last read");
    assert_eq!(world.settle(), before);
    // It is mended, then what it holds moves to a new file that is broken, and it is emptied, then deleted.
    world.write("renamed.yaml", ROUTE);
    world.wait_for_log("all of the file can be read again");
    world.write("new.yaml", &broken);
    world.write("renamed.yaml", "");
    world.wait("it is told", || world.log().matches("that no file holds any more").count() == 2);
    assert_eq!(world.settle(), before);
    fs::remove_file(world.root.join("in/renamed.yaml")).unwrap();
    assert_eq!(world.settle(), before);
    // Once all can be read, what is nowhere is gone.
    world.write("new.yaml", "");
    world.wait("the route is gone", || world.routes().is_empty());
    world.stop();
}

#[test]
fn a_half_valid_file_counts_for_half() {
    let mut world = World::new("half");
    world.write("all.yaml", &format!("{}---\n{ROUTE}", without_route()));
    world.start();
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
    let edited = without_route().replace("port: 80\n", "port: 82\n");
    world.write("all.yaml", &format!("{edited}---\n{}", ROUTE.replace("kind: HTTPRoute", "kind: 7")));
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 82\n");
    world.wait_for_log("in/all.yaml:4: kind is not text");
    world.settle();
    assert_eq!(world.routes().len(), 1);
    world.stop();
}

#[test]
fn a_directory_that_disappears_deletes_nothing() {
    let mut world = World::of_a_shop("vanishing");
    let before = world.settle();
    fs::remove_dir_all(world.root.join("in")).unwrap();
    world.wait_for_log("the directory cannot be read");
    assert_eq!(world.settle(), before);
    // It comes back file by file.
    world.write("route.yaml", ROUTE);
    thread::sleep(Duration::from_millis(300));
    world.write("base.yaml", &without_route().replace("port: 80\n", "port: 83\n"));
    world.wait_for_log("the directory can be read again");
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 83\n");
    world.settle();
    assert_eq!(world.routes().len(), 1);
    world.write("base.yaml", &without_route().replace("port: 80\n", "port: 84\n"));
    world.wait_for("MeshGateway/_cluster/edge.default.yaml", "port: 84\n");
    world.stop();
}

#[test]
fn foreign_text_forges_no_line_of_the_log() {
    let mut world = World::new("forged");
    world.write("base.yaml", &without_route());
    let forged = "\"\\e[31mX\\nERROR forged\"";
    world.write(
        "odd.yaml",
        &format!("apiVersion: {forged}\nkind: {forged}\nmetadata: {{name: a}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{{forged}: 7}}\n"),
    );
    world.write("a\u{1b}[31mb\nERROR forged.yaml", "kind: [\n");
    world.start();
    world.wait_for_log("forged.yaml:1: is not valid YAML");
    world.wait_for_log("in sync");
    let log = world.log();
    assert!(!log.contains("\u{1b}[31m") && !log.lines().any(|line| line.starts_with("ERROR forged")), "{log}");
    world.stop();
    let render = Command::new(env!("CARGO_BIN_EXE_deltagate"))
        .args(["render", "-f", "in"])
        .current_dir(&world.root)
        .output()
        .unwrap();
    let told = String::from_utf8(render.stderr).unwrap();
    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}
