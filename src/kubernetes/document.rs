use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// An object as the API server sends it, without `metadata.managedFields[].fieldsV1`: who manages which field is half of
/// every object, and nothing here asks for more than who manages any.
#[derive(Clone, Debug, PartialEq)]
pub struct Document(pub Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Place::Object.deserialize(deserializer).map(Self)
    }
}

/// How deep in an object a value is, on the way to what is left out.
#[derive(Clone, Copy)]
enum Place {
    Object,
    Metadata,
    Managers,
    Manager,
}

impl Place {
    /// The place of a field, if it is on the way.
    fn field(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Object, "metadata") => Some(Self::Metadata),
            (Self::Metadata, "managedFields") => Some(Self::Managers),
            _ => None,
        }
    }

    fn leaves_out(self, name: &str) -> bool {
        matches!(self, Self::Manager) && name == "fieldsV1"
    }
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What is of another type than it has to be stays as it is: whoever reads it says what is wrong.
impl<'de> Visitor<'de> for Place {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if self.leaves_out(&name) {
                entries.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = match self.field(&name) {
                Some(place) => entries.next_value_seed(place)?,
                None => entries.next_value()?,
            };
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        match self {
            Self::Managers => {
                while let Some(item) = entries.next_element_seed(Self::Manager)? {
                    items.push(item);
                }
            }
            _ => {
                while let Some(item) = entries.next_element()? {
                    items.push(item);
                }
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_fields_of_managers_are_left_out() {
        let object = |managers: Value| {
            json!({
                "metadata": {"name": "a", "managedFields": managers, "labels": {"fieldsV1": "x"}, "generation": -1},
                "data": {"fieldsV1": "kept", "managedFields": [{"fieldsV1": 1.5}], "metadata": [true, null, 7]},
            })
        };
        for (managers, left) in [
            (
                json!([{"manager": "a", "fieldsV1": {"f:spec": {}}, "subresource": "status"}, {"manager": "b"}]),
                json!([{"manager": "a", "subresource": "status"}, {"manager": "b"}]),
            ),
            (json!([]), json!([])),
            (json!("odd"), json!("odd")),
            (json!([["odd"]]), json!([["odd"]])),
        ] {
            let text = object(managers).to_string();
            assert_eq!(serde_json::from_str::<Document>(&text).unwrap().0, object(left));
        }
        for odd in ["null", "[]", "[1,{\"metadata\":{}}]", "\"text\"", "-3", "0.5"] {
            let read = serde_json::from_str::<Document>(odd).unwrap().0;
            assert_eq!(read, serde_json::from_str::<Value>(odd).unwrap());
        }
        assert!(serde_json::from_str::<Document>("{\"metadata\":{").is_err());
    }
}
