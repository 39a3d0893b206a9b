//! Parameters of classes and Gateways.

use std::ops::RangeInclusive;

use crate::model::{ClassParameters, ClassVerdict, CommonConfig, Group, Kind, ParametersProblem, ParametersRef, Ref};
use crate::rules::infrastructure;

/// Whether a reference can be one to a MeshGatewayConfig.
///
/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-api/#customization>
pub fn check_reference(reference: &ParametersRef) -> Result<(), ParametersProblem> {
    if *reference.group != *Group::Kuma.name() || *reference.kind != *Kind::MeshGatewayConfig.name() {
        let (group, kind) = (reference.group.clone(), reference.kind.clone());
        return Err(ParametersProblem::WrongKind { group, kind });
    }
    match &reference.namespace {
        Some(namespace) if !namespace.is_empty() => Err(ParametersProblem::Namespaced),
        _ => Ok(()),
    }
}

/// The parameters that a reference leads to. What Kuma's admission would refuse on every MeshGatewayInstance made
/// from them is refused here, once.
pub fn resolve(
    reference: &ParametersRef,
    found: Option<&Ref<ClassParameters>>,
) -> Result<Ref<ClassParameters>, ParametersProblem> {
    check_reference(reference)?;
    let name = reference.name.clone();
    let Some(parameters) = found else {
        return Err(ParametersProblem::Missing { name });
    };
    if parameters.tags.contains_key("kuma.io/service") {
        return Err(ParametersProblem::ServiceTag { name });
    }
    if let Some(service_type) =
        parameters.common.service_type.as_ref().filter(|word| !SERVICE_TYPES.contains(&&***word))
    {
        return Err(ParametersProblem::ServiceType { name, service_type: service_type.clone() });
    }
    if let Some(replicas) = parameters.common.replicas.filter(|replicas| !REPLICAS.contains(replicas)) {
        return Err(ParametersProblem::Replicas { name, replicas });
    }
    if let Some((tag, _)) = parameters.tags.iter().find(|(key, value)| !is_tag(key, value)) {
        return Err(ParametersProblem::Tag { name, tag: tag.clone() });
    }
    let CommonConfig { pod_labels, pod_annotations, service_labels, service_annotations, .. } = &parameters.common;
    let mut reserved = infrastructure::reserved(pod_labels, pod_annotations)
        .chain(infrastructure::reserved(service_labels, service_annotations));
    match reserved.next() {
        Some(key) => Err(ParametersProblem::Reserved { name, key: key.clone() }),
        None => Ok(parameters.clone()),
    }
}

/// Whether a class is to bear the finalizer that keeps it while Gateways use it.
///
/// An object that is being deleted can lose finalizers and get none.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass>
pub const fn is_held(verdict: &ClassVerdict, used: bool) -> bool {
    used && !verdict.leaving
}

/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-pods-k8s/> (`serviceType`)
const SERVICE_TYPES: [&str; 3] = ["LoadBalancer", "ClusterIP", "NodePort"];

/// What the schema of a MeshGatewayInstance takes.
const REPLICAS: RangeInclusive<i64> = 1..=i32::MAX as i64;

/// Whether Kuma takes a tag.
///
/// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/core/resources/apis/mesh/validators.go>
fn is_tag(key: &str, value: &str) -> bool {
    let of = |text: &str, others: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    of(key, b".-_:/") && of(value, b".-_:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(group: &str, kind: &str, namespace: Option<&str>) -> ParametersRef {
        ParametersRef {
            group: group.into(),
            kind: kind.into(),
            name: "config".into(),
            namespace: namespace.map(Into::into),
        }
    }

    fn tagged(key: &str, value: &str) -> Ref<ClassParameters> {
        Ref::new(ClassParameters { tags: [(key.into(), value.into())].into(), ..ClassParameters::default() })
    }

    #[test]
    fn a_class_is_held_while_it_is_used_unless_it_leaves_already() {
        let verdict = |leaving| ClassVerdict {
            class: crate::model::Key::of(Kind::GatewayClass, "", "kuma"),
            name: "kuma".into(),
            parameters: Ok(Ref::default()),
            leaving,
        };
        assert!(is_held(&verdict(false), true));
        assert!(!is_held(&verdict(false), false));
        assert!(!is_held(&verdict(true), true));
    }

    #[test]
    fn every_way_to_be_invalid_is_told_apart() {
        let good = reference("kuma.io", "MeshGatewayConfig", None);
        let parameters = tagged("team", "a-b.c_d:e");
        assert_eq!(resolve(&good, Some(&parameters)), Ok(parameters.clone()));
        assert_eq!(
            resolve(&reference("kuma.io", "MeshGatewayConfig", Some("")), Some(&parameters)),
            Ok(parameters.clone())
        );
        assert!(matches!(resolve(&good, None), Err(ParametersProblem::Missing { .. })));
        assert!(matches!(
            resolve(&reference("", "ConfigMap", None), Some(&parameters)),
            Err(ParametersProblem::WrongKind { .. })
        ));
        assert!(matches!(
            resolve(&reference("kuma.io", "MeshGatewayConfig", Some("x")), Some(&parameters)),
            Err(ParametersProblem::Namespaced)
        ));
        assert!(matches!(
            resolve(&good, Some(&tagged("kuma.io/service", "x"))),
            Err(ParametersProblem::ServiceTag { .. })
        ));
        let mut odd = ClassParameters::default();
        odd.common.service_type = Some("Everywhere".into());
        assert!(matches!(resolve(&good, Some(&odd.into())), Err(ParametersProblem::ServiceType { .. })));
        for (key, value) in [("team", "a b"), ("team", ""), ("my team", "a"), ("", "a"), ("team", "a/b")] {
            let tag = key.into();
            let problem = ParametersProblem::Tag { name: "config".into(), tag };
            assert_eq!(resolve(&good, Some(&tagged(key, value))), Err(problem), "{key}: {value}");
        }
        assert!(resolve(&good, Some(&tagged("a.b/team", "a"))).is_ok());
        let mut taken = ClassParameters::default();
        taken.common.pod_labels.insert("app".into(), "mine".into());
        let problem = ParametersProblem::Reserved { name: "config".into(), key: "app".into() };
        assert_eq!(resolve(&good, Some(&taken.into())), Err(problem));
        for (replicas, valid) in [(-1, false), (0, false), (1, true), (2_147_483_647, true), (2_147_483_648, false)] {
            let mut parameters = ClassParameters::default();
            parameters.common.replicas = Some(replicas);
            assert_eq!(resolve(&good, Some(&parameters.into())).is_ok(), valid, "{replicas}");
        }
    }
}
