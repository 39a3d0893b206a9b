use serde::{Deserialize, Serialize};

use super::{Group, Key, Kind, Text};

/// What is known of the CustomResourceDefinitions of Gateway API. Those of other groups have no row. Keyed by the group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CrdVersion {
    /// The definition of one kind.
    Of {
        /// Name of the definition.
        name: Text,
        /// The version of Gateway API that it is from, if it says so.
        bundle: Option<Text>,
    },
    /// Definitions may not be read.
    Unreadable,
}

impl CrdVersion {
    /// The key of all of them.
    pub fn group_key() -> Key {
        Key::of(Kind::CustomResourceDefinition, "", Group::Gateway.name())
    }
}

/// What the definitions of Gateway API say together. Keyed by the class that has to tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bundle {
    /// The definitions that are of a version that is not known, or of none, by name; with that version.
    pub unknown: Vec<(Text, Option<Text>)>,
    /// Definitions may not be read, so that nothing is known of them.
    pub unreadable: bool,
}
