//! Which mesh an object is in.

use crate::model::Text;

/// The mesh of an object: its own choice, else that of its namespace, else `default`.
///
/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-api/#multi-mesh>
pub fn mesh_of(own: Option<&Text>, namespace: Option<&Text>) -> Text {
    own.or(namespace).cloned().unwrap_or_else(|| "default".into())
}

/// The mesh of an object for which that mesh was chosen, if any was.
pub fn name_of(chosen: Option<&Text>) -> &str {
    chosen.map_or("default", |mesh| mesh)
}

/// Whether a Mesh can have this name: it has to fit a label value as well.
pub fn is_mesh_name(name: &str) -> bool {
    name.len() <= 63 && super::hostname::is_dns_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_choice_counts() {
        let (own, namespace): (Text, Text) = ("a".into(), "b".into());
        assert_eq!(&*mesh_of(Some(&own), Some(&namespace)), "a");
        assert_eq!(&*mesh_of(None, Some(&namespace)), "b");
        assert_eq!(&*mesh_of(None, None), "default");
    }

    #[test]
    fn mesh_names() {
        assert!(is_mesh_name("mesh-1"));
        for bad in ["", "Mesh", "a b", &"m".repeat(64)] {
            assert!(!is_mesh_name(bad), "{bad}");
        }
    }
}
