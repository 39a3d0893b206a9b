use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{MESHES, NAMESPACES, SERVICE_PORTS, SERVICES, TEAMS};
use super::{Taste, one_in, pick, put, sometimes};

/// Meshes, namespaces, classes, destinations and grants.
pub(super) fn surroundings(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    let namespaces: Vec<_> = NAMESPACES.iter().map(|name| namespace(name)).collect();
    let services: Vec<_> = SERVICES.iter().map(|(namespace, name)| service(namespace, name)).collect();
    let grants = vec(grant(), 0..=3);
    (meshes(), namespaces, services, grants, kuma_destinations(), classes(taste)).prop_map(
        |(mut all, namespaces, services, grants, destinations, classes)| {
            all.extend(namespaces);
            all.extend(services.into_iter().flatten());
            all.extend(grants.into_iter().enumerate().map(|(index, mut grant)| {
                grant["metadata"]["name"] = format!("grant-{index}").into();
                grant
            }));
            all.extend(destinations);
            all.extend(classes);
            all
        },
    )
}

fn meshes() -> impl Strategy<Value = Vec<Value>> {
    const MODES: &[&str] = &["Disabled", "Exclusive", "Everywhere", "ReachableBackends"];
    let mesh = |name: &'static str| {
        sometimes(2, MODES).prop_map(move |mode| {
            let mut mesh = json!({"apiVersion": "kuma.io/v1alpha1", "kind": "Mesh", "metadata": {"name": name}});
            put(&mut mesh, "spec", mode.map(|mode| json!({"meshServices": {"mode": mode}})));
            mesh
        })
    };
    (mesh(MESHES[0]), prop::option::of(mesh(MESHES[1]))).prop_map(|(first, second)| {
        let mut meshes = vec![first];
        meshes.extend(second);
        meshes
    })
}

fn namespace(name: &'static str) -> impl Strategy<Value = Value> {
    (sometimes(2, &TEAMS), sometimes(40, &MESHES)).prop_map(move |(team, mesh)| {
        let mut labels = json!({});
        put(&mut labels, "team", team);
        put(&mut labels, "kuma.io/mesh", mesh);
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    })
}

/// A class of ours and one of another controller.
fn classes(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    let class = |name: &str, controller: &str| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": name},
            "spec": {"controllerName": controller},
        })
    };
    let both = vec![class("kuma", "gateways.kuma.io/controller"), class("foreign", "example.com/other")];
    (parameters(), one_in(3)).prop_map(move |(parameters, tuned)| {
        let mut all = both.clone();
        if tuned && taste == Taste::Nasty {
            all[0]["spec"]["parametersRef"] =
                json!({"group": "kuma.io", "kind": "MeshGatewayConfig", "name": "tuning"});
            all.push(parameters);
        }
        all
    })
}

fn parameters() -> impl Strategy<Value = Value> {
    const TAGS: &[(&str, &str)] = &[("team", "blue"), ("a/b:c", "x_y-z.1"), ("kuma.io/service", "x"), ("team", "a b")];
    const TYPES: &[&str] = &["ClusterIP", "NodePort", "LoadBalancer"];
    let resources = json!({"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": 1}});
    (sometimes(2, TAGS), sometimes(2, TYPES), sometimes(2, &[1, 3]), any::<bool>(), any::<bool>()).prop_map(
        move |(tag, service_type, replicas, cross_mesh, more)| {
            let mut spec = json!({ "crossMesh": cross_mesh });
            put(&mut spec, "tags", tag.map(|(key, value)| json!({ key: value })));
            put(&mut spec, "serviceType", service_type);
            put(&mut spec, "replicas", replicas);
            if more {
                spec["resources"] = resources.clone();
                spec["serviceTemplate"] =
                    json!({"metadata": {"annotations": {"a": "b"}}, "spec": {"loadBalancerIP": "192.0.2.1"}});
                spec["podTemplate"] = json!({"metadata": {"labels": {"a": "b"}}, "spec": {
                    "serviceAccountName": "edge",
                    "securityContext": {"fsGroup": 1},
                    "container": {"securityContext": {"readOnlyRootFilesystem": true}},
                }});
            }
            json!({
                "apiVersion": "kuma.io/v1alpha1",
                "kind": "MeshGatewayConfig",
                "metadata": {"name": "tuning"},
                "spec": spec,
            })
        },
    )
}

/// A Service, now and then not there, headless or under the name of a host.
fn service(namespace: &'static str, name: &'static str) -> impl Strategy<Value = Option<Value>> {
    const SHAPES: &[&str] = &["missing", "", "", "", "", "", "", "headless", "external"];
    let ports = prop::sample::subsequence(&SERVICE_PORTS[..], 1..=2);
    (pick(SHAPES), ports, one_in(8)).prop_map(move |(shape, ports, datagrams)| {
        let protocol = if datagrams { "UDP" } else { "TCP" };
        let ports: Vec<_> = ports
            .iter()
            .map(|port| json!({"name": format!("p{port}"), "port": port, "protocol": protocol, "appProtocol": "http"}))
            .collect();
        let mut spec = json!({"clusterIP": "10.0.0.1", "ports": ports});
        match shape {
            "missing" => return None,
            "headless" => spec["clusterIP"] = "None".into(),
            "external" => spec = json!({"type": "ExternalName", "externalName": "a.example", "ports": ports}),
            _ => {}
        }
        let metadata = json!({"namespace": namespace, "name": name});
        Some(json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}))
    })
}

fn grant() -> impl Strategy<Value = Value> {
    const TARGETS: &[(&str, &str, &str, &str)] = &[
        ("", "Service", "shop", "cart"),
        ("", "Service", "infra", "auth"),
        ("", "Service", "db", "cart"),
        ("kuma.io", "MeshService", "shop", "remote"),
        ("kuma.io", "MeshMultiZoneService", "kuma-system", "everywhere"),
        ("kuma.io", "MeshExternalService", "kuma-system", "outside"),
    ];
    let from = (pick(&NAMESPACES), pick(&["HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute"]));
    (pick(TARGETS), from, any::<bool>()).prop_map(|((group, kind, namespace, name), (from, route), named)| {
        let mut to = json!({"group": group, "kind": kind});
        put(&mut to, "name", named.then_some(name));
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1beta1",
            "kind": "ReferenceGrant",
            "metadata": {"namespace": namespace},
            "spec": {
                "from": [{"group": "gateway.networking.k8s.io", "kind": route, "namespace": from}],
                "to": [to],
            },
        })
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
