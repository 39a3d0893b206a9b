use dataflows::manifest;
use dataflows::model::{Class, Fact, ParametersRef};

use super::DecodeError;
use super::source::{Source, present};
use crate::kubernetes::GatewayClassSpec;

/// A class, if it is ours.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: GatewayClassSpec<'_> = source.section("spec")?;
    if *spec.controller_name != *source.settings.controller_name {
        return Ok(Vec::new());
    }
    let parameters = spec.parameters_ref.map(|reference| ParametersRef {
        group: reference.group.into(),
        kind: reference.kind.into(),
        name: reference.name.into(),
        namespace: present(reference.namespace),
    });
    let leaving = source.metadata.deletion_timestamp.is_some() && !manifest::bears_finalizer(source.object);
    let class = Class { name: source.name.name.clone(), parameters, leaving };
    Ok(vec![source.generation(), Fact::class(class)])
}

#[cfg(test)]
mod tests {
    use dataflows::model::{Class, Generation, ParametersRef};

    use crate::watch::decode::testing::{decoded, error, rows};

    const OURS: &str = "
        apiVersion: gateway.networking.k8s.io/v1
        kind: GatewayClass
        metadata: {name: kuma, generation: 3}
        spec:
          controllerName: gateways.kuma.io/controller
          parametersRef: {group: kuma.io, kind: MeshGatewayConfig, name: small, namespace: null}";

    #[test]
    fn a_class_of_ours_has_rows() {
        let object = decoded(OURS);
        let parameters = ParametersRef {
            group: "kuma.io".into(),
            kind: "MeshGatewayConfig".into(),
            name: "small".into(),
            namespace: None,
        };
        assert_eq!(
            rows::<Class>(&object),
            [Class { name: "kuma".into(), parameters: Some(parameters), leaving: false }]
        );
        assert_eq!(rows::<Generation>(&object)[0].generation, 3);
        assert_eq!(object, decoded(&OURS.replace("/v1", "/v1beta1")));
    }

    #[test]
    fn a_class_that_is_deleted_leaves_unless_it_bears_our_finalizer() {
        let leaving = |finalizers: &str| {
            let metadata = format!("deletionTimestamp: '2026-01-31T12:00:00Z', finalizers: [{finalizers}]");
            rows::<Class>(&decoded(&OURS.replace("generation: 3", &metadata)))[0].leaving
        };
        assert!(leaving("example.com/other"));
        assert!(!leaving("example.com/other, gateway-exists-finalizer.gateway.networking.k8s.io"));
    }

    #[test]
    fn a_class_of_somebody_else_has_none() {
        let object = decoded(&OURS.replace("gateways.kuma.io/controller", "example.com/other"));
        assert_eq!(object.updates.len(), 2);
        assert!(object.updates.iter().all(|update| update.facts.is_empty()));
    }

    #[test]
    fn a_class_needs_a_controller() {
        assert_eq!(
            error(&OURS.replace("controllerName: gateways.kuma.io/controller", "controllerName: null")),
            "GatewayClass/kuma: spec: missing field `controllerName`; write the field as the schema of its kind has it",
        );
        assert_eq!(
            error(&OURS.replace("kind: MeshGatewayConfig", "kind: 7")),
            "GatewayClass/kuma: spec.parametersRef.kind: invalid type: integer `7`, expected a string; \
             write the field as the schema of its kind has it",
        );
    }
}
