//! What backendRefs lead to.

use crate::model::{BackendKind, BackendRef, Destination, Ref, RefProblem, ResolvedBackend};

/// What became of a backendRef, provided that it is permitted.
pub fn resolve(backend: &Ref<BackendRef>, found: Option<&Destination>) -> ResolvedBackend {
    ResolvedBackend {
        backend: backend.clone(),
        problem: problem(backend, found),
        mesh: found.and_then(|destination| destination.mesh.clone()),
        port: port(backend, found),
        service_tag: found.and_then(|destination| destination.service_tag.clone()),
        headless: found.is_some_and(|destination| destination.headless),
    }
}

/// What is wrong with a backendRef of a route in this mesh. What is bound to another mesh does not exist there.
pub fn problem_in(resolved: &ResolvedBackend, mesh: &str) -> Option<RefProblem> {
    let elsewhere = resolved.mesh.as_ref().is_some_and(|bound| **bound != *mesh);
    resolved.problem.or(elsewhere.then_some(RefProblem::NotFound))
}

/// The port that a backendRef means: the one it names, else the only one there is.
fn port(backend: &BackendRef, found: Option<&Destination>) -> Option<u16> {
    backend.port.or_else(|| match found?.ports.as_slice() {
        [only] if backend.kind != BackendKind::Service => Some(only.port),
        _ => None,
    })
}

/// What is wrong with a backendRef, if anything, provided that it is permitted.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref>
pub fn problem(backend: &BackendRef, found: Option<&Destination>) -> Option<RefProblem> {
    if matches!(backend.kind, BackendKind::Other { .. }) {
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

/// What is wrong with a backendRef that leaves its namespace. Whether the object exists is not told where a grant is
/// missing.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant>
pub fn permitted_problem(problem: Option<RefProblem>, granted: bool) -> Option<RefProblem> {
    match problem {
        Some(RefProblem::InvalidKind) => problem,
        _ if !granted => Some(RefProblem::NotPermitted),
        _ => problem,
    }
}

/// Whether the ports of a destination say which ports a reference can name.
const fn has_ports(kind: &BackendKind) -> bool {
    matches!(kind, BackendKind::Service | BackendKind::MeshService | BackendKind::MeshMultiZoneService)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DestinationPort, Key, Kind};

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
    fn the_first_thing_wrong_is_told_and_existence_only_where_it_may_be() {
        let destination = Destination {
            kind: BackendKind::Service,
            namespace: "shop".into(),
            name: "cart".into(),
            ports: vec![DestinationPort { port: 80, name: None, app_protocol: None }],
            headless: false,
            external_name: false,
            service_tag: None,
            mesh: None,
        };
        let other = BackendKind::Other { group: "apps".into(), kind: "Deployment".into() };
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
            let mut shown = problem(&backend, found);
            if backend.crosses_namespaces() {
                shown = permitted_problem(shown, granted);
            }
            assert_eq!(shown, expected, "{backend:?} {granted} {exists}");
        }
    }
}
