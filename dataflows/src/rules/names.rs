//! Names of what is generated.

use crate::model::{
    AttachPoint, BackendRef, Hostname, Key, Kind, Listener, ObjectName, ServicePort, Serving, Settings,
};

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
    any_port_service_tag(namespace, name)
}

/// The `kuma.io/service` tag of a port of a Service.
pub fn service_tag(namespace: &str, name: &str, port: u16) -> String {
    tag_of_port(&any_port_service_tag(namespace, name), port)
}

/// What the `kuma.io/service` tags of all ports of a Service begin with.
pub fn any_port_service_tag(namespace: &str, name: &str) -> String {
    format!("{name}_{namespace}_svc")
}

/// The tag of one port from what the tags of all ports begin with.
pub fn tag_of_port(any_port: &str, port: u16) -> String {
    format!("{any_port}_{port}")
}

/// The name of a listener among all of its MeshGateway: its own, or for an entry of a ListenerSet also those of the
/// ListenerSet and its namespace, which hold no underscore.
pub fn listener_tag(listener: &Listener) -> String {
    let Listener { set, namespace, name, .. } = listener;
    set.as_ref().map_or_else(|| name.to_string(), |set| format!("{namespace}_{set}_{name}"))
}

/// The name of the MeshHTTPRoute or MeshTCPRoute of a route on a Service.
///
/// Where two routes match the same, sidecars let the smaller name win, so names are in the order in which objects
/// outrank each other: what a consumer asks for itself before what comes with the Service, and routes before floors.
pub fn service_route(namespace: &str, name: &str, route: Key, service: Key, consumer: bool) -> String {
    hashed(&format!("{}-route-{name}-{namespace}", side(consumer)), route.pair(service))
}

/// The name of the floor of a port of a Service.
pub fn service_floor(port: &ServicePort, point: Key) -> String {
    let ServicePort { service, port: number, consumer, .. } = port;
    let readable = format!("{}-unmatched-{}-{}-{number}", side(consumer.is_some()), service.name, service.namespace);
    hashed(&readable, point.part("floor", ""))
}

const fn side(consumer: bool) -> &'static str {
    if consumer { "consumer" } else { "producer" }
}

/// The tag that a backend would have which does not exist or may not be used. Its parts are whatever a user wrote, so
/// what Kuma would not take for a name becomes one that it takes.
pub fn unresolved_tag(backend: &BackendRef) -> String {
    let BackendRef { namespace, name, port, .. } = backend;
    let tag = port.map_or_else(|| any_port_service_tag(namespace, name), |port| service_tag(namespace, name, port));
    if is_target_name(&tag) { tag } else { UNRESOLVED.to_owned() }
}

/// Whether Kuma takes a text for the name in a `targetRef`.
///
/// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/core/resources/apis/mesh/validators.go>
pub fn is_target_name(text: &str) -> bool {
    let taken = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    !text.is_empty() && text.bytes().all(taken)
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
        settings.system_object(Kind::MeshHttpRoute, &floor(namespace, name)),
    ]
}

/// The object that a route of requests becomes on a listener, or a route of any kind on the whole Service.
pub fn route_object(settings: &Settings, serving: &Serving) -> ObjectName {
    let (namespace, name) = (&serving.age.namespace, &serving.age.name);
    let made = match serving.point.service_port() {
        None => mesh_http_route(namespace, name, serving.route, serving.point.key),
        Some(port) => service_route(namespace, name, serving.route, serving.point.parent, port.consumer.is_some()),
    };
    let kind = if serving.route_kind.is_of_connections() { Kind::MeshTcpRoute } else { Kind::MeshHttpRoute };
    settings.system_object(kind, &made)
}

/// The object of a route of connections on a listener, for one hostname.
pub fn connection_route_object(settings: &Settings, serving: &Serving, hostname: Option<&Hostname>) -> ObjectName {
    let (namespace, name) = (&serving.age.namespace, &serving.age.name);
    let made = mesh_tcp_route(namespace, name, serving.route, serving.point.key, hostname);
    settings.system_object(Kind::MeshTcpRoute, &made)
}

/// The floor of a port of a Service; `None` for a listener.
pub fn service_floor_object(settings: &Settings, point: &AttachPoint) -> Option<ObjectName> {
    let name = service_floor(point.service_port()?, point.key);
    Some(settings.system_object(Kind::MeshHttpRoute, &name))
}

/// A readable prefix and sixteen digits of the hash of the full identity, valid by DNS-1123.
fn hashed(readable: &str, identity: Key) -> String {
    let mut end = readable.len().min(PREFIX_LENGTH_MAX);
    while !readable.is_char_boundary(end) {
        end -= 1;
    }
    let prefix = readable[..end].trim_end_matches(['-', '.']);
    format!("{prefix}-{}", identity.short_of_part())
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
    fn the_owner_label_tells_owners_and_controllers_apart() {
        let settings = Settings::default();
        let other = Settings { controller_name: "example.com/other".into(), ..settings.clone() };
        let owner = |kind, namespace: &str, name: &str| ObjectName::new(kind, namespace, name);
        let labels = [
            owner_label(&settings, &owner(Kind::Gateway, "a", "bc")),
            owner_label(&settings, &owner(Kind::Gateway, "ab", "c")),
            owner_label(&settings, &owner(Kind::Gateway, "a-b", "c")),
            owner_label(&settings, &owner(Kind::Gateway, "a", "b-c")),
            owner_label(&settings, &owner(Kind::HttpRoute, "a", "bc")),
            owner_label(&other, &owner(Kind::Gateway, "a", "bc")),
        ];
        let distinct: std::collections::BTreeSet<_> = labels.iter().collect();
        assert_eq!(distinct.len(), labels.len(), "{labels:?}");
        assert!(labels.iter().all(|label| label.len() <= 63), "it is the value of a label");
    }

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
            valid(mesh_tcp_route(&namespace, name, route, Key::of(Kind::Gateway, "a", "b"), None));
            valid(floor(&namespace, name));
            for consumer in [false, true] {
                let port = ServicePort {
                    service: ObjectName::new(Kind::Service, &namespace, name),
                    port: 65535,
                    section: "http".into(),
                    tag: None,
                    consumer: consumer.then(|| "team".into()),
                };
                valid(service_route(&namespace, name, route, route, consumer));
                valid(service_floor(&port, route));
            }
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

    #[test]
    fn names_on_services_are_in_the_order_in_which_objects_outrank_each_other() {
        let key = Key::of(Kind::HttpRoute, "z", "z");
        let floor = |consumer: Option<&str>| {
            let service = ObjectName::new(Kind::Service, "a", "a");
            let port =
                ServicePort { service, port: 1, section: "a".into(), tag: None, consumer: consumer.map(Into::into) };
            service_floor(&port, key)
        };
        let names = [
            service_route("zz", "zz", key, key, true),
            floor(Some("team")),
            service_route("zz", "zz", key, key, false),
            floor(None),
        ];
        assert!(names.is_sorted(), "{names:?}");
    }
}
