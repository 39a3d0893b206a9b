//! Names of what is generated.

use crate::model::{Key, Kind, ObjectName, Settings};

/// Length of the longest object name.
const NAME_LENGTH_MAX: usize = 253;
/// Length of the readable part of a name that bears a hash: `-` and sixteen digits follow it.
const PREFIX_LENGTH_MAX: usize = NAME_LENGTH_MAX - 17;

/// The name of the MeshGateway of a Gateway. Policies of users refer to it, so it is `<gateway>.<namespace>` wherever
/// that is a name.
pub fn mesh_gateway(namespace: &str, name: &str) -> String {
    let plain = format!("{name}.{namespace}");
    if plain.len() <= NAME_LENGTH_MAX { plain } else { hashed(&plain, Key::of(Kind::Gateway, namespace, name)) }
}

/// The `kuma.io/service` tag of the pods of a Gateway.
///
/// Kuma makes it from the name of the MeshGatewayInstance, which is that of the Gateway.
pub fn gateway_service_tag(namespace: &str, name: &str) -> String {
    format!("{name}_{namespace}_svc")
}

/// The `kuma.io/service` tag of a port of a Service.
pub fn service_tag(namespace: &str, name: &str, port: u16) -> String {
    format!("{name}_{namespace}_svc_{port}")
}

/// The name of the MeshHTTPRoute of a route on a listener.
pub fn mesh_http_route(namespace: &str, name: &str, route: Key, listener: Key) -> String {
    hashed(&format!("{name}-{namespace}"), route.pair(listener))
}

/// The name of the floor of a Gateway.
pub fn floor(namespace: &str, name: &str) -> String {
    hashed(&format!("{name}-{namespace}-floor"), Key::of(Kind::Gateway, namespace, name).part("floor", ""))
}

/// The name of the copy of a Secret in a mesh. An object cannot move to another mesh, so each mesh has a copy of its
/// own; and so has each controller, for else one would take away what another still needs.
pub fn secret_copy(settings: &Settings, mesh: &str, namespace: &str, name: &str) -> String {
    let identity =
        Key::hash(&[settings.controller_name.as_bytes(), mesh.as_bytes(), namespace.as_bytes(), name.as_bytes()]);
    hashed(&format!("{name}-{namespace}-{mesh}"), identity)
}

/// The objects that belong to a Gateway alone: its MeshGateway, its MeshGatewayInstance and its floor.
pub fn gateway_objects(settings: &Settings, namespace: &str, name: &str) -> [ObjectName; 3] {
    [
        ObjectName::new(Kind::MeshGateway, "", &mesh_gateway(namespace, name)),
        ObjectName::new(Kind::MeshGatewayInstance, namespace, name),
        ObjectName::new(Kind::MeshHttpRoute, &settings.system_namespace, &floor(namespace, name)),
    ]
}

/// A readable prefix and sixteen digits of the hash of the full identity, valid by DNS-1123.
fn hashed(readable: &str, identity: Key) -> String {
    let mut end = readable.len().min(PREFIX_LENGTH_MAX);
    while !readable.is_char_boundary(end) {
        end -= 1;
    }
    let prefix = readable[..end].trim_end_matches(['-', '.']);
    format!("{prefix}-{}", identity.short())
}

/// The value of the owner label: a hash over controller and owner, so that no other controller's object is taken for
/// ours, and no owner for another.
pub fn owner_label(settings: &Settings, owner: &ObjectName) -> String {
    let key = Key::hash(&[
        settings.controller_name.as_bytes(),
        owner.kind.name().as_bytes(),
        owner.namespace.as_bytes(),
        owner.name.as_bytes(),
    ]);
    key.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hostname::is_dns_name;

    #[test]
    fn names_are_valid_and_distinct_however_long_their_parts_are() {
        let settings = Settings::default();
        let long = ["a-"; 120].concat() + "x";
        let dotted = ["a."; 120].concat() + "x";
        let namespace = "n".repeat(63);
        for name in ["web", &*long, &*dotted] {
            let valid = |made: String| {
                assert!(made.len() <= 253 && !made.contains("..") && !made.contains("-."), "{made}");
                assert!(made.split('.').all(|label| is_dns_name(label) || label.len() > 63), "{made}");
            };
            let route = Key::of(Kind::HttpRoute, &namespace, name);
            valid(mesh_gateway(&namespace, name));
            valid(mesh_http_route(&namespace, name, route, Key::of(Kind::Gateway, "a", "b")));
            valid(floor(&namespace, name));
            valid(secret_copy(&settings, "default", &namespace, name));
        }
        assert_eq!(mesh_gateway("infra", "edge"), "edge.infra");
        let listener = Key::of(Kind::Gateway, "infra", "edge").part("listener", "web");
        let name = |namespace: &str, name: &str| {
            mesh_http_route(namespace, name, Key::of(Kind::HttpRoute, namespace, name), listener)
        };
        assert_ne!(name("c", "a-b"), name("b-c", "a"));
        assert_ne!(name("c", "a-b"), name("c", "a"));
        let copy = |mesh: &str, namespace: &str, name: &str| secret_copy(&settings, mesh, namespace, name);
        assert_ne!(copy("m", "a-b", "c"), copy("m", "a", "b-c"));
        assert_ne!(copy("m", "a", "b"), copy("n", "a", "b"));
    }
}
