//! Which ports of a Service or MeshService take a route.

use std::sync::Arc;

use crate::model::{
    AttachPoint, Attachment, AttachmentOutcome, BackendKind, ControlPlaneMode, Destination, DestinationPort,
    JudgedServiceParent, Key, Kind, Mesh, MeshServices, ObjectName, ParentKind, ParentProblem, ParentRef,
    ParentVerdict, Place, Ref, RouteKind, ServiceParent, ServicePort, Settings, Text,
};
use crate::rules::{backends, meshes, names};

/// Whether a parentRef is for a Service to judge.
pub fn is_asked(parent: &ParentRef) -> bool {
    parent.parent_kind != ParentKind::Gateway
}

/// What became of a parentRef to a Service or MeshService. `mesh` is that of the route, if it exists.
///
/// A Service as a parent is its frontend: what clients in the mesh send to it. Hostnames of the route mean nothing there,
/// and no ReferenceGrant is asked for: <https://gateway-api.sigs.k8s.io/geps/gep-1294/>.
pub fn judge(settings: &Settings, asked: &ServiceParent, mesh: Option<&Mesh>) -> JudgedServiceParent {
    let parent = &asked.parent;
    let numbers = |ports: &[&DestinationPort]| ports.iter().map(|port| port.port).collect();
    let (problem, service, asked) = match ports(settings, asked, mesh) {
        Err(problem) => (Some(problem), None, Vec::new()),
        Ok((service, ports)) => (None, Some(service), ports),
    };
    let of_connections = parent.route_kind.is_of_connections();
    let (taken, other): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|port| of_connections || backends::is_http(port));
    let mode = mesh.map(|mesh| mesh.mesh_services).unwrap_or_default();
    let point = |port: &&DestinationPort| Some(point(parent, service?, port, mode).into());
    let points = taken.iter().filter_map(point).collect();
    let verdict = ParentVerdict { parent: parent.clone(), problem, ports: numbers(&taken), not_http: numbers(&other) };
    JudgedServiceParent { verdict: verdict.into(), points }
}

/// The ports that a parentRef asks for, or why it gets none.
///
/// Headless Services should not be parents: <https://gateway-api.sigs.k8s.io/geps/gep-1294/>. Kuma has no outbound for
/// one that a route could act upon.
fn ports<'a>(
    settings: &Settings,
    asked: &'a ServiceParent,
    mesh: Option<&Mesh>,
) -> Result<(&'a Destination, Vec<&'a DestinationPort>), ParentProblem> {
    let parent = &asked.parent;
    if settings.mode == ControlPlaneMode::Global {
        return Err(ParentProblem::GlobalControlPlane);
    }
    if mesh.is_none_or(|mesh| !meshes::is_mesh_name(&mesh.name)) {
        return Err(ParentProblem::NoMesh);
    }
    if mesh.is_some_and(|mesh| mesh.mesh_services == MeshServices::Unknown) {
        return Err(ParentProblem::UnknownMeshMode);
    }
    let service = asked.service.as_ref().ok_or(ParentProblem::NoSuchService)?;
    if service.external_name {
        return Err(ParentProblem::ExternalNameService);
    }
    if service.headless {
        return Err(ParentProblem::HeadlessService);
    }
    let of_route = meshes::mesh_of(parent.mesh.as_ref());
    if let Some(mesh) = service.mesh.as_ref().filter(|mesh| **mesh != of_route) {
        return Err(ParentProblem::other_mesh(of_route, mesh.clone()));
    }
    let found: Vec<_> = service.ports.iter().filter(|port| asks_for(parent, port)).collect();
    // Kuma makes a MeshService before it knows its ports.
    let unfinished = service.kind == BackendKind::MeshService && service.ports.is_empty() && asks_for_all(parent);
    if found.is_empty() && !unfinished {
        return Err(ParentProblem::NoMatchingParent);
    }
    // A sidecar does not look at the server name of a connection, and to serve one name as all would be wrong.
    if parent.route_kind == RouteKind::Tls && !parent.hostnames.is_empty() {
        return Err(ParentProblem::HostnamesOnService);
    }
    if !parent.expressible {
        return Err(ParentProblem::NoRuleLeft);
    }
    Ok((service, found))
}

fn asks_for_all(parent: &ParentRef) -> bool {
    parent.reference.port.is_none() && parent.reference.section_name.is_none()
}

/// Port and sectionName must both agree, where they are given.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#parentreference> (`sectionName` of a Service)
fn asks_for(parent: &ParentRef, port: &DestinationPort) -> bool {
    let reference = &parent.reference;
    reference.port.is_none_or(|asked| asked == port.port)
        && reference.section_name.as_ref().is_none_or(|asked| *asked == section(port))
}

/// The name of a port on a MeshService, which has one for each.
///
/// <https://kuma.io/docs/2.14.x/networking/meshservice/>
fn section(port: &DestinationPort) -> Text {
    port.name.clone().unwrap_or_else(|| port.port.to_string().into())
}

/// A port under the routes of one namespace in one mesh. Its key is made of all that it is, so that routes with one key
/// mean the same by it.
fn point(parent: &ParentRef, service: &Destination, port: &DestinationPort, mode: MeshServices) -> AttachPoint {
    let mesh = meshes::mesh_of(parent.mesh.as_ref());
    let consumer = (parent.age.namespace != service.namespace).then(|| parent.age.namespace.clone());
    let own_tag = names::any_port_service_tag(&service.namespace, &service.name);
    let tag = match service.kind {
        BackendKind::Service => Some(own_tag.as_str()),
        _ => service.service_tag.as_deref(),
    };
    let kind = if tag == Some(&*own_tag) { Kind::Service } else { Kind::MeshService };
    let place = ServicePort {
        service: ObjectName { kind, namespace: service.namespace.clone(), name: service.name.clone() },
        port: port.port,
        section: section(port),
        tag: tag.map(|tag| names::tag_of_port(tag, port.port).into()),
        consumer,
    };
    let key = point_key(&place, &parent.age.namespace, &mesh);
    AttachPoint { key, parent: place.service.key(), mesh, mesh_services: mode, place: Place::ServicePort(place) }
}

/// The key of a port under the routes of one namespace in one mesh.
pub fn point_key(port: &ServicePort, namespace: &str, mesh: &str) -> Key {
    Key::hash(&[
        &port.service.key().bytes(),
        &port.port.to_be_bytes(),
        port.section.as_bytes(),
        port.tag.as_deref().unwrap_or_default().as_bytes(),
        namespace.as_bytes(),
        mesh.as_bytes(),
    ])
}

/// The ports that a parentRef is attached to, one by one.
pub fn attachments(judged: &JudgedServiceParent) -> impl Iterator<Item = Attachment> + use<> {
    let parent: Ref<ParentRef> = judged.verdict.parent.clone();
    judged.points.clone().into_iter().map(move |point| Attachment {
        parent: parent.clone(),
        point,
        outcome: AttachmentOutcome::Attached(Arc::default()),
    })
}

#[cfg(test)]
mod tests;
