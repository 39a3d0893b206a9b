//! A controller on two directories of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use kit::shop::{ROUTE, without_route};

/// How long something may take that should take milliseconds, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);

/// A controller on two directories of its own.
pub(super) struct World {
    pub(super) root: PathBuf,
    child: Option<Child>,
    log: Arc<Mutex<Vec<String>>>,
}

impl World {
    pub(super) fn new(test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("deltagate-directory-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("in")).unwrap();
        Self { root, child: None, log: Arc::default() }
    }

    /// A controller that runs on a Gateway in `base.yaml` and a route in `route.yaml`, and has attached it.
    #[track_caller]
    pub(super) fn of_a_shop(test: &str) -> Self {
        let mut world = Self::new(test);
        world.write("base.yaml", &without_route());
        world.write("route.yaml", ROUTE);
        world.start();
        world.wait_for("status/Gateway/default/edge.yaml", "attachedRoutes: 1");
        world
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.root.join("in").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn out(&self, path: &str) -> PathBuf {
        self.root.join("out").join(path)
    }

    pub(super) fn start(&mut self) {
        self.start_with("off");
    }

    pub(super) fn start_with(&mut self, admin_address: &str) {
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
    pub(super) fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{}", self.log());
    }

    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    #[track_caller]
    pub(super) fn wait(&self, what: &str, holds: impl Fn() -> bool) {
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
    pub(super) fn wait_for_log(&self, text: &str) {
        self.wait(&format!("{text:?} in the log"), || self.log().contains(text));
    }

    /// Waits for a file and some text in it.
    #[track_caller]
    pub(super) fn wait_for(&self, path: &str, text: &str) {
        let path = self.out(path);
        self.wait(&format!("{text:?} in {}", path.display()), || {
            fs::read_to_string(&path).is_ok_and(|file| file.contains(text))
        });
    }

    pub(super) fn files(&self) -> Vec<(PathBuf, SystemTime)> {
        let mut files = Vec::new();
        collect(&self.root.join("out"), &mut files);
        files.sort();
        files
    }

    /// Waits until nothing has been written for a while.
    pub(super) fn settle(&self) -> Vec<(PathBuf, SystemTime)> {
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

    pub(super) fn routes(&self) -> Vec<PathBuf> {
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
