//! JSON objects made of values that are there already.
//!
//! `json!` copies each value that it is given; nested documents would be copied once per level.

use serde_json::Value;

/// An object with these fields.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
