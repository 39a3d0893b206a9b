//! The table in the README is the table in the code.

use std::fs;
use std::path::Path;

use dataflows::rules::features::FEATURES;

const BEGIN: &str = "<!-- features -->\n";
const END: &str = "<!-- /features -->";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> String {
    let mut table = "| feature | Kuma 2.14's own controllers | Deltagate | shown by |\n|---|---|---|---|\n".to_owned();
    for feature in FEATURES {
        let shown = feature.scenario.map(|name| format!("[`{name}`](tests/scenarios/{name}.yaml)")).unwrap_or_default();
        let line = format!("| {} | {} | {} | {shown} |\n", feature.name, feature.kuma.name(), feature.ours.name());
        table.push_str(&line);
    }
    table
}

#[test]
fn the_readme_says_what_the_table_says() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README can be read");
    let (before, rest) = readme.split_once(BEGIN).expect("the README has a place for the table");
    let (written, after) = rest.split_once(END).expect("the place for the table has an end");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, format!("{before}{BEGIN}{}{END}{after}", table())).expect("the README can be written");
    } else {
        assert_eq!(written, table(), "UPDATE_GOLDEN=1 writes the table anew");
    }
}

#[test]
fn every_scenario_that_is_named_is_there() {
    for scenario in FEATURES.iter().filter_map(|feature| feature.scenario) {
        let path = root().join("tests/scenarios").join(format!("{scenario}.yaml"));
        assert!(path.is_file(), "{} is named, but not there", path.display());
    }
}
