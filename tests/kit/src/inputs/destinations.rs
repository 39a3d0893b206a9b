use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{SERVICE_PORTS, SERVICES};
use super::{one_in, pick, put};

/// What ports say that they speak; most speak HTTP.
const PROTOCOLS: &[&str] = &["http", "http", "http", "http", "grpc", "http2", "mysql", ""];

/// Services and Kuma's own kinds of destinations.
pub(super) fn destinations() -> impl Strategy<Value = Vec<Value>> {
    let services: Vec<_> = SERVICES.iter().map(|(namespace, name)| service(namespace, name)).collect();
    (services, kuma_destinations()).prop_map(|(services, of_kuma)| [services.concat(), of_kuma].concat())
}

/// A Service, now and then not there, headless or under the name of a host, with the MeshService that is made of it.
fn service(namespace: &'static str, name: &'static str) -> impl Strategy<Value = Vec<Value>> {
    const SHAPES: &[&str] = &["missing", "", "", "", "", "", "", "headless", "external"];
    let ports = prop::sample::subsequence(&SERVICE_PORTS[..], 1..=2);
    let ports = (ports, pick(PROTOCOLS), one_in(8)).prop_map(|(ports, protocol, datagrams)| {
        let transport = if datagrams { "UDP" } else { "TCP" };
        let one = |port: &u16| {
            let mut port = json!({"name": format!("p{port}"), "port": port, "protocol": transport});
            put(&mut port, "appProtocol", (!protocol.is_empty()).then_some(protocol));
            port
        };
        Value::from(ports.iter().map(one).collect::<Vec<_>>())
    });
    (pick(SHAPES), ports, one_in(3)).prop_map(move |(shape, ports, doubled)| {
        let metadata = json!({"namespace": namespace, "name": name});
        let service = |spec: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec});
        let plain = json!({"clusterIP": "10.0.0.1", "ports": ports});
        match shape {
            "missing" => Vec::new(),
            "headless" => vec![service(json!({"clusterIP": "None", "ports": ports}))],
            "external" => {
                vec![service(json!({"type": "ExternalName", "externalName": "a.example", "ports": ports}))]
            }
            // Kuma tells no datagrams.
            _ if doubled && ports[0]["protocol"] == "TCP" => {
                vec![service(plain), made_of(namespace, name, &ports)]
            }
            _ => vec![service(plain)],
        }
    })
}

/// The MeshService that Kuma makes of a Service.
fn made_of(namespace: &str, name: &str, ports: &Value) -> Value {
    let one = |port: &Value| {
        let mut made = json!({"name": port["name"], "port": port["port"], "targetPort": port["port"]});
        put(&mut made, "appProtocol", port.get("appProtocol").cloned());
        made
    };
    let ports: Vec<_> = ports.as_array().into_iter().flatten().map(one).collect();
    json!({
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshService",
        "metadata": {"namespace": namespace, "name": name, "labels": {
            "kuma.io/mesh": "default",
            "kuma.io/display-name": name,
            "k8s.kuma.io/namespace": namespace,
            "k8s.kuma.io/service-name": name,
        }},
        "spec": {"ports": ports, "selector": {"dataplaneTags": {"k8s.kuma.io/service-name": name}}},
    })
}

/// Kuma's own kinds of destinations, each there or not.
fn kuma_destinations() -> impl Strategy<Value = Vec<Value>> {
    let object = |kind: &str, namespace: Option<&str>, name: &str, spec: Value| {
        let mut metadata = json!({"name": name, "labels": {"kuma.io/mesh": "default"}});
        put(&mut metadata, "namespace", namespace);
        json!({"apiVersion": "kuma.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
    };
    let ports = json!([{"name": "p80", "port": 80, "targetPort": 80, "appProtocol": "http"}]);
    let mut external = object(
        "ExternalService",
        None,
        "bank",
        json!({
            "tags": {"kuma.io/service": "bank", "kuma.io/protocol": "http"},
            "networking": {"address": "bank.example:443"},
        }),
    );
    external["mesh"] = "default".into();
    let all = vec![
        object(
            "MeshService",
            Some("shop"),
            "remote",
            json!({"ports": ports, "selector": {"dataplaneTags": {"a": "b"}}}),
        ),
        object(
            "MeshMultiZoneService",
            Some("kuma-system"),
            "everywhere",
            json!({
                "ports": ports,
                "selector": {"meshService": {"matchLabels": {"a": "b"}}},
            }),
        ),
        object(
            "MeshExternalService",
            Some("kuma-system"),
            "outside",
            json!({
                "match": {"type": "HostnameGenerator", "port": 80, "protocol": "http"},
                "endpoints": [{"address": "outside.example", "port": 443}],
            }),
        ),
        external,
    ];
    prop::sample::subsequence(all, 0..=4)
}
