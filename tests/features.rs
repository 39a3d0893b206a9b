//! The tables in the README are those in the code and in what is expected of the conformance suite.

use std::fs;
use std::path::Path;

use dataflows::rules::features::FEATURES;
use serde_json::Value;

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

/// The part of the README between the two comments of this name says this.
#[track_caller]
fn readme_says(part: &str, wanted: &str) {
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README can be read");
    let (before, rest) = readme.split_once(&begin).expect("the README has a place for the table");
    let (written, after) = rest.split_once(&end).expect("the place for the table has an end");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, format!("{before}{begin}{wanted}{end}{after}")).expect("the README can be written");
    } else {
        assert_eq!(written, wanted, "UPDATE_GOLDEN=1 writes the table anew");
    }
}

#[test]
fn the_readme_says_what_the_tables_say() {
    readme_says("features", &table());
    readme_says("conformance", &conformance());
}

/// How many tests of the suite are expected to come to what.
fn conformance() -> String {
    let path = root().join("tests/cluster/conformance/expected.yaml");
    let text = fs::read_to_string(path).expect("the expectations can be read");
    let expected: Value = serde_yaml_ng::from_str(&text).expect("the expectations are YAML");
    let entries = |list: &str| expected[list].as_object().into_iter().flatten();
    let of_list = |list: &str| expected[list].as_array().map_or(0, Vec::len);
    let parts: usize = entries("mixed").map(|(_, parts)| parts.as_array().map_or(0, Vec::len)).sum();
    let traffic = of_list("traffic") + entries("mixed").count();
    let mut table = format!(
        "| tests | number | result |\n|---|---|---|\n\
         | of statuses alone | {} | passed |\n\
         | parts of others, of statuses alone | {parts} | passed |\n\
         | with traffic, after what they ask of statuses | {traffic} | sent their first request; nobody answers |\n",
        of_list("status")
    );
    let not_claimed = entries("notClaimed").map(|(reason, tests)| {
        let tests: Vec<_> = tests.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let names = if tests.len() > 9 { String::new() } else { format!(" ({})", tests.join(", ")) };
        format!("| not claimed: {reason}{names} | {} | not run |\n", tests.len())
    });
    let reason = |reason: &Value| reason.as_str().unwrap_or_default().to_owned();
    let fails = entries("fails").map(|(test, why)| format!("| {test} | 1 | fails: {} |\n", reason(why)));
    table.extend(not_claimed.chain(fails));
    table
}

#[test]
fn every_scenario_that_is_named_is_there() {
    for scenario in FEATURES.iter().filter_map(|feature| feature.scenario) {
        let path = root().join("tests/scenarios").join(format!("{scenario}.yaml"));
        assert!(path.is_file(), "{} is named, but not there", path.display());
    }
}
