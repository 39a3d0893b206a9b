//! Runs every file below `tests/scenarios`, each in many ways. `SCENARIO=b19` runs those whose name contains it;
//! `UPDATE_GOLDEN=1` rewrites what they expect.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use dataflows::model::{Desired, Settings, Update};
use deltagate::vault::Vault;
use deltagate::watch::decode::{DecodeError, decode};
use kit::scenario::{self, Ends, Scenario};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// All scenario files, by their path below the folder.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("the folder of the scenarios can be read");
        for entry in entries {
            let path = entry.expect("the folder of the scenarios can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(folder()).unwrap_or(path).display().to_string()
}

/// Decodes as the watch does. Kinds that are not read assert nothing.
fn decoder(vault: &Vault, settings: &Settings, object: &Value) -> Result<Vec<Update>, String> {
    match decode(settings, object) {
        Ok(decoded) => {
            vault.keep(&decoded.object, decoded.copy);
            Ok(decoded.updates)
        }
        Err(DecodeError::UnknownKind { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.to_string()),
    }
}

/// Does something with each file, on as many threads as there are processors, and gathers what went wrong.
fn with_each_file(act: impl Fn(&Path) -> Result<(), String> + Sync) -> Vec<String> {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let files: Vec<_> = files().into_iter().filter(|path| name(path).contains(&wanted)).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = act(path);
                    println!("{} {}", if outcome.is_ok() { "ok    " } else { "FAILED" }, name(path));
                    if let Err(problem) = outcome {
                        wrong.lock().expect("no thread panics with it").push(format!("{}\n{problem}", name(path)));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("no thread panics with it");
    wrong.sort();
    wrong
}

#[test]
fn every_scenario_turns_out_as_expected_in_whatever_way_it_is_run() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let wrong = with_each_file(|path| {
        let vault = Vault::default();
        let decode = |settings: &Settings, object: &Value| decoder(&vault, settings, object);
        let render = |settings: &Settings, desired: &Desired| vault.render(settings, desired);
        let ends = Ends { decode: &decode, render: &render };
        if update {
            return scenario::rewrite(path, ends).map(|_| ());
        }
        scenario::run(path, ends)
            .map_err(|failures| failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    assert!(wrong.is_empty(), "{} scenarios failed:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn there_are_scenarios_and_each_says_what_it_shows_and_where_that_is_specified() {
    let files = files();
    assert!(!files.is_empty(), "no scenario in {}", folder().display());
    for path in files {
        let scenario = Scenario::load(&path).unwrap_or_else(|problem| panic!("{}: {problem}", name(&path)));
        assert!(scenario.description.ends_with('.'), "{}: the description is no sentence", name(&path));
        assert!(scenario.link.starts_with("https://"), "{}: the link leads nowhere", name(&path));
        let expects = |expected: &Option<scenario::Expectation>| expected.is_some();
        let any = expects(&scenario.expect) || scenario.steps.iter().any(|step| expects(&step.expect));
        assert!(any, "{}: it expects nothing", name(&path));
    }
}
