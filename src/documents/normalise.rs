//! From what a user wrote to what an API server would store.

use dataflows::model::{Kind, ObjectName};
use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

use super::DocumentError;

/// A document, opened if it is a `List`.
pub(super) enum Opened {
    Object(Value),
    Items(Vec<Value>),
}

/// Opens a `v1` `List`, or a list of one kind as API servers answer it.
pub(super) fn open_list(mut value: Value) -> Opened {
    let Some(item_kind) = value.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List")) else {
        return Opened::Object(value);
    };
    let item_kind = item_kind.to_owned();
    let api_version = value.get("apiVersion").cloned().unwrap_or(Value::Null);
    let items = match value.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        Some(Value::Null) | None if item_kind.is_empty() => Vec::new(),
        _ => return Opened::Object(value),
    };
    if item_kind.is_empty() {
        return Opened::Items(items);
    }
    let name_kind = |mut item: Value| {
        if let Some(fields) = item.as_object_mut() {
            fields.entry("apiVersion").or_insert_with(|| api_version.clone());
            fields.entry("kind").or_insert_with(|| Value::String(item_kind.clone()));
        }
        item
    };
    Opened::Items(items.into_iter().map(name_kind).collect())
}

/// The object, the `apiVersion` it was written in, and its stored form.
pub(super) fn normalise(mut value: Value) -> Result<(ObjectName, String, Value), DocumentError> {
    drop_nulls(&mut value);
    let Value::Object(mut fields) = value else {
        return Err(broken("is not an object: it must have apiVersion, kind and metadata"));
    };
    let api_version = text_field(&fields, "apiVersion", "for example gateway.networking.k8s.io/v1")?.to_owned();
    let kind_name = text_field(&fields, "kind", "for example HTTPRoute")?.to_owned();
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let Some(kind) = Kind::find(group, &kind_name) else {
        return Err(DocumentError::Ignore(format!(
            "{kind_name} of {api_version} is ignored: Deltagate does not read this kind"
        )));
    };
    let version = stored_version(kind, version).ok_or_else(|| {
        let known = versions(kind).join(" or ");
        broken(&format!("{kind_name}: the version {version} of this kind is not known: write it as {known}"))
    })?;
    let stored = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    fields.insert("apiVersion".to_owned(), Value::String(stored));
    let object = normalise_metadata(kind, &mut fields)?;
    match kind {
        Kind::Secret => fold_string_data(&object, &mut fields)?,
        Kind::Namespace => label_namespace(&object, &mut fields),
        _ => {}
    }
    Ok((object, api_version, Value::Object(fields)))
}

fn broken(reason: &str) -> DocumentError {
    DocumentError::Broken(reason.to_owned())
}

/// Served versions, the one that is stored first.
const fn versions(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Gateway | Kind::GatewayClass | Kind::HttpRoute | Kind::GrpcRoute | Kind::ReferenceGrant => {
            &["v1", "v1beta1"]
        }
        Kind::TcpRoute => &["v1", "v1alpha2"],
        Kind::TlsRoute => &["v1", "v1alpha2", "v1alpha3"],
        Kind::ListenerSet | Kind::Namespace | Kind::Secret | Kind::Service => &["v1"],
        _ => &["v1alpha1"],
    }
}

/// v1beta1 objects have the schema of v1 and are taken as such; alpha versions have one of their own and stay.
fn stored_version(kind: Kind, version: &str) -> Option<&'static str> {
    let known = versions(kind).iter().copied().find(|known| *known == version)?;
    Some(if known == "v1beta1" { "v1" } else { known })
}

fn text_field<'a>(fields: &'a Map<String, Value>, name: &str, example: &str) -> Result<&'a str, DocumentError> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(Value::String(_)) | None => Err(broken(&format!("has no {name}: add it, {example}"))),
        Some(_) => Err(broken(&format!("{name} is not text: write {example}"))),
    }
}

/// Optional fields that are null are absent.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn normalise_metadata(kind: Kind, fields: &mut Map<String, Value>) -> Result<ObjectName, DocumentError> {
    let metadata = match fields.get_mut("metadata") {
        Some(Value::Object(metadata)) => metadata,
        Some(_) => return Err(broken(&format!("{kind}: metadata is not an object: it must hold the name"))),
        None => return Err(broken(&format!("{kind} has no metadata: add metadata.name"))),
    };
    let name = match metadata.get("name") {
        Some(Value::String(name)) => name.clone(),
        Some(_) => return Err(broken(&format!("{kind}: metadata.name is not text: quote it"))),
        None => return Err(broken(&format!("{kind} has no metadata.name: add it"))),
    };
    check_name(kind, &name)?;
    if kind.namespaced() {
        let namespace = metadata.entry("namespace").or_insert_with(|| json!("default"));
        if namespace == "" {
            *namespace = json!("default");
        }
        let Some(namespace) = namespace.as_str() else {
            return Err(broken(&format!("{kind}/{name}: metadata.namespace is not text: quote it")));
        };
        check_label(namespace)
            .map_err(|why| broken(&format!("{kind}/{name}: the namespace {} {why}", shortened(namespace))))?;
    } else {
        metadata.remove("namespace");
    }
    metadata.entry("generation").or_insert(json!(1));
    let namespace = metadata.get("namespace").and_then(Value::as_str).unwrap_or_default();
    Ok(ObjectName::new(kind, namespace, &name))
}

fn check_name(kind: Kind, name: &str) -> Result<(), DocumentError> {
    let checked = match kind {
        Kind::Namespace | Kind::Service => check_label(name),
        _ => check_subdomain(name),
    };
    checked.map_err(|why| broken(&format!("{kind}: the name {} {why}", shortened(name))))
}

const SUBDOMAIN_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

fn check_subdomain(name: &str) -> Result<(), String> {
    if name.len() > SUBDOMAIN_BYTES_MAX {
        return Err(format!("has {} characters: shorten it to at most {SUBDOMAIN_BYTES_MAX}", name.len()));
    }
    if name.split('.').all(is_label) { Ok(()) } else { Err(format!("{CHARACTERS} (dots may separate parts)")) }
}

fn check_label(name: &str) -> Result<(), String> {
    if name.len() > LABEL_BYTES_MAX {
        return Err(format!("has {} characters: shorten it to at most {LABEL_BYTES_MAX}", name.len()));
    }
    if is_label(name) { Ok(()) } else { Err(CHARACTERS.to_owned()) }
}

const CHARACTERS: &str =
    "is not valid: use lower-case letters, digits and '-', and begin and end with a letter or digit";

fn is_label(part: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !part.is_empty() && part.bytes().all(inner) && !part.starts_with('-') && !part.ends_with('-')
}

/// Characters of a wrong name that a message quotes.
const QUOTED_MAX: usize = 60;

fn shortened(name: &str) -> String {
    let head: String = name.chars().take(QUOTED_MAX).collect();
    if head.len() < name.len() { format!("{head:?}…") } else { format!("{head:?}") }
}

fn fold_string_data(object: &ObjectName, fields: &mut Map<String, Value>) -> Result<(), DocumentError> {
    let Some(strings) = fields.remove("stringData") else { return Ok(()) };
    let wrong = |what: &str| broken(&format!("{object}: {what}"));
    let Value::Object(strings) = strings else {
        return Err(wrong("stringData is not an object: it must map names to texts"));
    };
    let data = fields.entry("data").or_insert_with(|| json!({}));
    let Some(data) = data.as_object_mut() else {
        return Err(wrong("data is not an object: it must map names to base64 text"));
    };
    for (name, text) in strings {
        let Value::String(text) = text else {
            return Err(wrong(&format!("stringData.{name} is not text: quote it")));
        };
        data.insert(name, json!(ByteString(text.into_bytes())));
    }
    Ok(())
}

/// The label that API servers give every Namespace.
fn label_namespace(object: &ObjectName, fields: &mut Map<String, Value>) {
    let labels = fields.get_mut("metadata").and_then(Value::as_object_mut).map(|metadata| {
        let labels = metadata.entry("labels").or_insert_with(|| json!({}));
        labels.as_object_mut()
    });
    if let Some(Some(labels)) = labels {
        labels.insert("kubernetes.io/metadata.name".to_owned(), json!(&*object.name));
    }
}
