use std::fmt;

use dataflows::model::{Kind, ObjectName};
use serde_json::{Value, json};

/// Kind, namespace and name of an object, of whatever kind. Printed `Kind/namespace/name` or `Kind/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId {
    /// Kind.
    pub kind: String,
    /// Namespace, empty for cluster-scoped kinds.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectId {
    /// Reads the id of an object, giving it the namespace `default` if it has none but needs one.
    pub(super) fn claim(object: &mut Value) -> Result<Self, String> {
        let id = Self::of(object)?;
        if !id.namespace.is_empty() {
            object["metadata"]["namespace"] = json!(id.namespace);
        }
        Ok(id)
    }

    /// The id of an object.
    pub fn of(object: &Value) -> Result<Self, String> {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let (Some(kind), Some(name)) = (text("/kind"), text("/metadata/name")) else {
            return Err(format!("this object has no kind or no name: {object}"));
        };
        let namespaced = known(kind).is_none_or(Kind::namespaced);
        let namespace = if namespaced { text("/metadata/namespace").unwrap_or("default") } else { "" };
        Ok(Self { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The kind, if it is one that the controller reads or writes.
    pub fn known(&self) -> Option<Kind> {
        known(&self.kind)
    }
}

fn known(kind: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|known| known.name() == kind)
}

impl From<&ObjectName> for ObjectId {
    fn from(object: &ObjectName) -> Self {
        let (namespace, name) = (object.namespace.to_string(), object.name.to_string());
        Self { kind: object.kind.name().to_owned(), namespace, name }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind, self.name)
        } else {
            write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}
