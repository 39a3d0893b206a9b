//! What class, parameters and mesh say about a Gateway.

use crate::model::{
    ClassParameters, ClassVerdict, ControlPlaneMode, Gateway, GatewayProblem, Key, ManagedGateway, Mesh, MeshServices,
    Ref, Settings,
};
use crate::rules::{addresses, class, meshes};

/// A Gateway of a class of ours. Its mesh is known by now. A global control plane has no Gateways, whatever their class
/// says.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassspec> (`parametersRef`)
pub fn of_class(settings: &Settings, key: Key, gateway: &Ref<Gateway>, class: &ClassVerdict) -> ManagedGateway {
    let (parameters, problem) = match (&class.parameters, settings.mode) {
        (_, ControlPlaneMode::Global) => (Ref::default(), Some(GatewayProblem::GlobalControlPlane)),
        (Ok(parameters), _) => (parameters.clone(), None),
        (Err(problem), _) => (Ref::default(), Some(GatewayProblem::ClassParameters(problem.clone()))),
    };
    let mesh = meshes::mesh_of(gateway.mesh.as_ref());
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

/// The same in its mesh, if that exists. Only the first problem is told: what comes later may be due to it.
///
/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-api/#multi-mesh>
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
/// Parameters that vanish, and a mode that is misspelt, are more likely an accident than a wish to stop serving. Gateway
/// API leaves it to us, as it asks only that nothing new takes effect:
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassspec> (`parametersRef`).
pub const fn is_held(managed: &ManagedGateway) -> bool {
    matches!(
        managed.problem,
        Some(GatewayProblem::ClassParameters(_) | GatewayProblem::OwnParameters(_) | GatewayProblem::UnknownMeshMode)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Infrastructure, ParametersProblem, ParametersRef, RequestedAddress};
    use crate::rules::listeners::tests::managed;

    fn with(mesh: &str, edit: impl Fn(&mut Gateway)) -> ManagedGateway {
        let managed = managed(false);
        let mut gateway = (*managed.gateway).clone();
        edit(&mut gateway);
        ManagedGateway { gateway: gateway.into(), mesh: mesh.into(), ..(*managed).clone() }
    }

    #[test]
    fn a_gateway_needs_a_mesh_of_a_known_mode_and_an_address_that_kuma_can_ask_for() {
        let mesh = |mesh_services| Mesh { name: "default".into(), mesh_services };
        let (disabled, unknown) = (mesh(MeshServices::Disabled), mesh(MeshServices::Unknown));
        let hostname = |gateway: &mut Gateway| {
            gateway.addresses = vec![RequestedAddress { kind: "Hostname".into(), value: "a.b".into() }];
        };
        let plain = |_: &mut Gateway| {};
        let table = [
            (with("default", plain), Some(&disabled), None, false),
            (with("default", plain), None, Some(GatewayProblem::NoMesh), false),
            (with("Default", plain), None, Some(GatewayProblem::InvalidMeshName), false),
            (with("default", plain), Some(&unknown), Some(GatewayProblem::UnknownMeshMode), true),
            (with("default", hostname), Some(&disabled), Some(GatewayProblem::UnsupportedAddress), false),
            (with("default", hostname), None, Some(GatewayProblem::NoMesh), false),
        ];
        let first = GatewayProblem::ClassParameters(ParametersProblem::Namespaced);
        for (gateway, mesh, expected, held) in table {
            let judged = in_mesh(&gateway, mesh);
            assert_eq!((&judged.problem, is_held(&judged)), (&expected, held), "{} {mesh:?}", gateway.mesh);
            let judged = in_mesh(&ManagedGateway { problem: Some(first.clone()), ..gateway }, mesh);
            assert_eq!(judged.problem.as_ref(), Some(&first), "what was known before is told");
            assert!(is_held(&judged));
        }
    }

    #[test]
    fn parameters_of_the_gateway_count_instead_of_those_of_its_class() {
        let reference = |kind: &str| ParametersRef {
            group: "kuma.io".into(),
            kind: kind.into(),
            namespace: None,
            name: "own".into(),
        };
        let naming = |kind: &str| {
            let parameters = Some(reference(kind));
            with("default", |gateway| {
                gateway.infrastructure = Infrastructure { parameters: parameters.clone(), ..Default::default() }
            })
        };
        let own = Ref::new(ClassParameters { cross_mesh: true, ..ClassParameters::default() });
        let missing = GatewayProblem::OwnParameters(ParametersProblem::Missing { name: "own".into() });
        let table = [
            (with("default", |_| {}), Some(&own), false, None),
            (naming("MeshGatewayConfig"), Some(&own), true, None),
            (naming("MeshGatewayConfig"), None, false, Some(missing)),
        ];
        for (gateway, found, cross_mesh, problem) in table {
            let judged = with_own_parameters(&gateway, found);
            assert_eq!((judged.parameters.cross_mesh, judged.problem), (cross_mesh, problem), "{found:?}");
        }
        let wrong = with_own_parameters(&naming("ConfigMap"), None);
        assert!(matches!(wrong.problem, Some(GatewayProblem::OwnParameters(ParametersProblem::WrongKind { .. }))));
        let global =
            ManagedGateway { problem: Some(GatewayProblem::GlobalControlPlane), ..naming("MeshGatewayConfig") };
        assert_eq!(with_own_parameters(&global, None).problem, Some(GatewayProblem::GlobalControlPlane));
    }
}
