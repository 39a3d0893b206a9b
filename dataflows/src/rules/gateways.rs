//! What class, parameters and mesh say about a Gateway.

use crate::model::{
    ClassParameters, ClassVerdict, ControlPlaneMode, Gateway, GatewayProblem, Key, ManagedGateway, Mesh, MeshServices,
    Ref, Settings,
};
use crate::rules::{addresses, class, meshes};

/// A Gateway of a class of ours. Its mesh is known by now.
pub fn of_class(settings: &Settings, key: Key, gateway: &Ref<Gateway>, class: &ClassVerdict) -> ManagedGateway {
    let (parameters, problem) = match (&class.parameters, settings.mode) {
        (_, ControlPlaneMode::Global) => (Ref::default(), Some(GatewayProblem::GlobalControlPlane)),
        (Ok(parameters), _) => (parameters.clone(), None),
        (Err(problem), _) => (Ref::default(), Some(GatewayProblem::ClassParameters(problem.clone()))),
    };
    let mesh = meshes::mesh_of(gateway.mesh.as_ref(), None);
    ManagedGateway { key, gateway: gateway.clone(), mesh, mesh_services: None, parameters, problem }
}

/// The same with the parameters that the Gateway itself names, which count instead of those of its class.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure> (`parametersRef`)
pub fn with_own_parameters(managed: &ManagedGateway, found: Option<&Ref<ClassParameters>>) -> ManagedGateway {
    let mut managed = managed.clone();
    let Some(reference) = &managed.gateway.infrastructure.parameters else {
        return managed;
    };
    match class::resolve(reference, found) {
        Ok(parameters) => managed.parameters = parameters,
        Err(problem) if managed.problem.is_none() => managed.problem = Some(GatewayProblem::OwnParameters(problem)),
        Err(_) => {}
    }
    managed
}

/// The same in its mesh, if that exists.
pub fn in_mesh(managed: &ManagedGateway, mesh: Option<&Mesh>) -> ManagedGateway {
    let mut managed = managed.clone();
    managed.mesh_services = mesh.map(|mesh| mesh.mesh_services);
    let problem = if !meshes::is_mesh_name(&managed.mesh) {
        Some(GatewayProblem::InvalidMeshName)
    } else if mesh.is_none() {
        Some(GatewayProblem::NoMesh)
    } else if managed.mesh_services == Some(MeshServices::Unknown) {
        Some(GatewayProblem::UnknownMeshMode)
    } else if addresses::requested(&managed.gateway.addresses).is_err() {
        Some(GatewayProblem::UnsupportedAddress)
    } else {
        None
    };
    managed.problem = managed.problem.or(problem);
    managed
}

/// Whether what was generated for the Gateway is left as it is while it is not accepted.
///
/// Parameters that vanish, and a mode that is misspelt, are more likely an accident than a wish to stop serving.
pub const fn is_held(managed: &ManagedGateway) -> bool {
    matches!(
        managed.problem,
        Some(GatewayProblem::ClassParameters(_) | GatewayProblem::OwnParameters(_) | GatewayProblem::UnknownMeshMode)
    )
}
