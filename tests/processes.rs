//! `deltagate run --processes 2` on directories: two processes, one output.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kit::shop::{CLASS, GATEWAY, ROUTE, SERVICE};

/// Namespaces of users. So many that each process has some.
const NAMESPACES: [&str; 6] = ["shop", "bank", "mail", "news", "maps", "chat"];

/// A Gateway, a Service and a route, which asks for the Service of another namespace as well.
fn team(namespace: &str, neighbour: &str) -> String {
    let backend = format!("    - {{name: cart, namespace: {neighbour}, port: 8080}}\n");
    let route = [ROUTE, &backend].concat();
    [GATEWAY, SERVICE, &route].join("---\n").replace("metadata:\n", &format!("metadata:\n  namespace: {namespace}\n"))
}

/// How long something may take that should take milliseconds, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);

struct World {
    root: PathBuf,
    children: Vec<Child>,
}

impl World {
    fn new(test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("deltagate-processes-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("in")).unwrap();
        let world = Self { root, children: Vec::new() };
        world.write("class.yaml", CLASS);
        for (namespace, neighbour) in NAMESPACES.iter().zip(NAMESPACES.iter().cycle().skip(1)) {
            let team = team(namespace, neighbour);
            world.write(&format!("{namespace}.yaml"), &team);
        }
        world
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join("in").join(path), text).unwrap();
    }

    fn launch(&mut self, to: &str, log: &str, flags: &[&str]) {
        let child = Command::new(env!("CARGO_BIN_EXE_deltagate"))
            .args(["run", "--from", "in", "--to", to, "--admin-address", "off"])
            .args(flags)
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stderr(File::create(self.root.join(log)).unwrap())
            .spawn()
            .unwrap();
        self.children.push(child);
    }

    /// Both processes of a cluster, on ports that are free.
    fn launch_both(&mut self) {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        fs::write(self.root.join("hosts"), format!("# both\n{}\n{}\n", free(), free())).unwrap();
        for (process, log) in [("0", "first.log"), ("1", "second.log")] {
            self.launch("out", log, &["--processes", "2", "--process", process, "--hostfile", "hosts"]);
        }
    }

    fn log(&self, log: &str) -> String {
        fs::read_to_string(self.root.join(log)).unwrap_or_default()
    }

    fn logs(&self) -> String {
        ["one.log", "first.log", "second.log"].map(|log| format!("{log}:\n{}", self.log(log))).join("\n")
    }

    fn files(&self, to: &str) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        collect(&self.root.join(to), &self.root.join(to), &mut files);
        files
    }

    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let begin = Instant::now();
        while !holds() {
            assert!(begin.elapsed() < PATIENCE, "{what} did not come true; {}", self.logs());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a directory holds what another one does, and still does after a while.
    #[track_caller]
    fn wait_until_equal(&self, to: &str, expected: &BTreeMap<PathBuf, String>) {
        self.wait("both outputs are equal", || self.files(to) == *expected);
        thread::sleep(Duration::from_secs(1));
        assert_eq!(self.files(to), *expected);
    }

    /// Ends all that run.
    fn end(&mut self) {
        for mut child in self.children.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What one process makes of the input.
    fn expected(&mut self) -> BTreeMap<PathBuf, String> {
        let routes = NAMESPACES.len();
        self.launch("expected", "one.log", &[]);
        self.wait("one process is done", || {
            let attached = |text: &String| text.contains("attachedRoutes: 1");
            self.files("expected").values().filter(|text| attached(text)).count() == routes
        });
        thread::sleep(Duration::from_secs(1));
        self.end();
        self.files("expected")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end();
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// Texts by path, without what tells when a condition changed.
fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let lines = text.lines().filter(|line| !line.contains("lastTransitionTime"));
            files.insert(path.strip_prefix(root).unwrap().to_owned(), lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn two_processes_keep_one_directory_as_one_would() {
    let mut world = World::new("together");
    let expected = world.expected();
    world.launch_both();
    world.wait_until_equal("out", &expected);
    for log in ["first.log", "second.log"] {
        assert!(world.log(log).contains("writes=MeshGatewayInstance"), "it writes its share: {}", world.logs());
    }

    let team = team("shop", "bank").replace("port: 80\n", "port: 81\n");
    world.write("shop.yaml", &team);
    world.wait("the edit is followed", || {
        world.files("out")[Path::new("MeshGateway/_cluster/edge.shop.yaml")].contains("port: 81")
    });
    fs::remove_file(world.root.join("in/bank.yaml")).unwrap();
    world.wait("what is gone is removed", || {
        !world.files("out").contains_key(Path::new("status/HTTPRoute/bank/cart.yaml"))
    });
    let edited = world.expected();
    world.launch_both();
    world.wait_until_equal("out", &edited);
}

#[test]
fn when_one_process_ends_the_other_says_so_and_ends_too() {
    for signal in ["-KILL", "-TERM"] {
        let mut world = World::new(&format!("alone{signal}"));
        world.launch_both();
        world.wait("both are in sync", || {
            ["first.log", "second.log"].iter().all(|log| world.log(log).contains("in sync"))
        });
        let first = world.children[0].id().to_string();
        assert!(Command::new("kill").args([signal, &first]).status().unwrap().success());
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = world.children[1].try_wait().unwrap() {
                break status;
            }
            assert!(begin.elapsed() < PATIENCE, "it goes on alone: {}", world.logs());
            thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(1), "{}", world.logs());
        assert!(world.log("second.log").contains("process 0 of the cluster is gone"), "{}", world.logs());
    }
}

#[test]
fn flags_that_make_no_cluster_are_refused() {
    let world = World::new("flags");
    fs::write(world.root.join("short"), "127.0.0.1:1\n").unwrap();
    let table: [(&[&str], &str); 4] = [
        (&["--processes", "2"], "--process 0 to 1"),
        (&["--processes", "2", "--process", "2"], "--process 2: of --processes 2 the last one is 1"),
        (&["--processes", "2", "--process", "0", "--hostfile", "none"], "--hostfile none"),
        (&["--processes", "2", "--process", "0", "--hostfile", "short"], "names 1 of --processes 2"),
    ];
    for (flags, expected) in table {
        let output = Command::new(env!("CARGO_BIN_EXE_deltagate"))
            .args(["run", "--from", "in"])
            .args(flags)
            .current_dir(&world.root)
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {message}");
        assert!(message.contains(expected), "{flags:?}: {message}");
    }
}
