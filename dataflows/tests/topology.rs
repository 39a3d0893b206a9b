//! The diagram in the README is the dataflow that runs. `UPDATE_GOLDEN=1` draws it anew.

use std::fs;
use std::path::Path;

use dataflows::Engine;
use dataflows::model::Settings;

const START: &str = "<!-- topology -->";
const END: &str = "<!-- /topology -->";

#[test]
fn the_diagram_in_the_readme_is_the_dataflow_that_runs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md can be read");
    let running = format!("\n```mermaid\n{}```\n", Engine::counting(Settings::default()).topology());
    let (before, rest) = readme.split_once(START).expect("README.md says where the diagram starts");
    let (drawn, after) = rest.split_once(END).expect("README.md says where the diagram ends");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{START}{running}{END}{after}")).expect("README.md can be written");
        return;
    }
    assert_eq!(drawn, running, "the diagram is out of date: run this test with UPDATE_GOLDEN=1");
}
