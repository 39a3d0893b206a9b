use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Text;

/// The labels of a namespace, for listeners that select namespaces by label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NamespaceLabels {
    /// All labels.
    pub labels: BTreeMap<Text, Text>,
}

/// The mesh that a namespace chooses for what is in it, by label or annotation. No row: no choice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeshChoice {
    /// Name of the mesh.
    pub mesh: Text,
}

/// A Mesh that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mesh {
    /// Name of the mesh.
    pub name: Text,
    /// `spec.meshServices.mode`
    pub mesh_services: MeshServices,
}

/// `spec.meshServices.mode` of a Mesh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the mode whose name it bears.
pub enum MeshServices {
    #[default]
    Disabled,
    Everywhere,
    ReachableBackends,
    Exclusive,
    /// A mode that is not known here: nobody can tell what its proxies understand.
    Unknown,
}
