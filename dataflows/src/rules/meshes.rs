//! Which mesh an object is in.

use crate::model::Text;

/// The mesh of an object for which none was chosen, neither by itself nor by its namespace.
pub const DEFAULT: &str = "default";

/// The mesh that an object has by the choice of its namespace; `None` if it has chosen one itself.
///
/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-api/#multi-mesh>
pub fn by_namespace<'a>(own: Option<&Text>, of_namespace: &'a Text) -> Option<&'a Text> {
    own.is_none().then_some(of_namespace)
}

/// The mesh of an object for which that one was chosen, if any was.
pub fn mesh_of(chosen: Option<&Text>) -> Text {
    chosen.cloned().unwrap_or_else(|| DEFAULT.into())
}

/// The name of the same.
pub fn name_of(chosen: Option<&Text>) -> &str {
    chosen.map_or(DEFAULT, |mesh| mesh)
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
        assert_eq!(by_namespace(Some(&own), &namespace), None);
        assert_eq!(by_namespace(None, &namespace), Some(&namespace));
        for (chosen, expected) in [(Some(&own), "a"), (None, "default")] {
            assert_eq!((&*mesh_of(chosen), name_of(chosen)), (expected, expected));
        }
    }

    #[test]
    fn mesh_names() {
        assert!(is_mesh_name("mesh-1"));
        for bad in ["", "Mesh", "a b", &"m".repeat(64)] {
            assert!(!is_mesh_name(bad), "{bad}");
        }
    }
}
