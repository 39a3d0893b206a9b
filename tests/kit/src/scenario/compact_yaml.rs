use std::fmt::Write as _;

use serde_yaml_ng::Value;

/// Longest line.
const WIDTH: usize = 118;

/// Writes a value as YAML: on one line what fits there, the rest as blocks. Same value, same text.
pub(super) fn write(value: &Value, indent: usize) -> String {
    let mut text = String::new();
    block(value, indent, &mut text);
    text
}

fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Mapping(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                let _ = write!(text, "{}{}:", " ".repeat(indent), flow(name));
                entry(field, indent + 2, indent + flow(name).len() + 2, indent == 0, text);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(text, "{}-", " ".repeat(indent));
                let line = flow(item);
                if line.len() + indent + 2 <= WIDTH || is_leaf(item) {
                    let _ = writeln!(text, " {line}");
                } else {
                    let mut inner = String::new();
                    block(item, indent + 2, &mut inner);
                    text.push_str(&inner[indent + 1..]);
                }
            }
        }
        leaf => {
            let _ = writeln!(text, "{}{}", " ".repeat(indent), flow(leaf));
        }
    }
}

fn entry(value: &Value, indent: usize, used: usize, always_block: bool, text: &mut String) {
    let line = flow(value);
    if is_leaf(value) || (!always_block && line.len() + used <= WIDTH) {
        let _ = writeln!(text, " {line}");
    } else {
        text.push('\n');
        block(value, indent, text);
    }
}

fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Mapping(fields) => fields.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        _ => true,
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => scalar(value),
        Value::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Mapping(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{}: {}", flow(name), flow(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Tagged(tagged) => flow(&tagged.value),
    }
}

/// A text without quotes where it means the same in every place.
fn scalar(text: &str) -> String {
    let special = |character: char| ",[]{}#&!|>'\"%\\".contains(character) || character.is_control();
    let plain = !text.contains(special)
        && !text.contains(": ")
        && !text.ends_with(':')
        && serde_yaml_ng::from_str::<Value>(text).is_ok_and(|read| read == Value::String(text.to_owned()));
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let source =
            "objects: [{kind: A, spec: {text: 'a: b', number: '1', list: [1, 'x, y'], empty: {}, none: null}}]";
        let long = format!("{{long: [{}]}}", ["{name: something-of-some-length}"; 9].join(", "));
        for text in [source, &long, "[]", "a: ['*', '- x', 'true', '']"] {
            let value: Value = serde_yaml_ng::from_str(text).unwrap();
            let written = write(&value, 0);
            assert_eq!(serde_yaml_ng::from_str::<Value>(&written).unwrap(), value, "{written}");
            assert!(written.lines().all(|line| line.len() <= WIDTH + 2), "{written}");
        }
    }
}
