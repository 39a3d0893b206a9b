use std::fmt;
use std::fmt::Display;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Reads a value the way an API server reads what is sent to it: a null is a field that is not there. Unlike
/// `serde_json`, an error says where it is.
pub fn read<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, FieldError> {
    T::deserialize(Reader(value))
}

/// Longest message that is kept: it may quote what a user wrote.
const MESSAGE_MAX: usize = 200;

/// Where a value cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as a path below what was read; empty if it is all of it.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl FieldError {
    /// The error seen from one level further up.
    #[must_use]
    pub fn below(mut self, field: &str) -> Self {
        let plain = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let segment = if plain { field.to_owned() } else { format!("[{field:?}]") };
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{segment}{dot}{}", self.path);
        self
    }

    fn inside(mut self, index: usize) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for FieldError {}

impl de::Error for FieldError {
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string().chars().take(MESSAGE_MAX).collect();
        Self { path: String::new(), message }
    }

    /// Whether a text could be borrowed is nothing that a user has to know.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let expected = if expected == "a borrowed string" { "a string" } else { &expected };
        Self::custom(format_args!("invalid type: {found}, expected {expected}"))
    }
}

/// The fields of an object that is null.
const NO_FIELDS: [(&str, &str); 0] = [];

struct Reader<'a>(&'a Value);

impl Reader<'_> {
    fn unexpected(&self) -> Unexpected<'_> {
        match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(_) => Unexpected::Other("number"),
            Value::String(value) => Unexpected::Str(value),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (None, Some(value), _) => visitor.visit_i64(value),
                (None, None, value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Array(items) => visitor.visit_seq(Items { items: items.iter().enumerate() }),
            Value::Object(fields) => visitor.visit_map(Fields::new(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    /// Structs are read from objects only: a derived visitor would also take a list, field by field.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Fields::new(fields)),
            Value::Null => visitor.visit_map(MapDeserializer::new(NO_FIELDS.into_iter())),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"an object")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier
    }
}

/// The items of a list, each with its place.
struct Items<'a> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = FieldError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, FieldError> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        seed.deserialize(Reader(item)).map(Some).map_err(|error| error.inside(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The fields of an object that are not null.
struct Fields<'a> {
    fields: serde_json::map::Iter<'a>,
    current: Option<(&'a String, &'a Value)>,
}

impl<'a> Fields<'a> {
    fn new(fields: &'a Map<String, Value>) -> Self {
        Self { fields: fields.iter(), current: None }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, FieldError> {
        self.current = self.fields.by_ref().find(|(_, value)| !value.is_null());
        let Some((key, _)) = self.current else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, FieldError> {
        let Some((key, value)) = self.current.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(Reader(value)).map_err(|error: FieldError| error.below(key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample<'a> {
        name: &'a str,
        #[serde(default)]
        ports: Vec<i64>,
        #[serde(borrow, default)]
        labels: BTreeMap<&'a str, &'a str>,
        #[serde(borrow)]
        inner: Option<Box<Sample<'a>>>,
    }

    #[track_caller]
    fn check(value: &Value, expected: &str) {
        let error = read::<Sample<'_>>(value).expect_err("the value should not be read");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_null_is_a_field_that_is_not_there() {
        let value = json!({"name": "a", "ports": null, "labels": {"x": null, "y": "z"}, "inner": null, "more": [1]});
        let sample = Sample { name: "a", ports: Vec::new(), labels: BTreeMap::from([("y", "z")]), inner: None };
        assert_eq!(read(&value), Ok(sample));
        check(&json!({"name": null}), ": missing field `name`");
    }

    #[test]
    fn an_error_says_where_it_is() {
        check(&Value::Null, ": missing field `name`");
        check(&json!([]), ": invalid type: sequence, expected an object");
        check(&json!({"name": 1}), "name: invalid type: integer `1`, expected a string");
        check(&json!({"name": "a", "inner": {}}), "inner: missing field `name`");
        check(
            &json!({"name": "a", "inner": {"name": "b", "ports": [1, "x"]}}),
            r#"inner.ports[1]: invalid type: string "x", expected i64"#,
        );
        check(
            &json!({"name": "a", "labels": {"kuma.io/mesh": true}}),
            r#"labels["kuma.io/mesh"]: invalid type: boolean `true`, expected a string"#,
        );
        check(
            &json!({"name": "a", "ports": ["x".repeat(100_000)]}),
            &format!("ports[0]: {}", {
                let long = format!("invalid type: string \"{}", "x".repeat(MESSAGE_MAX));
                long.chars().take(MESSAGE_MAX).collect::<String>()
            }),
        );
    }
}
