use serde::{Deserialize, Serialize};

use super::{Key, Text};

/// One `from` entry of a ReferenceGrant combined with one of its `to` entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// Group of the objects that may refer.
    pub from_group: Text,
    /// Kind of the objects that may refer.
    pub from_kind: Text,
    /// Namespace of the objects that may refer.
    pub from_namespace: Text,
    /// Group of what may be referred to.
    pub to_group: Text,
    /// Kind of what may be referred to.
    pub to_kind: Text,
    /// Namespace of what may be referred to: the grant's own.
    pub to_namespace: Text,
    /// Name of what may be referred to; `None` is any.
    pub to_name: Option<Text>,
}

impl Grant {
    /// The key that a grant and the references it permits have in common.
    pub fn edge(&self) -> Key {
        let any = [
            self.from_group.as_bytes(),
            self.from_kind.as_bytes(),
            self.from_namespace.as_bytes(),
            self.to_group.as_bytes(),
            self.to_kind.as_bytes(),
            self.to_namespace.as_bytes(),
        ];
        match &self.to_name {
            None => Key::hash(&any),
            Some(name) => Key::hash(&[any.as_slice(), &[name.as_bytes()]].concat()),
        }
    }
}

/// A reference across namespaces that some ReferenceGrant permits. Keyed by the reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GrantedReference {}
