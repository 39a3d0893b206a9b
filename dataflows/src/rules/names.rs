//! Names of what is generated.

use crate::model::{BackendRef, Hostname, Key, Kind, ObjectName, Settings};

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

/// The tag that a backend would have which does not exist or may not be used. Its parts are whatever a user wrote, so
/// what Kuma would not take for a name becomes one that it takes.
pub fn unresolved_tag(backend: &BackendRef) -> String {
    let BackendRef { namespace, name, port, .. } = backend;
    let tag = port.map_or_else(|| format!("{name}_{namespace}_svc"), |port| service_tag(namespace, name, port));
    let taken = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    if tag.bytes().all(taken) { tag } else { UNRESOLVED.to_owned() }
}

/// The tag of a backend that was not even named.
pub const UNRESOLVED: &str = "deltagate-unresolved";

/// The name of the MeshHTTPRoute of a route on a listener.
pub fn mesh_http_route(namespace: &str, name: &str, route: Key, listener: Key) -> String {
    hashed(&format!("{name}-{namespace}"), route.pair(listener))
}

/// The name of the MeshTCPRoute of a route on a listener, for one hostname.
pub fn mesh_tcp_route(namespace: &str, name: &str, route: Key, listener: Key, hostname: Option<&Hostname>) -> String {
    let identity = route.pair(listener).part("hostname", &hostname.map(ToString::to_string).unwrap_or_default());
    hashed(&format!("{name}-{namespace}"), identity)
}

/// The name of the floor of a Gateway.
pub fn floor(namespace: &str, name: &str) -> String {
    hashed(&format!("{name}-{namespace}-floor"), Key::of(Kind::Gateway, namespace, name).part("floor", ""))
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
            valid(mesh_tcp_route(&namespace, name, route, Key::of(Kind::Gateway, "a", "b"), None));
            valid(floor(&namespace, name));
        }
        assert_eq!(mesh_gateway("infra", "edge"), "edge.infra");
        let listener = Key::of(Kind::Gateway, "infra", "edge").part("listener", "web");
        let name = |namespace: &str, name: &str| {
            mesh_http_route(namespace, name, Key::of(Kind::HttpRoute, namespace, name), listener)
        };
        assert_ne!(name("c", "a-b"), name("b-c", "a"));
        assert_ne!(name("c", "a-b"), name("c", "a"));
    }
}
