//! Writing YAML that every reader takes for the same.
//!
//! Kubernetes tools read YAML 1.1, where `no`, `0x1f` and `1:30` are not text. Text is plain here only if no version
//! of YAML could take it for anything else, and written as JSON otherwise, which is YAML as well.

use std::fmt::Write as _;

use serde_json::Value;

/// The value as one YAML document, without a separator.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => block(&mut out, value, 0),
        Value::Array(items) if !items.is_empty() => block(&mut out, value, 0),
        _ => {
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
    out
}

/// Writes a non-empty object or array, the cursor being where its first line begins.
fn block(out: &mut String, value: &Value, indent: usize) {
    let mut first = true;
    let mut begin = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                begin(out);
                out.push_str(&text(name));
                out.push(':');
                entry(out, field, indent);
            }
        }
        Value::Array(items) => {
            for item in items {
                begin(out);
                out.push('-');
                if is_nested(item) {
                    out.push(' ');
                    block(out, item, indent + 2);
                } else {
                    let _ = writeln!(out, " {}", scalar(item));
                }
            }
        }
        _ => {}
    }
}

/// Writes what follows the colon of a field. Arrays are not indented further, as `kubectl` has it.
fn entry(out: &mut String, value: &Value, indent: usize) {
    if !is_nested(value) {
        let _ = writeln!(out, " {}", scalar(value));
        return;
    }
    let indent = if value.is_array() { indent } else { indent + 2 };
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    block(out, value, indent);
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        // Numbers, booleans, null, `{}` and `[]` are the same in JSON.
        _ => value.to_string(),
    }
}

fn text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { Value::from(text).to_string() }
}

/// Words that some version of YAML takes for something else than text.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

fn is_plain(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b" _./-,()".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && !text.ends_with(' ')
        && text.bytes().all(inner)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_as_the_same() {
        let value = json!({
            "a": [[1, [2, {"x": "y"}]], {"b": {"c": [], "d": {}}, "e": null}, "no", "0x1f", "1:30", "-", "", " x", "a: b",
                "1970-01-01T00:00:00Z", "multi\nline", "tab\t", "ünï", "# x", "/", "~", "plain text (really), yes", 1.5, true],
            "on": "off",
            "kuma.io/mesh": "default",
        });
        let read: Value = serde_yaml_ng::from_str(&to_yaml(&value)).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn arrays_of_objects_look_as_people_write_them() {
        let value = json!({"spec": {"rules": [{"a": 1, "b": [{"c": "no"}]}, {"a": 2}]}});
        assert_eq!(to_yaml(&value), "spec:\n  rules:\n  - a: 1\n    b:\n    - c: \"no\"\n  - a: 2\n");
    }
}
