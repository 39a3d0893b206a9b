//! From text to values, one document at a time.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Number, Value};
use serde_yaml_ng as yaml;

use super::Origin;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A stream of YAML documents.
    Yaml,
    /// A stream of JSON documents.
    Json,
    /// Either: JSON if it begins like an object, for standard input.
    Guess,
}

impl Format {
    /// The format of a file, by its name.
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("json") => Self::Json,
            Some(extension) if extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml") => {
                Self::Yaml
            }
            _ => Self::Guess,
        }
    }
}

/// Hands each document of a text on, or the reason why it could not be read. After a syntax error, which leaves open
/// where the next document begins, the rest of the text is given up.
pub(super) fn each_value(file: &str, format: Format, text: &str, visit: &mut dyn FnMut(Origin, Result<Value, String>)) {
    match format {
        Format::Json => each_json(file, text, visit),
        // A flow mapping is YAML too, so only what reads as JSON to its end is JSON.
        Format::Guess if text.trim_start().starts_with('{') && is_json(text) => each_json(file, text, visit),
        Format::Yaml | Format::Guess => each_yaml(file, text, visit),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>().all(|document| document.is_ok())
}

fn each_json(file: &str, text: &str, visit: &mut dyn FnMut(Origin, Result<Value, String>)) {
    for (index, document) in serde_json::Deserializer::from_str(text).into_iter::<Value>().enumerate() {
        let origin = Origin::document(file, index + 1);
        match document {
            Ok(value) => visit(origin, Ok(value)),
            Err(error) => {
                visit(origin, Err(syntax_error("JSON", &error)));
                return;
            }
        }
    }
}

fn each_yaml(file: &str, text: &str, visit: &mut dyn FnMut(Origin, Result<Value, String>)) {
    let mut again = Again { documents: yaml::Deserializer::from_str(text), next: 0 };
    for (index, document) in yaml::Deserializer::from_str(text).enumerate() {
        let origin = Origin::document(file, index + 1);
        match yaml::Value::deserialize(document) {
            Ok(value) => visit(origin, from_yaml(value)),
            Err(error) if again.is_syntactically_sound(index) => visit(origin, Err(format!("{error}: correct it"))),
            Err(error) => {
                visit(origin, Err(syntax_error("YAML", &error)));
                return;
            }
        }
    }
}

fn syntax_error(language: &str, error: &dyn std::fmt::Display) -> String {
    format!("is not valid {language}, so this and what follows in the file is not read: {error}")
}

/// A second reading of the same text, once and only as far as it is needed.
struct Again<'t> {
    documents: yaml::Deserializer<'t>,
    next: usize,
}

impl Again<'_> {
    /// Whether only the content of a document is wrong (say, a key that is there twice), so that the next can be found.
    /// For documents in their order.
    fn is_syntactically_sound(&mut self, index: usize) -> bool {
        let document = self.documents.nth(index - self.next);
        self.next = index + 1;
        document.is_some_and(|document| IgnoredAny::deserialize(document).is_ok())
    }
}

fn from_yaml(mut value: yaml::Value) -> Result<Value, String> {
    value.apply_merge().map_err(|error| format!("{error}: write the fields out instead of merging them"))?;
    convert(value)
}

fn convert(value: yaml::Value) -> Result<Value, String> {
    Ok(match value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(value) => Value::Bool(value),
        yaml::Value::Number(number) => Value::Number(convert_number(&number)?),
        yaml::Value::String(text) => Value::String(text),
        yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(convert).collect::<Result<_, _>>()?),
        yaml::Value::Mapping(fields) => {
            let mut map = Map::new();
            for (key, value) in fields {
                map.insert(convert_key(key)?, convert(value)?);
            }
            Value::Object(map)
        }
        yaml::Value::Tagged(tagged) => convert(tagged.value)?,
    })
}

fn convert_number(number: &yaml::Number) -> Result<Number, String> {
    if let Some(value) = number.as_u64() {
        return Ok(value.into());
    }
    if let Some(value) = number.as_i64() {
        return Ok(value.into());
    }
    number
        .as_f64()
        .and_then(Number::from_f64)
        .ok_or_else(|| format!("holds the number {number}, which API objects cannot hold: quote it if it is text"))
}

fn convert_key(key: yaml::Value) -> Result<String, String> {
    match key {
        yaml::Value::String(text) => Ok(text),
        yaml::Value::Number(number) => Ok(number.to_string()),
        yaml::Value::Bool(value) => Ok(value.to_string()),
        _ => Err("has a field whose name is not text: give it one".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn each_broken_document_is_told_and_the_next_found() {
        // Sound, broken in their content, and one with a syntax error, after which all is given up.
        let text = format!("a: 1\n---\n{}b: 2\n---\nc: [\n---\nd: 4\n", "x: 1\nx: 2\n---\n".repeat(20_000));
        let mut seen = Vec::new();
        let begin = Instant::now();
        each_value("f", Format::Yaml, &text, &mut |origin, value| seen.push((origin.document, value)));
        assert_eq!(seen.len(), 20_003);
        let told = |index: usize| seen[index].1.as_ref().unwrap_err();
        assert_eq!((seen[0].1.is_ok(), seen[20_001].1.is_ok()), (true, true));
        assert!(told(20_000).ends_with(": correct it"), "{}", told(20_000));
        assert!(told(20_002).contains("what follows in the file is not read"), "{}", told(20_002));
        // To read all before again for each would take minutes.
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    }
}
