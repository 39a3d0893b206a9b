use std::collections::BTreeMap;

use serde::Deserialize;

/// The label, and formerly annotation, that puts an object into a mesh.
const MESH: &str = "kuma.io/mesh";

/// `metadata`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// Name of the object.
    pub name: Option<&'a str>,
    /// Namespace of the object.
    pub namespace: Option<&'a str>,
    /// Identity of the object as long as it lives.
    pub uid: Option<&'a str>,
    /// Number of changes of the spec.
    pub generation: Option<i64>,
    /// When the object was made, by RFC 3339.
    pub creation_timestamp: Option<&'a str>,
    /// Since when the object is being deleted, by RFC 3339.
    pub deletion_timestamp: Option<&'a str>,
    /// Labels.
    #[serde(borrow)]
    pub labels: BTreeMap<&'a str, &'a str>,
    /// Annotations.
    #[serde(borrow)]
    pub annotations: BTreeMap<&'a str, &'a str>,
}

impl<'a> Metadata<'a> {
    /// The mesh that the object chooses: by label, else by annotation.
    pub fn mesh(&self) -> Option<&'a str> {
        let chosen = |from: &BTreeMap<&'a str, &'a str>| from.get(MESH).copied().filter(|mesh| !mesh.is_empty());
        chosen(&self.labels).or_else(|| chosen(&self.annotations))
    }
}
