use dataflows::model::{Kind, ObjectName};
use thiserror::Error;

/// Why an object has no facts, named for what the reader of it does next.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// It is no Kubernetes object at all. Tell whoever wrote it.
    #[error("this is not a Kubernetes object: {problem}; give it an apiVersion, a kind and a metadata.name")]
    NotAnObject {
        /// What is missing.
        problem: &'static str,
    },
    /// A kind that is not read. Leave it alone.
    #[error("{kind} of {} is not a kind that is read here", group_text(.group))]
    UnknownKind {
        /// API group.
        group: String,
        /// Kind.
        kind: String,
    },
    /// A name that no object in a cluster can have. Tell whoever wrote it.
    #[error("{kind} {namespace:?}/{name:?}: {field} {problem}; use lower-case letters, digits, dashes and dots")]
    InvalidName {
        /// Kind.
        kind: Kind,
        /// Namespace, cut short if it is very long.
        namespace: String,
        /// Name, cut short if it is very long.
        name: String,
        /// The field that is wrong: `metadata.name` or `metadata.namespace`.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A field that no API server with the schemas of the kind would have let pass. The object is known by name, so
    /// what it asserted before can be kept or dropped.
    #[error("{object}: {field}: {problem}; {cure}")]
    InvalidField {
        /// The object.
        object: ObjectName,
        /// The field, as a path from the top of the object.
        field: String,
        /// What is wrong with it.
        problem: String,
        /// What to write instead.
        cure: &'static str,
    },
}

fn group_text(group: &str) -> &str {
    if group.is_empty() { "the core group" } else { group }
}

impl DecodeError {
    /// The object, as far as it is known which one it is.
    pub const fn object(&self) -> Option<&ObjectName> {
        match self {
            Self::InvalidField { object, .. } => Some(object),
            Self::NotAnObject { .. } | Self::UnknownKind { .. } | Self::InvalidName { .. } => None,
        }
    }
}

/// Longest text of a user's that a message quotes.
const QUOTE_MAX: usize = 100;

/// A text of a user's, short enough for a message.
pub(super) fn quote(text: &str) -> String {
    text.chars().take(QUOTE_MAX).collect()
}
