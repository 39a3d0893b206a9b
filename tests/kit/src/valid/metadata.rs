use std::net::IpAddr;

use serde_json::Value;

const NAME_MAX: usize = 253;
const LABEL_MAX: usize = 63;

/// What Kubernetes itself has against the metadata of an object, whatever its kind.
///
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>
pub(super) fn problems(object: &Value) -> Vec<String> {
    let metadata = &object["metadata"];
    let mut problems = Vec::new();
    let mut check = |good: bool, what: String| {
        if !good {
            problems.push(format!("metadata: {what}"));
        }
    };
    let name = metadata["name"].as_str().unwrap_or_default();
    check(is_subdomain(name), format!("the name {name:?} is no DNS-1123 subdomain"));
    if let Some(namespace) = metadata.get("namespace") {
        check(namespace.as_str().is_some_and(is_label), format!("the namespace {namespace} is no DNS-1123 label"));
    }
    for (map, is_value) in [("labels", is_label_value as fn(&str) -> bool), ("annotations", |_| true)] {
        for (key, value) in metadata[map].as_object().into_iter().flatten() {
            check(is_qualified(key), format!("{map} has the key {key:?}"));
            check(value.as_str().is_some_and(is_value), format!("{map} has the value {value} for {key}"));
        }
    }
    for owner in metadata["ownerReferences"].as_array().into_iter().flatten() {
        let whole = ["apiVersion", "kind", "name", "uid"]
            .iter()
            .all(|field| owner[*field].as_str().is_some_and(|text| !text.is_empty()));
        check(whole, format!("the owner {owner} is not whole"));
    }
    let known = ["name", "namespace", "labels", "annotations", "ownerReferences"];
    for field in metadata.as_object().into_iter().flatten().map(|(field, _)| field.as_str()) {
        check(known.contains(&field), format!("{field} is not ours to write"));
    }
    problems
}

/// A DNS-1123 label of at most 63 characters.
pub(super) fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= LABEL_MAX
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(inner)
}

/// A DNS-1123 subdomain of at most 253 characters. Its parts may be longer than 63, as in Kubernetes.
pub(super) fn is_subdomain(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let part =
        |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-') && part.bytes().all(inner);
    text.len() <= NAME_MAX && text.split('.').all(part)
}

/// A hostname that is no address, not even one with zeros before its numbers.
pub(super) fn is_hostname(text: &str) -> bool {
    let number = |part: &str| part.parse::<u8>().map_or_else(|_| part.to_owned(), |number| number.to_string());
    let plain: Vec<_> = text.split('.').map(number).collect();
    is_subdomain(text) && plain.join(".").parse::<IpAddr>().is_err()
}

/// The value of a label: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
pub(super) fn is_label_value(text: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.is_empty()
        || text.len() <= LABEL_MAX && edge(text.bytes().next()) && edge(text.bytes().last()) && text.bytes().all(inner)
}

/// A key of a label or an annotation: a name, perhaps with a DNS subdomain and a slash in front.
fn is_qualified(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kubernetes_would_say_the_same() {
        let check = |metadata: Value, good: bool| {
            let problems = problems(&json!({ "metadata": metadata }));
            assert_eq!(problems.is_empty(), good, "{problems:?}");
        };
        let owner = json!({"apiVersion": "v1", "kind": "Gateway", "name": "a", "uid": "1"});
        check(json!({"name": "a.b", "namespace": "a", "labels": {"x.y/a_b": "A.b"}, "ownerReferences": [owner]}), true);
        check(json!({"name": "a", "annotations": {"a/b": "anything at all"}}), true);
        for bad in ["", "A", "a_b", "a..b", "-a", "a-", "a.-b", &"a".repeat(254)] {
            check(json!({ "name": bad }), false);
        }
        check(json!({"name": "a", "namespace": "a.b"}), false);
        for (key, value) in [("a/b/c", "x"), ("", "x"), ("a", "x/y"), ("a", "-x"), (&*"k".repeat(64), "x")] {
            check(json!({"name": "a", "labels": {key: value}}), false);
        }
        check(json!({"name": "a", "labels": {"a": "x".repeat(64)}}), false);
        check(json!({"name": "a", "ownerReferences": [{"kind": "Gateway"}]}), false);
        check(json!({"name": "a", "resourceVersion": "1"}), false);
    }
}
