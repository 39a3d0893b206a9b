use std::sync::Arc;

use dataflows::model::{
    AttachPoint, BackendKind, ControlPlaneMode, Destination, DestinationPort, Key, Kind, MeshServices, ObjectName,
    ParentProblem, ParentRef, ParentVerdict, Place, Ref, RouteKind, ServicePort, Settings,
};
use dataflows::rules::{backends, meshes, service_parents};

use super::attachment::{self, JudgedParent};
use super::cluster::Cluster;

/// What became of the parentRefs that name a Service or MeshService.
pub(super) fn all(settings: &Settings, cluster: &Cluster) -> Vec<JudgedParent> {
    let asked = cluster.parent_refs.iter().filter(|parent| service_parents::is_asked(parent));
    asked.map(|parent| judge(settings, cluster, parent)).collect()
}

fn judge(settings: &Settings, cluster: &Cluster, parent: &ParentRef) -> JudgedParent {
    let mesh = cluster.mesh_of(parent.mesh.as_ref(), &parent.age.namespace);
    let chosen = cluster.chosen_mesh(parent.mesh.as_ref(), &parent.age.namespace);
    let parent = Ref::new(ParentRef { mesh: chosen, ..parent.clone() });
    let refused =
        |problem| JudgedParent { verdict: attachment::verdict(parent.clone(), Some(problem)), attached: Vec::new() };
    if settings.mode == ControlPlaneMode::Global {
        return refused(ParentProblem::GlobalControlPlane);
    }
    let Some(found) = cluster.meshes.get(&mesh).filter(|_| meshes::is_mesh_name(&mesh)) else {
        return refused(ParentProblem::NoMesh);
    };
    if found.mesh_services == MeshServices::Unknown {
        return refused(ParentProblem::UnknownMeshMode);
    }
    let Some(service) = cluster.destinations.get(&parent.parent) else {
        return refused(ParentProblem::NoSuchService);
    };
    if service.external_name {
        return refused(ParentProblem::ExternalNameService);
    }
    if service.headless {
        return refused(ParentProblem::HeadlessService);
    }
    if let Some(other) = service.mesh.as_ref().filter(|other| **other != mesh) {
        return refused(ParentProblem::other_mesh(mesh, other.clone()));
    }
    let asked: Vec<_> = service.ports.iter().filter(|port| asks_for(&parent, port)).collect();
    let anything = parent.reference.port.is_none() && parent.reference.section_name.is_none();
    let still_empty = service.kind == BackendKind::MeshService && service.ports.is_empty();
    if asked.is_empty() && !(still_empty && anything) {
        return refused(ParentProblem::NoMatchingParent);
    }
    if parent.route_kind == RouteKind::Tls && !parent.hostnames.is_empty() {
        return refused(ParentProblem::HostnamesOnService);
    }
    if !parent.expressible {
        return refused(ParentProblem::NoRuleLeft);
    }
    let of_requests = matches!(parent.route_kind, RouteKind::Http | RouteKind::Grpc);
    let takes = |port: &DestinationPort| !of_requests || backends::is_http(port);
    let point =
        |port: &&DestinationPort| (Ref::new(point(&parent, service, port, found.mesh_services)), Arc::default());
    let attached = asked.iter().filter(|port| takes(port)).map(point).collect();
    let ports = asked.iter().filter(|port| takes(port)).map(|port| port.port).collect();
    let not_http = asked.iter().filter(|port| !takes(port)).map(|port| port.port).collect();
    let verdict = ParentVerdict { parent: parent.clone(), problem: None, ports, not_http };
    JudgedParent { verdict: verdict.into(), attached }
}

fn asks_for(parent: &ParentRef, port: &DestinationPort) -> bool {
    let numbered = parent.reference.port.is_none_or(|number| number == port.port);
    let named = parent.reference.section_name.as_ref().is_none_or(|name| match &port.name {
        Some(own) => own == name,
        None => **name == *port.port.to_string(),
    });
    numbered && named
}

/// What a port is to the routes of one namespace in one mesh. Which key it has does not matter, only that it is the
/// same wherever all of this is.
fn point(parent: &ParentRef, service: &Destination, port: &DestinationPort, mode: MeshServices) -> AttachPoint {
    let any_port = format!("{}_{}_svc", service.name, service.namespace);
    let tag = match service.kind {
        BackendKind::Service => Some(any_port.clone()),
        _ => service.service_tag.as_ref().map(ToString::to_string),
    };
    let kind = if tag.as_ref() == Some(&any_port) { Kind::Service } else { Kind::MeshService };
    let place = ServicePort {
        service: ObjectName::new(kind, &service.namespace, &service.name),
        port: port.port,
        section: port.name.clone().unwrap_or_else(|| port.port.to_string().into()),
        tag: tag.map(|tag| format!("{tag}_{}", port.port).into()),
        consumer: (parent.age.namespace != service.namespace).then(|| parent.age.namespace.clone()),
    };
    let mesh = parent.mesh.clone().unwrap_or_else(|| "default".into());
    let key: Key = service_parents::point_key(&place, &parent.age.namespace, &mesh);
    let parent = place.service.key();
    AttachPoint { key, parent, mesh, mesh_services: mode, place: Place::ServicePort(place) }
}
