//! What backendRefs lead to.

use crate::model::{
    BackendKind, BackendRef, Destination, DestinationPort, Kind, ParentKind, Ref, RefProblem, ResolvedBackend,
    RouteKind,
};
use crate::rules::names;

/// What became of a backendRef. Whether a ReferenceGrant permits one that leaves its namespace is not known yet.
pub fn resolve(backend: &Ref<BackendRef>, found: Option<&Destination>) -> ResolvedBackend {
    ResolvedBackend {
        backend: backend.clone(),
        problem: problem(backend, found),
        permitted: !backend.crosses_namespaces(),
        http: found.is_some_and(|destination| speaks_http(backend, destination)),
        mesh: found.and_then(|destination| destination.mesh.clone()),
        port: port(backend, found),
        service_tag: found.and_then(|destination| destination.service_tag.clone()),
        headless: found.is_some_and(|destination| destination.headless),
    }
}

/// What is wrong with a backendRef of a route in this mesh on this kind of parent. What is bound to another mesh does
/// not exist there.
///
/// Inside the mesh no grant is needed: <https://gateway-api.sigs.k8s.io/geps/gep-1294/>. But there a proxy leaves out of a
/// route of requests what it does not take for HTTP and sends the share elsewhere, which a gateway does not.
pub fn problem_in(resolved: &ResolvedBackend, mesh: &str, parent: ParentKind) -> Option<RefProblem> {
    let elsewhere = resolved.mesh.as_ref().is_some_and(|bound| **bound != *mesh);
    let problem = resolved.problem.or(elsewhere.then_some(RefProblem::NotFound));
    match parent {
        ParentKind::Gateway => permitted_problem(problem, resolved.permitted),
        ParentKind::Service | ParentKind::MeshService => {
            let not_http = !resolved.http && !is_of_connections(resolved.backend.route_kind);
            problem.or(not_http.then_some(RefProblem::NotHttp))
        }
    }
}

/// Whether the port that a backendRef means is one that Kuma takes for HTTP.
fn speaks_http(backend: &BackendRef, destination: &Destination) -> bool {
    let meant = port(backend, Some(destination));
    // An ExternalService has one port, whatever is asked for.
    let is_meant = |known: &DestinationPort| !has_ports(&backend.kind) || meant == Some(known.port);
    destination.ports.iter().any(|known| is_meant(known) && is_http(known))
}

/// Whether Kuma takes a port for HTTP. Ports that say nothing are TCP.
///
/// <https://kuma.io/docs/2.14.x/policies/protocol-support-in-kuma/>
pub fn is_http(port: &DestinationPort) -> bool {
    const HTTP: [&str; 5] = ["http", "http2", "grpc", "kubernetes.io/h2c", "kubernetes.io/ws"];
    port.app_protocol.as_ref().is_some_and(|protocol| HTTP.iter().any(|http| protocol.eq_ignore_ascii_case(http)))
}

/// The port that a backendRef means: the one it names, else the only one there is.
fn port(backend: &BackendRef, found: Option<&Destination>) -> Option<u16> {
    backend.port.or_else(|| match &*found?.ports {
        [only] if backend.kind != BackendKind::Service => Some(only.port),
        _ => None,
    })
}

/// What is wrong with a backendRef, if anything, provided that it is permitted.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref>
fn problem(backend: &BackendRef, found: Option<&Destination>) -> Option<RefProblem> {
    if !can_be_routed_to(backend) {
        return Some(RefProblem::InvalidKind);
    }
    if backend.kind == BackendKind::Service && backend.port.is_none() {
        return Some(RefProblem::NoPort);
    }
    let Some(destination) = found else {
        return Some(RefProblem::NotFound);
    };
    if destination.external_name {
        return Some(RefProblem::ExternalName);
    }
    if backend.kind == BackendKind::ExternalService && !can_be_named(destination) {
        return Some(RefProblem::ServiceTag);
    }
    // Kuma takes a reference without a port for a tag, so one that several ports could be meant by leads nowhere.
    if backend.kind != BackendKind::ExternalService && port(backend, found).is_none() {
        return Some(RefProblem::NoPort);
    }
    match backend.port {
        Some(port) if has_ports(&backend.kind) && !destination.ports.iter().any(|known| known.port == port) => {
            Some(RefProblem::PortNotFound)
        }
        _ => None,
    }
}

/// Whether a reference can name an ExternalService, which is known by its tag alone. Kuma takes more in a tag than in a
/// name, and refuses a whole route over one name that it does not take.
///
/// <https://kuma.io/docs/2.14.x/policies/external-services/>
fn can_be_named(destination: &Destination) -> bool {
    destination.service_tag.as_ref().is_some_and(|tag| names::is_target_name(tag))
}

/// What is wrong with a backendRef that leaves its namespace. Whether the object exists is not told where a grant is
/// missing.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant>
fn permitted_problem(problem: Option<RefProblem>, granted: bool) -> Option<RefProblem> {
    match problem {
        Some(RefProblem::InvalidKind) => problem,
        _ if !granted => Some(RefProblem::NotPermitted),
        _ => problem,
    }
}

/// Whether a backendRef can lead to destinations of its kind.
fn can_be_routed_to(backend: &BackendRef) -> bool {
    match backend.kind {
        BackendKind::Service | BackendKind::ExternalService => true,
        BackendKind::MeshService | BackendKind::MeshMultiZoneService | BackendKind::MeshExternalService => {
            can_be_real(backend)
        }
        BackendKind::Other(_) => false,
    }
}

/// Whether a backendRef can become a real reference, by name and namespace. A route of connections that held one which does
/// not resolve would freeze the whole gateway, so it never holds any, and of mirrors Kuma reads nothing but the tags.
pub fn can_be_real(backend: &BackendRef) -> bool {
    !is_of_connections(backend.route_kind) && !backend.is_mirror()
}

fn is_of_connections(route: Kind) -> bool {
    RouteKind::of(route).is_some_and(RouteKind::is_of_connections)
}

/// Whether the ports of a destination say which ports a reference can name. What a MeshExternalService matches is its one
/// port; an ExternalService is found by its tag, whatever port is named.
const fn has_ports(kind: &BackendKind) -> bool {
    matches!(
        kind,
        BackendKind::Service
            | BackendKind::MeshService
            | BackendKind::MeshMultiZoneService
            | BackendKind::MeshExternalService
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DestinationPort, Key};

    fn backend(kind: BackendKind, namespace: &str, port: Option<u16>) -> BackendRef {
        BackendRef {
            route: Key::of(Kind::HttpRoute, "shop", "web"),
            route_kind: Kind::HttpRoute,
            route_namespace: "shop".into(),
            rule: 0,
            slot: 0,
            kind,
            namespace: namespace.into(),
            name: "cart".into(),
            port,
            weight: 1,
        }
    }

    #[test]
    fn routes_of_connections_and_mirrors_lead_to_tags_only() {
        use BackendKind::{ExternalService, MeshExternalService, MeshMultiZoneService, MeshService, Service};
        for kind in [Service, ExternalService, MeshService, MeshMultiZoneService, MeshExternalService] {
            let tagged = matches!(kind, Service | ExternalService);
            for route in [Kind::HttpRoute, Kind::GrpcRoute, Kind::TcpRoute, Kind::TlsRoute] {
                let requests = matches!(route, Kind::HttpRoute | Kind::GrpcRoute);
                let backend = BackendRef { route_kind: route, ..backend(kind.clone(), "shop", None) };
                assert_eq!(can_be_routed_to(&backend), tagged || requests, "{route} to {kind:?}");
                let mirror = BackendRef { slot: BackendRef::MIRROR, ..backend };
                assert_eq!(can_be_routed_to(&mirror), tagged, "a mirror of a {route} to {kind:?}");
            }
        }
    }

    #[test]
    fn the_first_thing_wrong_is_told_and_existence_only_where_it_may_be() {
        let destination = Destination {
            kind: BackendKind::Service,
            namespace: "shop".into(),
            name: "cart".into(),
            ports: vec![DestinationPort { port: 80, name: None, app_protocol: None }].into(),
            headless: false,
            external_name: false,
            service_tag: None,
            mesh: None,
        };
        let other = BackendKind::find("apps", "Deployment");
        let table = [
            (backend(BackendKind::Service, "shop", Some(80)), false, true, None),
            (backend(BackendKind::Service, "shop", Some(81)), false, true, Some(RefProblem::PortNotFound)),
            (backend(BackendKind::Service, "shop", None), false, true, Some(RefProblem::NoPort)),
            (backend(BackendKind::Service, "shop", Some(80)), false, false, Some(RefProblem::NotFound)),
            (backend(BackendKind::Service, "db", Some(80)), false, true, Some(RefProblem::NotPermitted)),
            (backend(BackendKind::Service, "db", Some(80)), false, false, Some(RefProblem::NotPermitted)),
            (backend(BackendKind::Service, "db", Some(80)), true, true, None),
            (backend(BackendKind::Service, "db", Some(80)), true, false, Some(RefProblem::NotFound)),
            (backend(other.clone(), "shop", Some(80)), false, true, Some(RefProblem::InvalidKind)),
            (backend(other, "db", Some(80)), false, false, Some(RefProblem::InvalidKind)),
        ];
        for (backend, granted, exists, expected) in table {
            let found = exists.then_some(&destination);
            let mut resolved = resolve(&Ref::new(backend), found);
            resolved.permitted |= granted;
            assert_eq!(problem_in(&resolved, "default", ParentKind::Gateway), expected, "{resolved:?} {exists}");
        }
    }

    #[test]
    fn an_external_service_is_known_by_a_tag_that_can_be_named() {
        let mail = |tag: Option<&str>| Destination {
            kind: BackendKind::ExternalService,
            namespace: "".into(),
            name: "cart".into(),
            ports: Vec::new().into(),
            headless: false,
            external_name: false,
            service_tag: tag.map(Into::into),
            mesh: Some("default".into()),
        };
        let backend = Ref::new(backend(BackendKind::ExternalService, "", None));
        for (tag, expected) in [
            (Some("pay.v2_x-1"), None),
            (Some("Pay"), Some(RefProblem::ServiceTag)),
            (Some("pay:8080"), Some(RefProblem::ServiceTag)),
            (None, Some(RefProblem::ServiceTag)),
        ] {
            assert_eq!(resolve(&backend, Some(&mail(tag))).problem, expected, "{tag:?}");
        }
    }

    #[test]
    fn a_service_asks_for_http_and_for_no_grant() {
        let with = |app_protocol: Option<&str>| Destination {
            kind: BackendKind::Service,
            namespace: "db".into(),
            name: "cart".into(),
            ports: vec![DestinationPort { port: 80, name: None, app_protocol: app_protocol.map(Into::into) }].into(),
            headless: false,
            external_name: false,
            service_tag: None,
            mesh: None,
        };
        let table = [
            (80, Some(with(Some("http"))), None),
            (80, Some(with(Some("HTTP2"))), None),
            (80, Some(with(Some("kubernetes.io/ws"))), None),
            (80, Some(with(Some("tcp"))), Some(RefProblem::NotHttp)),
            (80, Some(with(None)), Some(RefProblem::NotHttp)),
            (81, Some(with(Some("http"))), Some(RefProblem::PortNotFound)),
            (80, None, Some(RefProblem::NotFound)),
        ];
        for (port, found, expected) in table {
            let resolved = resolve(&Ref::new(backend(BackendKind::Service, "db", Some(port))), found.as_ref());
            assert_eq!(problem_in(&resolved, "default", ParentKind::Service), expected, "{found:?}");
            assert_eq!(problem_in(&resolved, "default", ParentKind::Gateway), Some(RefProblem::NotPermitted));
        }
    }
}
