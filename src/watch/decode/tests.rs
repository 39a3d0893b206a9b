use dataflows::model::{Kind, Settings};
use serde_json::{Value, json};

use super::testing::{decoded, error};
use super::{DecodeError, decode, gone};

#[test]
fn the_version_of_an_object_does_not_matter_but_its_group_does() {
    let grant = |version: &str| format!("{{apiVersion: {version}, kind: ReferenceGrant, metadata: {{name: a}}}}");
    for version in ["v1", "v1beta1", "v1alpha2", "v9"] {
        let object = decoded(&grant(&format!("gateway.networking.k8s.io/{version}")));
        assert_eq!(object.object.to_string(), "ReferenceGrant/default/a");
    }
    assert_eq!(error(&grant("v1")), "ReferenceGrant of the core group is not a kind that is read here");
}

#[test]
fn kinds_that_are_not_read_are_told_apart() {
    for (version, kind) in [
        ("v1", "Pod"),
        ("v1", "List"),
        ("v1", "ConfigMap"),
        ("apps/v1", "Service"),
        ("gateway.networking.k8s.io/v1", "UDPRoute"),
        ("kuma.io/v1alpha1", "MeshRetry"),
    ] {
        let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "a"}});
        let error = decode(&Settings::default(), &object);
        assert!(matches!(error, Err(DecodeError::UnknownKind { .. })), "{kind}: {error:?}");
    }
}

#[test]
fn an_object_has_a_kind_and_a_name() {
    #[track_caller]
    fn check(object: &Value, expected: &str) {
        let error = decode(&Settings::default(), object).expect_err("there is no such object");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.object(), None);
    }
    let named = |name: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}});
    check(&Value::Null, "it has no apiVersion");
    check(&json!([]), "it has no apiVersion");
    check(&json!({"apiVersion": 1, "kind": "Service"}), "it has no apiVersion");
    check(&json!({"apiVersion": "v1", "kind": {}}), "it has no kind");
    check(&json!({"apiVersion": "v1", "kind": "Service"}), "metadata.name is missing");
    check(&json!({"apiVersion": "v1", "kind": "Service", "metadata": "a"}), "metadata.name is missing");
    check(&named(json!("")), "metadata.name is missing");
    check(&named(json!(7)), "metadata.name is missing");
    check(&named(json!("../a")), "metadata.name is not a DNS-1123 name");
    check(&named(json!("a\u{0}b")), "metadata.name is not a DNS-1123 name");
    check(&named(json!("x".repeat(254))), "metadata.name is not a DNS-1123 name");
    let namespace = |namespace: String| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": namespace}});
    check(&namespace("x".repeat(64)), "metadata.namespace is not a DNS-1123 name");
    check(&namespace("a b".into()), "metadata.namespace is not a DNS-1123 name");
    assert!(decode(&Settings::default(), &named(json!("x".repeat(253)))).is_ok());
}

#[test]
fn an_error_in_a_field_names_the_object() {
    let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": 1});
    let error = decode(&Settings::default(), &object).expect_err("the spec is no object");
    assert_eq!(error.object().map(ToString::to_string).as_deref(), Some("Service/default/a"));
}

/// Any value in the place of any section of any kind: rows or an error, and the sources are always those that are
/// taken back when the object is gone.
#[test]
fn nothing_that_is_written_makes_it_panic() {
    let deep = (0..100).fold(json!("\u{202e}\u{0}'\"{{"), |inner, _| json!([inner, {"name": inner_name()}]));
    let values = [
        Value::Null,
        json!({}),
        json!([]),
        json!([[null]]),
        json!(-1),
        json!(1.5e300),
        json!("\u{fffd}\u{0}\n"),
        json!({"rules": {"a": []}, "listeners": [{}], "ports": [{"port": 1.5}], "from": [[]], "ingress": 3}),
        json!({"listeners": [{"name": "\u{0}", "port": -9_000_000_000_i64, "protocol": ""}], "gatewayClassName": ""}),
        json!({"rules": [{"matches": [{"path": {"type": "", "value": ""}}], "filters": [{"type": ""}]}]}),
        deep,
    ];
    for &kind in Kind::ALL {
        let group = kind.group().name();
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        for section in ["metadata", "spec", "status", "mesh"] {
            for value in &values {
                let mut object =
                    json!({"apiVersion": version, "kind": kind.name(), "metadata": {"name": "a", "namespace": "b"}});
                object[section] = value.clone();
                if let Ok(decoded) = decode(&Settings::default(), &object) {
                    let sources =
                        |updates: &[_]| updates.iter().map(|update: &super::Update| update.source).collect::<Vec<_>>();
                    assert_eq!(sources(&decoded.updates), sources(&gone(&decoded.object)));
                }
            }
        }
    }
}

fn inner_name() -> String {
    "n".repeat(1_000)
}

#[test]
fn of_a_status_only_what_is_ours_is_observed() {
    #[track_caller]
    fn check(kind: &str, spec: &str, manager: &str, controller: &str, expected: usize) {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind,
            "metadata": {"name": "a", "namespace": "b", "managedFields": [{
                "manager": manager, "operation": "Apply", "subresource": "status",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:conditions": {}}},
            }]},
            "spec": super::testing::value(spec),
            "status": {
                "conditions": [{
                    "type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "observedGeneration": 1,
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                }],
                "parents": [{"controllerName": controller, "parentRef": {"name": "edge"}, "conditions": []}],
            },
        });
        let decoded = decode(&Settings::default(), &object).expect("the object should be decodable");
        let [_, status] = decoded.updates.as_slice() else { panic!("{decoded:?}") };
        assert_eq!(status.facts.len(), expected, "{decoded:?}");
    }
    let ours = "gateways.kuma.io/controller";
    check("HTTPRoute", "{}", "other", ours, 1);
    check("HTTPRoute", "{}", "deltagate", "example.com/other", 0);
    check("Gateway", "{gatewayClassName: kuma}", "deltagate", ours, 1);
    check("Gateway", "{gatewayClassName: kuma}", "other", ours, 0);
    check("GatewayClass", "{controllerName: gateways.kuma.io/controller}", "deltagate", ours, 1);
    check("GatewayClass", "{controllerName: gateways.kuma.io/controller}", "other", ours, 0);
    check("GatewayClass", "{controllerName: example.com/other}", "deltagate", ours, 0);
}
