//! Snippets of YAML in, rows out.

use dataflows::model::{Fact, Relation, Settings};
use serde_json::Value;

use super::{Decoded, decode};

/// What a snippet of YAML asserts.
#[track_caller]
pub(super) fn decoded(yaml: &str) -> Decoded {
    decode(&Settings::default(), &value(yaml)).expect("the snippet should be decodable")
}

/// Why a snippet of YAML cannot be decoded.
#[track_caller]
pub(super) fn error(yaml: &str) -> String {
    decode(&Settings::default(), &value(yaml)).expect_err("the snippet should not be decodable").to_string()
}

/// A snippet of YAML as JSON.
#[track_caller]
pub(super) fn value(yaml: &str) -> Value {
    serde_yaml_ng::from_str(yaml).expect("the snippet should be YAML")
}

/// The facts of one relation, in the order in which they were asserted.
pub(super) fn facts<T: Relation>(decoded: &Decoded) -> Vec<&Fact> {
    let all = decoded.updates.iter().flat_map(|update| &update.facts);
    all.filter(|fact| fact.row.get::<T>().is_some()).collect()
}

/// The rows of one relation, in the order in which they were asserted.
pub(super) fn rows<T: Relation + Clone>(decoded: &Decoded) -> Vec<T> {
    facts::<T>(decoded).into_iter().filter_map(|fact| fact.row.get::<T>()).map(|row| T::clone(row)).collect()
}
