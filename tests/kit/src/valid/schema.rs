use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The structural schemas of a folder of CRDs, applied as an API server does, but for two things: a field that would be
/// pruned is a fault, and rules in CEL are not evaluated.
///
/// <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>
pub struct Schemas(BTreeMap<String, KindSchema>);

struct KindSchema {
    namespaced: bool,
    schema: Value,
    validator: Validator,
}

impl Schemas {
    /// Reads all CRDs of a folder.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", folder.display());
        let mut kinds = BTreeMap::new();
        for file in fs::read_dir(folder).map_err(|error| wrong(&error))? {
            let path = file.map_err(|error| wrong(&error))?.path();
            let text = fs::read_to_string(&path).map_err(|error| wrong(&error))?;
            for document in serde_yaml_ng::Deserializer::from_str(&text) {
                let crd = Value::deserialize(document).map_err(|error| wrong(&error))?;
                if crd["kind"] == "CustomResourceDefinition" {
                    let kind = crd["spec"]["names"]["kind"].as_str().unwrap_or_default().to_owned();
                    kinds.insert(kind, KindSchema::of(&crd).map_err(|error| wrong(&error))?);
                }
            }
        }
        if kinds.is_empty() { Err(wrong(&"holds no CRD")) } else { Ok(Self(kinds)) }
    }

    /// What the API server would say to the object. A kind that has no CRD here is taken as it is.
    pub fn problems(&self, object: &Value) -> Vec<String> {
        let Some(kind) = object["kind"].as_str().and_then(|kind| self.0.get(kind)) else { return Vec::new() };
        let mut problems: Vec<_> = kind
            .validator
            .iter_errors(object)
            .map(|error| format!("the schema at {}: {error}", error.instance_path()))
            .collect();
        if kind.namespaced != object["metadata"]["namespace"].is_string() {
            problems.push(format!("the schema: namespaced is {}", kind.namespaced));
        }
        duplicates(&kind.schema, object, "", &mut problems);
        problems
    }

    /// Whether there is a schema for a kind.
    pub fn knows(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }
}

impl KindSchema {
    fn of(crd: &Value) -> Result<Self, String> {
        let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
        let stored = versions.clone().find(|version| version["storage"] == true).ok_or("no version is stored")?;
        let mut schema = stored["schema"]["openAPIV3Schema"].clone();
        close(&mut schema);
        // What metadata may hold is no matter of the CRD.
        schema["properties"]["metadata"] = json!({"type": "object"});
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
        Ok(Self { namespaced: crd["spec"]["scope"] == "Namespaced", schema, validator })
    }
}

/// Puts a structural schema into the words of JSON schema.
fn close(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    for below in ["properties", "patternProperties"] {
        for (_, property) in fields.get_mut(below).and_then(Value::as_object_mut).into_iter().flatten() {
            close(property);
        }
    }
    for below in ["items", "additionalProperties"] {
        fields.get_mut(below).into_iter().for_each(close);
    }
    let keeps_unknown = fields.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true));
    if fields.get("type") == Some(&json!("object")) && !keeps_unknown {
        fields.entry("additionalProperties").or_insert(json!(false));
    }
    if fields.get("x-kubernetes-int-or-string") == Some(&json!(true)) {
        fields.entry("anyOf").or_insert(json!([{"type": "integer"}, {"type": "string"}]));
    }
    if fields.get("nullable") == Some(&json!(true)) {
        let named = fields.get("type").cloned();
        fields.extend(named.map(|named| ("type".to_owned(), json!([named, "null"]))));
    }
    if fields.get("format") == Some(&json!("int32")) {
        bound(fields);
    }
}

fn bound(fields: &mut Map<String, Value>) {
    fields.entry("minimum").or_insert(json!(i32::MIN));
    fields.entry("maximum").or_insert(json!(i32::MAX));
}

/// Finds lists that are maps by some keys and name one twice, or that are sets and hold a value twice.
fn duplicates(schema: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let below = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
                duplicates(below, field, &format!("{path}/{name}"), problems);
            }
        }
        Value::Array(items) => {
            let identity = |item: &Value| match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => Some(item.to_string()),
                Some("map") => {
                    let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
                    Some(keys.filter_map(Value::as_str).map(|key| item[key].to_string()).collect())
                }
                _ => None,
            };
            let mut seen = std::collections::BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                if identity(item).is_some_and(|identity| !seen.insert(identity)) {
                    problems.push(format!("the schema at {path}/{index}: is in the list twice: {item}"));
                }
                duplicates(&schema["items"], item, &format!("{path}/{index}"), problems);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crd() -> Value {
        json!({"spec": {
            "scope": "Namespaced",
            "names": {"kind": "Thing"},
            "versions": [{"storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                "spec": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string", "pattern": "^[a-z`]+$"},
                    "port": {"type": "integer", "format": "int32"},
                    "share": {"x-kubernetes-int-or-string": true},
                    "any": {"x-kubernetes-preserve-unknown-fields": true},
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                    "list": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["name"],
                        "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                    },
                }},
            }}}}],
        }})
    }

    #[track_caller]
    fn check(spec: Value, good: bool) {
        let schemas = Schemas([("Thing".to_owned(), KindSchema::of(&crd()).unwrap())].into());
        let object = json!({"kind": "Thing", "metadata": {"namespace": "a", "labels": {}}, "spec": spec});
        let problems = schemas.problems(&object);
        assert_eq!(problems.is_empty(), good, "{problems:?}");
    }

    #[test]
    fn an_api_server_would_say_the_same() {
        check(json!({"name": "a", "port": 1, "share": 3, "any": {"x": [1]}, "tags": {"a": "b"}}), true);
        check(json!({"name": "a", "share": "1%", "list": [{"name": "x"}, {"name": "y"}]}), true);
        check(json!({}), false);
        check(json!({"name": "A"}), false);
        check(json!({"name": "a", "unknown": 1}), false);
        check(json!({"name": "a", "port": 3_000_000_000_u64}), false);
        check(json!({"name": "a", "port": "80"}), false);
        check(json!({"name": "a", "share": 1.5}), false);
        check(json!({"name": "a", "tags": {"a": 1}}), false);
        check(json!({"name": "a", "list": [{"name": "x"}, {"name": "x"}]}), false);
        check(json!({"name": "a", "list": [{"name": "x", "more": 1}]}), false);
    }
}
