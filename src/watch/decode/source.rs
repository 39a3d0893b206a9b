use std::collections::BTreeMap;

use dataflows::manifest;
use dataflows::model::{Fact, Key, Kind, ObjectName, Settings, Text, text};
use dataflows::rules::expressible::is_object_name;
use serde::Deserialize;
use serde_json::Value;

use super::error::{DecodeError, quote};
use crate::kubernetes::{self, Metadata};

/// The namespace of objects that name none.
const DEFAULT_NAMESPACE: &str = "default";

/// Longest name of a namespace.
const NAMESPACE_MAX: usize = 63;

/// An object that is being decoded: it has a kind that is known and a name that it can have.
pub(super) struct Source<'a> {
    pub(super) settings: &'a Settings,
    pub(super) object: &'a Value,
    pub(super) name: ObjectName,
    pub(super) metadata: Metadata<'a>,
}

impl<'a> Source<'a> {
    pub(super) fn open(settings: &'a Settings, object: &'a Value) -> Result<Self, DecodeError> {
        let name = name(object)?;
        let metadata = section(&name, object, "metadata")?;
        Ok(Self { settings, object, name, metadata })
    }

    pub(super) fn key(&self) -> Key {
        self.name.key()
    }

    /// Reads `spec`, `status` or another section of the object. One that is not there is empty.
    pub(super) fn section<T: Deserialize<'a>>(&self, field: &str) -> Result<T, DecodeError> {
        section(&self.name, self.object, field)
    }

    pub(super) fn invalid(
        &self,
        field: impl Into<String>,
        problem: impl Into<String>,
        cure: &'static str,
    ) -> DecodeError {
        DecodeError::InvalidField { object: self.name.clone(), field: field.into(), problem: problem.into(), cure }
    }

    /// A number as a port.
    pub(super) fn port(&self, field: impl FnOnce() -> String, port: i64) -> Result<u16, DecodeError> {
        match u16::try_from(port) {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(self.invalid(field(), format!("{port} is not a port"), "write a number from 1 to 65535")),
        }
    }

    /// The mesh that the object itself chooses.
    pub(super) fn mesh(&self) -> Option<Text> {
        self.metadata.mesh().map(text)
    }

    /// The row that moves with every edit of the spec.
    pub(super) fn generation(&self) -> Fact {
        let generation = self.metadata.generation.filter(|&generation| generation > 0);
        Fact::generation(&self.name, generation.unwrap_or(1))
    }

    /// When the object was made, in seconds since 1970; `None` in files that do not say it.
    pub(super) fn created(&self) -> Result<Option<i64>, DecodeError> {
        let Some(text) = self.metadata.creation_timestamp else { return Ok(None) };
        let Ok(time) = text.parse::<jiff::Timestamp>() else {
            let problem = format!("{:?} is not a time", quote(text));
            return Err(self.invalid("metadata.creationTimestamp", problem, "write it like 2026-01-31T12:00:00Z"));
        };
        Ok(Some(time.as_second()))
    }

    /// The namespace that a reference of the object leads to.
    pub(super) fn namespace(&self, written: Option<&str>) -> Text {
        let own = &self.name.namespace;
        let other = written.filter(|written| !written.is_empty() && **own != **written);
        other.map_or_else(|| own.clone(), text)
    }

    /// What an object of a generated kind shows.
    pub(super) fn observed(&self) -> Vec<Fact> {
        manifest::observe(self.settings, self.name.kind, self.object).map(Fact::observed).into_iter().collect()
    }

    /// What the status of an object shows of ours.
    pub(super) fn observed_status(&self) -> Vec<Fact> {
        manifest::observe_status(self.settings, self.name.kind, self.object).map(Fact::observed).into_iter().collect()
    }
}

/// A text that says something.
pub(super) fn present(written: Option<&str>) -> Option<Text> {
    written.filter(|written| !written.is_empty()).map(text)
}

/// A map of texts that outlives the object.
pub(super) fn texts(map: &BTreeMap<&str, &str>) -> BTreeMap<Text, Text> {
    map.iter().map(|(&key, &value)| (key.into(), value.into())).collect()
}

fn section<'a, T: Deserialize<'a>>(name: &ObjectName, object: &'a Value, field: &str) -> Result<T, DecodeError> {
    kubernetes::read(object.get(field).unwrap_or(&Value::Null)).map_err(|error| {
        let error = error.below(field);
        let cure = "write the field as the schema of its kind has it";
        DecodeError::InvalidField { object: name.clone(), field: error.path, problem: error.message, cure }
    })
}

fn name(object: &Value) -> Result<ObjectName, DecodeError> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let version = text("/apiVersion").ok_or(DecodeError::NotAnObject { problem: "it has no apiVersion" })?;
    let kind = text("/kind").ok_or(DecodeError::NotAnObject { problem: "it has no kind" })?;
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind =
        Kind::find(group, kind).ok_or_else(|| DecodeError::UnknownKind { group: quote(group), kind: quote(kind) })?;
    let name = text("/metadata/name").unwrap_or_default();
    let namespace = match text("/metadata/namespace") {
        _ if !kind.namespaced() => "",
        namespace => namespace.unwrap_or(DEFAULT_NAMESPACE),
    };
    let invalid = |field, problem| {
        Err(DecodeError::InvalidName { kind, namespace: quote(namespace), name: quote(name), field, problem })
    };
    if name.is_empty() {
        return invalid("metadata.name", "is missing");
    }
    if !is_object_name(name) {
        return invalid("metadata.name", "is not a DNS-1123 name of at most 253 characters");
    }
    if namespace.len() > NAMESPACE_MAX || !(namespace.is_empty() || is_object_name(namespace)) {
        return invalid("metadata.namespace", "is not a DNS-1123 name of at most 63 characters");
    }
    Ok(ObjectName::new(kind, namespace, name))
}
