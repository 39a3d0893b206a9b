use serde::{Deserialize, Serialize};

use super::{Group, Key, Kind, Text};

/// The CustomResourceDefinition of a kind of Gateway API. Those of other groups have no row. Keyed by the group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CrdVersion {
    /// Name of the definition.
    pub name: Text,
    /// The version of Gateway API that it is from, if it says so.
    pub bundle: Option<Text>,
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
}
