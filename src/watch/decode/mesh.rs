use dataflows::model::{Fact, Mesh, MeshServices};

use super::source::Source;
use crate::kubernetes::MeshSpec;

/// A Mesh, which is there whatever its spec says: the schema of the kind takes any.
///
/// <https://kuma.io/docs/2.14.x/production/mesh/>
pub(super) fn decode(source: &Source<'_>) -> Vec<Fact> {
    let spec: Result<MeshSpec<'_>, _> = source.section("spec");
    let mesh_services = match spec.as_ref().map(|spec| spec.mesh_services.mode) {
        Ok("Disabled") => MeshServices::Disabled,
        Ok("Everywhere") => MeshServices::Everywhere,
        Ok("ReachableBackends") => MeshServices::ReachableBackends,
        Ok("Exclusive") => MeshServices::Exclusive,
        _ => MeshServices::Unknown,
    };
    vec![Fact::mesh(Mesh { name: source.name.name.clone(), mesh_services })]
}

#[cfg(test)]
mod tests {
    use dataflows::model::{Mesh, MeshServices};

    use crate::watch::decode::testing::{decoded, rows};

    fn mesh(spec: &str) -> String {
        format!("{{apiVersion: kuma.io/v1alpha1, kind: Mesh, metadata: {{name: default}}, spec: {spec}}}")
    }

    #[test]
    fn a_mesh_says_how_it_treats_mesh_services() {
        #[track_caller]
        fn check(spec: &str, mesh_services: MeshServices) {
            assert_eq!(rows::<Mesh>(&decoded(&mesh(spec))), [Mesh { name: "default".into(), mesh_services }]);
        }
        check("null", MeshServices::Disabled);
        check("{meshServices: null, mtls: {enabledBackend: ca}}", MeshServices::Disabled);
        check("{meshServices: {}}", MeshServices::Disabled);
        check("{meshServices: {mode: Everywhere}}", MeshServices::Everywhere);
        check("{meshServices: {mode: ReachableBackends}}", MeshServices::ReachableBackends);
        check("{meshServices: {mode: Exclusive}}", MeshServices::Exclusive);
        check("{meshServices: {mode: Sometimes}}", MeshServices::Unknown);
        check("{meshServices: {mode: 5}}", MeshServices::Unknown);
        check("{meshServices: on}", MeshServices::Unknown);
        check("everything", MeshServices::Unknown);
    }
}
