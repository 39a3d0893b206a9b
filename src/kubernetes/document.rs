use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Levels of an object that are kept. An API server stores ten thousand, where schemas leave fields free; no parser of ours
/// may go so deep, and nothing that matters here lies a quarter as deep as this.
const LEVELS_MAX: u8 = 100;

/// An object as the API server sends it, without `metadata.managedFields[].fieldsV1`: who manages which field is half of
/// every object, and nothing here asks for more than who manages any. Maps and lists that lie too deep are null.
#[derive(Clone, Debug, PartialEq)]
pub struct Document(pub Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Place { way: Way::Object, level: 0 }.deserialize(deserializer).map(Self)
    }
}

/// Where in an object a value is.
#[derive(Clone, Copy)]
struct Place {
    way: Way,
    level: u8,
}

/// The way to what is left out.
#[derive(Clone, Copy)]
enum Way {
    Object,
    Metadata,
    Managers,
    Manager,
    Elsewhere,
}

impl Place {
    fn field(self, name: &str) -> Self {
        let way = match (self.way, name) {
            (Way::Object, "metadata") => Way::Metadata,
            (Way::Metadata, "managedFields") => Way::Managers,
            _ => Way::Elsewhere,
        };
        Self { way, level: self.level + 1 }
    }

    fn item(self) -> Self {
        let way = if matches!(self.way, Way::Managers) { Way::Manager } else { Way::Elsewhere };
        Self { way, level: self.level + 1 }
    }

    fn leaves_out(self, name: &str) -> bool {
        matches!(self.way, Way::Manager) && name == "fieldsV1"
    }

    fn is_too_deep(self) -> bool {
        self.level >= LEVELS_MAX
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
        if self.is_too_deep() {
            // What is ignored is skipped without recursion, however deep it goes on.
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if self.leaves_out(&name) {
                entries.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = entries.next_value_seed(self.field(&name))?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        if self.is_too_deep() {
            while entries.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut items = Vec::new();
        while let Some(item) = entries.next_element_seed(self.item())? {
            items.push(item);
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
    use std::collections::BTreeMap;

    use kube::core::WatchEvent;
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

    #[test]
    fn what_lies_too_deep_is_left_out_and_spoils_nothing() {
        let nested = |levels: usize, open: &str, close: &str| open.repeat(levels) + "1" + &close.repeat(levels);
        let kept = usize::from(LEVELS_MAX) - 1;
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"b\":", "}]")] {
            let levels = kept / open.matches(['[', '{']).count();
            let whole = format!("{{\"spec\":{}}}", nested(levels, open, close));
            assert_eq!(
                serde_json::from_str::<Document>(&whole).unwrap().0,
                serde_json::from_str::<Value>(&whole).unwrap()
            );
            for levels in [100, 128, 10_000] {
                let deep = format!("{{\"spec\":{},\"metadata\":{{\"name\":\"x\"}}}}", nested(levels, open, close));
                let event = format!("{{\"type\":\"ADDED\",\"object\":{deep}}}");
                let Ok(WatchEvent::Added(Document(read))) = serde_json::from_str(&event) else { panic!("{event}") };
                assert_eq!(read["metadata"]["name"], "x");
                let left = read.to_string();
                assert_eq!(left.matches(['[', '{']).count(), usize::from(LEVELS_MAX) + 1, "with metadata: {left}");
                assert!(left.contains("null"), "{left}");
                let list = format!("{{\"items\":[{{\"a\":1}},{deep}]}}");
                let items: BTreeMap<String, Vec<Document>> = serde_json::from_str(&list).unwrap();
                assert_eq!(items["items"], [Document(json!({"a": 1})), Document(read)]);
            }
        }
    }
}
