use serde_json::Value;

/// Applies a merge patch: <https://www.rfc-editor.org/rfc/rfc7396>.
pub(super) fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    for (name, value) in fields {
        if value.is_null() {
            target.as_object_mut().map(|target| target.remove(name));
        } else {
            apply(&mut target[name.as_str()], value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_patch_sets_removes_and_replaces() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        super::apply(&mut target, &json!({"a": {"b": null, "e": {"f": 1}}, "d": [3]}));
        assert_eq!(target, json!({"a": {"c": 2, "e": {"f": 1}}, "d": [3]}));
    }
}
