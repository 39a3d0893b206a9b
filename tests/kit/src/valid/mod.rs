//! Whether an API server with Kuma's CRDs and admission webhooks would take an object.
//!
//! The rules are Kuma's, written anew as a table of named checks: nothing here asks the controller what it thinks. The
//! schemas are those of the CRDs.

mod mesh_gateway;
mod metadata;
mod routes;
mod schema;
mod secret;
mod target_ref;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;

pub use schema::Schemas;

use crate::crds;

/// One rule of Kuma's admission webhooks.
pub(crate) struct Check {
    /// The kinds it is for.
    kinds: &'static [&'static str],
    /// What has to hold, as a sentence.
    name: &'static str,
    holds: fn(&Value) -> bool,
}

/// The namespace of the control plane, as checks know it.
const SYSTEM_NAMESPACE: &str = "kuma-system";

/// All rules.
fn checks() -> impl Iterator<Item = &'static Check> {
    let all = [mesh_gateway::CHECKS, target_ref::CHECKS, routes::CHECKS, secret::CHECKS];
    all.into_iter().flatten()
}

/// What would be said against writing this object, by the metadata rules of Kubernetes, by the project's own CRDs, by
/// Kuma's CRDs where they are at hand, and by the webhooks of a control plane in this namespace.
pub fn problems(system_namespace: &str, object: &Value) -> Vec<String> {
    let mut object = object.clone();
    if object["metadata"]["namespace"] == system_namespace {
        object["metadata"]["namespace"] = SYSTEM_NAMESPACE.into();
    }
    let object = &object;
    let mut problems = metadata::problems(object);
    for (whose, schemas) in schemas() {
        problems.extend(schemas.problems(object).into_iter().map(|problem| format!("{whose}: {problem}")));
    }
    problems.extend(refusals(object).into_iter().map(|name| format!("Kuma's webhooks: {name}")));
    problems
}

/// The rules of Kuma's webhooks that the object breaks.
pub fn refusals(object: &Value) -> Vec<&'static str> {
    let of_kind = |check: &&Check| check.kinds.iter().any(|kind| object["kind"] == *kind);
    checks().filter(of_kind).filter(|check| !(check.holds)(object)).map(|check| check.name).collect()
}

/// The project's own schemas, and Kuma's where they are at hand.
fn schemas() -> &'static [(&'static str, Schemas)] {
    static SCHEMAS: OnceLock<Vec<(&'static str, Schemas)>> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let read = |folder: PathBuf| Schemas::read(&folder).unwrap_or_else(|problem| panic!("{problem}"));
        let mut all = vec![("our CRDs", read(crds::ours()))];
        all.extend(crds::upstream().map(|folder| ("Kuma's CRDs", read(folder))));
        all
    })
}

/// The items of a list, none where there is no list.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text, empty where there is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
