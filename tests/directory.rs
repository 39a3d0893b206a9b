//! `deltagate run --from DIR --to DIR`: the controller without a cluster.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use kit::shop::{CLASS, ROUTE, without_route};

/// How long something may take that should take milliseconds, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);

/// A controller on two directories of its own.
struct World {
    root: PathBuf,
    child: Option<Child>,
    log: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new(test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("deltagate-directory-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("in")).unwrap();
        Self { root, child: None, log: Arc::default() }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join("in").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn out(&self, path: &str) -> PathBuf {
        self.root.join("out").join(path)
    }

    fn start(&mut self) {
        self.start_with("off");
    }

    fn start_with(&mut self, admin_address: &str) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deltagate"))
            .args(["run", "--from", "in", "--admin-address", admin_address])
            .current_dir(&self.root)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::clone(&self.log);
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line)));
        self.child = Some(child);
    }

    /// Ends it as a service manager would, and expects it to end well.
    #[track_caller]
    fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{}", self.log());
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let begin = Instant::now();
        while !holds() {
            assert!(
                begin.elapsed() < PATIENCE,
                "{what} did not come true; the log:\n{}\nthe files:\n{:#?}",
                self.log(),
                self.files()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn wait_for_log(&self, text: &str) {
        self.wait(&format!("{text:?} in the log"), || self.log().contains(text));
    }

    /// Waits for a file and some text in it.
    #[track_caller]
    fn wait_for(&self, path: &str, text: &str) {
        let path = self.out(path);
        self.wait(&format!("{text:?} in {}", path.display()), || {
            fs::read_to_string(&path).is_ok_and(|file| file.contains(text))
        });
    }

    fn files(&self) -> Vec<(PathBuf, SystemTime)> {
        let mut files = Vec::new();
        collect(&self.root.join("out"), &mut files);
        files.sort();
        files
    }

    /// Waits until nothing has been written for a while.
    fn settle(&self) -> Vec<(PathBuf, SystemTime)> {
        let begin = Instant::now();
        loop {
            let before = self.files();
            thread::sleep(Duration::from_millis(500));
            if before == self.files() {
                return before;
            }
            assert!(begin.elapsed() < PATIENCE, "it does not settle:\n{}", self.log());
        }
    }

    fn routes(&self) -> Vec<PathBuf> {
        let route = |path: &PathBuf| path.to_string_lossy().contains("MeshHTTPRoute/kuma-system/cart");
        self.files().into_iter().map(|(path, _)| path).filter(route).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

fn collect(directory: &Path, files: &mut Vec<(PathBuf, SystemTime)>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) {
            files.push((path, modified));
        }
    }
}

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
    let mut world = World::new("restart");
    world.write("base.yaml", &without_route());
    world.write("route.yaml", ROUTE);
    world.start();
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
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
fn a_broken_file_keeps_what_it_held() {
    let mut world = World::new("broken");
    world.write("base.yaml", &without_route());
    world.write("route.yaml", ROUTE);
    world.start();
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
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
        let mut world = World::new(&format!("start-{name}"));
        world.write("base.yaml", &without_route());
        world.write("route.yaml", ROUTE);
        world.start();
        world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
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
    let mut world = World::new("moved");
    world.write("base.yaml", &without_route());
    world.write("route.yaml", ROUTE);
    world.start();
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
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
    let mut world = World::new("vanishing");
    world.write("base.yaml", &without_route());
    world.write("route.yaml", ROUTE);
    world.start();
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
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
fn writing_into_what_is_read_is_refused() {
    let world = World::new("inside");
    for (from, to) in [("in", "in/out"), ("in", "in"), (".", "out"), ("missing", "out"), ("in", "in/../in/x")] {
        let output = Command::new(env!("CARGO_BIN_EXE_deltagate"))
            .args(["run", "--from", from, "--to", to])
            .current_dir(&world.root)
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{from} {to}: {message}");
        assert!(message.starts_with("error: --"), "{message}");
    }
    assert!(!world.root.join("out").exists());
}

#[test]
fn edits_of_what_was_written_are_overwritten() {
    let mut world = World::new("drift");
    world.write("base.yaml", &without_route());
    world.write("route.yaml", ROUTE);
    world.start();
    world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
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
