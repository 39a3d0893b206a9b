//! Finalizers, as an API server keeps them.

use dataflows::manifest::CLASS_FINALIZER;
use serde_json::{Value, json};

/// Whether an object bears any, so that it stays when it is deleted.
pub(super) fn hold(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty())
}

/// Whether an object is being deleted.
pub(super) fn is_leaving(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Whether an object goes: it is being deleted, and no finalizer holds it.
pub(super) fn is_let_go(object: &Value) -> bool {
    is_leaving(object) && !hold(object)
}

/// Marks an object that is deleted while finalizers hold it.
pub(super) fn mark(object: &mut Value) {
    object["metadata"]["deletionTimestamp"] = json!("2026-02-01T00:00:00Z");
}

/// Puts the finalizer of a class on or takes it off. An object that is being deleted takes none.
pub(super) fn set(class: &mut Value, held: bool) -> Result<(), String> {
    if held && is_leaving(class) {
        return Err(format!("a finalizer is put on what is being deleted: {class}"));
    }
    let mut finalizers = class["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    finalizers.retain(|finalizer| finalizer != CLASS_FINALIZER);
    finalizers.extend(held.then(|| json!(CLASS_FINALIZER)));
    class["metadata"]["finalizers"] = if finalizers.is_empty() { Value::Null } else { finalizers.into() };
    Ok(())
}
