use std::fmt::Write as _;

use dataflows::model::{ClassParameters, CommonConfig, Fact, Text};
use serde_json::Value;

use super::DecodeError;
use super::source::{Source, present, texts};
use crate::kubernetes::MeshGatewayConfigSpec;

/// The parameters of a class.
///
/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-api/#customization>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: MeshGatewayConfigSpec<'_> = source.section("spec")?;
    let common = CommonConfig {
        replicas: spec.replicas,
        service_type: present(spec.service_type),
        resources: canonical_text(spec.resources.as_ref()),
        service_labels: texts(&spec.service_template.metadata.labels),
        service_annotations: texts(&spec.service_template.metadata.annotations),
        load_balancer_ip: present(spec.service_template.spec.load_balancer_ip),
        pod_labels: texts(&spec.pod_template.metadata.labels),
        pod_annotations: texts(&spec.pod_template.metadata.annotations),
        pod_spec: canonical_text(spec.pod_template.spec.as_ref()),
    };
    let parameters = ClassParameters { tags: texts(&spec.tags), cross_mesh: spec.cross_mesh, common };
    Ok(vec![Fact::class_parameters(&source.name.name, parameters)])
}

/// One text for all ways to write a value: keys in order, nothing between the tokens. Nulls are gone already. An empty
/// object asks for nothing.
fn canonical_text(value: Option<&Value>) -> Option<Text> {
    let value = value.filter(|value| value.as_object().is_none_or(|fields| !fields.is_empty()))?;
    let mut text = String::new();
    write_canonical(value, &mut text);
    Some(text.into())
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                // Writing to a String cannot fail.
                let _ = write!(text, "{comma}{}:", Value::from(key.as_str()));
                write_canonical(value, text);
            }
            text.push('}');
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use dataflows::model::{ClassParameters, CommonConfig};

    use crate::watch::decode::testing::{decoded, error, rows};

    fn config(spec: &str) -> String {
        format!("{{apiVersion: kuma.io/v1alpha1, kind: MeshGatewayConfig, metadata: {{name: small}}, spec: {spec}}}")
    }

    #[track_caller]
    fn check(spec: &str, expected: ClassParameters) {
        assert_eq!(rows::<ClassParameters>(&decoded(&config(spec))), [expected]);
    }

    #[test]
    fn a_config_may_be_empty() {
        check("null", ClassParameters::default());
        check("{tags: null, resources: null, serviceTemplate: {metadata: null}}", ClassParameters::default());
        check("{resources: {}, podTemplate: {spec: {a: null}}}", ClassParameters::default());
    }

    #[test]
    fn a_config_is_carried_over() {
        let text = r#"{"a":[1,{"c":"\"","d":true}],"b":null1}"#.replace("null1", "1.5");
        let common = CommonConfig {
            replicas: Some(2),
            service_type: Some("NodePort".into()),
            resources: Some(text.as_str().into()),
            service_labels: [("a".into(), "b".into())].into(),
            service_annotations: [("c".into(), "d".into())].into(),
            load_balancer_ip: Some("10.0.0.1".into()),
            pod_labels: [("e".into(), "f".into())].into(),
            pod_annotations: [("g".into(), "h".into())].into(),
            pod_spec: Some(r#"{"serviceAccountName":"x"}"#.into()),
        };
        let tags = [("team".into(), "edge".into())].into();
        check(
            r#"{tags: {team: edge}, crossMesh: true, replicas: 2, serviceType: NodePort,
                resources: {b: 1.5, gone: null, a: [1, {d: true, c: '"', gone: null}]},
                serviceTemplate: {metadata: {labels: {a: b}, annotations: {c: d}}, spec: {loadBalancerIP: 10.0.0.1}},
                podTemplate: {metadata: {labels: {e: f}, annotations: {g: h}}, spec: {serviceAccountName: x}}}"#,
            ClassParameters { tags, cross_mesh: true, common },
        );
    }

    #[test]
    fn a_config_says_what_is_wrong() {
        assert_eq!(
            error(&config("{replicas: two}")),
            "MeshGatewayConfig/small: spec.replicas: invalid type: string \"two\", expected i64; \
             write the field as the schema of its kind has it",
        );
        assert_eq!(
            error(&config("{tags: {version: 2}}")),
            "MeshGatewayConfig/small: spec.tags.version: invalid type: integer `2`, expected a string; \
             write the field as the schema of its kind has it",
        );
    }
}
