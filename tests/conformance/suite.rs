//! The suite as a program, and what it says of each of its tests.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use super::cluster::Cluster;

/// The one test function that all tests of the suite are part of.
const ROOT: &str = "TestConformance/";

/// What helpers of the suite log when they send a request: over HTTP, gRPC, TLS and TCP.
const REQUESTS: [&str; 7] = [
    "Making ",
    "Request failed, not ready yet",
    "Sending RPC",
    "Failed to send RPC",
    "client could not connect",
    "connection was rejected during dial",
    "performing TCP connection probe",
];

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Pass,
    Fail,
    Skip,
}

/// What became of a test or of one of its parts.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) outcome: Option<Outcome>,
    /// Whether it came as far as sending a request.
    pub(crate) sent_request: bool,
    /// What it said.
    pub(crate) output: String,
}

/// What became of every test, by its name and that of its part, as in `HTTPRouteWeight/part`.
pub(crate) type Outcomes = BTreeMap<String, Seen>;

/// A line of `go test -json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    output: String,
}

/// The suite, compiled.
pub(crate) struct Suite {
    program: PathBuf,
    folder: PathBuf,
}

/// A report without its date, and with its profiles by name: the suite has them in no order.
fn undated(report: &str) -> Value {
    let mut report: Value = serde_yaml_ng::from_str(report).expect("a report is YAML");
    if let Some(fields) = report.as_object_mut() {
        fields.remove("date");
    }
    if let Some(profiles) = report["profiles"].as_array_mut() {
        profiles.sort_by(|left, right| left["name"].as_str().cmp(&right["name"].as_str()));
    }
    report
}

/// A program that is killed with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Either fails only where the process is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The module that the suite is a dependency of.
pub(crate) fn module() -> PathBuf {
    workspace().join("tests/cluster")
}

impl Suite {
    /// Compiles it, with the flags under which most of it was compiled for the API server already.
    pub(crate) fn build() -> Self {
        let folder = workspace().join("target/conformance");
        fs::create_dir_all(&folder).expect("target can be written");
        let program = folder.join("conformance.test");
        let built = Command::new("go")
            .args(["test", "-c", "-trimpath", "-o"])
            .args([&program, Path::new("./conformance")])
            .current_dir(module())
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the suite compiles; it needs Go 1.26");
        Self { program, folder }
    }

    /// Runs all of it. The name is that of its files below `target/conformance`: all that it printed, and its report.
    pub(crate) fn run(&self, cluster: &Cluster, name: &str, mut after_each: impl FnMut(&str)) -> Outcomes {
        let mut tests = Running(self.start(cluster, name));
        let output = tests.0.stdout.take().expect("the output is piped");
        let mut converter = Running(
            Command::new("go")
                .args(["tool", "test2json", "-t"])
                .stdin(output)
                .stdout(Stdio::piped())
                .spawn()
                .expect("Go has a tool test2json"),
        );
        let events = converter.0.stdout.take().expect("the output is piped");
        let mut kept = File::create(self.folder.join(format!("{name}.json"))).expect("target can be written");
        let mut outcomes = Outcomes::new();
        for line in BufReader::new(events).lines() {
            let line = line.expect("test2json prints lines");
            writeln!(kept, "{line}").expect("target can be written");
            let event: Event = serde_json::from_str(&line).expect("test2json prints JSON");
            if let Some(ended) = note(&mut outcomes, event) {
                after_each(&ended);
            }
        }
        outcomes
    }

    /// The suite's own report of a run must be the one that is published, apart from its date and the order of the profiles;
    /// `UPDATE_GOLDEN=1` publishes it.
    pub(crate) fn check_report(&self, name: &str) {
        let published = workspace().join("deploy/conformance/report.yaml");
        let report = fs::read_to_string(self.report(name)).expect("the suite has written its report");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&published, report).expect("the report can be published");
            return;
        }
        let known = fs::read_to_string(&published).unwrap_or_default();
        assert_eq!(undated(&report), undated(&known), "the report differs from {}", published.display());
    }

    fn report(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}-report.yaml"))
    }

    fn start(&self, cluster: &Cluster, name: &str) -> Child {
        let module = module();
        Command::new(&self.program)
            .args(["-test.v=test2json", "-test.timeout=25m", "-test.parallel=16"])
            .arg(format!("-conformance-options-file={}", module.join("conformance/options.yaml").display()))
            .arg(format!("-report-output={}", self.report(name).display()))
            .env("KUBECONFIG", cluster.kubeconfig())
            .current_dir(module.join("conformance"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the suite was compiled")
    }
}

/// Adds what a line says. Returns the name of a test that has ended with it, but not of a part of one.
fn note(outcomes: &mut Outcomes, event: Event) -> Option<String> {
    let test = event.test.strip_prefix(ROOT)?.to_owned();
    let whole = test.split('/').next().unwrap_or_default().to_owned();
    match event.action.as_str() {
        "output" => {
            let sends = REQUESTS.iter().any(|request| event.output.contains(request));
            let of_test = outcomes.entry(whole.clone()).or_default();
            of_test.sent_request |= sends;
            if whole != test {
                of_test.output.push_str(&event.output);
            }
            outcomes.entry(test).or_default().output.push_str(&event.output);
            None
        }
        action => {
            let outcome = serde_json::from_value(action.into()).ok();
            let ended = outcome.is_some_and(|outcome| outcome != Outcome::Skip) && whole == test;
            let seen = outcomes.entry(test.clone()).or_default();
            seen.outcome = outcome.or(seen.outcome);
            ended.then_some(test)
        }
    }
}
