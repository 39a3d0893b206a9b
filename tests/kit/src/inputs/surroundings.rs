use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{CLASSES, MESHES, NAMESPACES, TEAMS};
use super::{Taste, one_in, pick, put, sometimes};

/// Meshes, namespaces, classes and grants.
pub(super) fn surroundings(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    let namespaces: Vec<_> = NAMESPACES.iter().map(|name| namespace(name)).collect();
    let grants = vec(grant(), 0..=3);
    (meshes(), namespaces, grants, classes(taste)).prop_map(|(mut all, namespaces, grants, classes)| {
        all.extend(namespaces);
        all.extend(grants.into_iter().enumerate().map(|(index, mut grant)| {
            grant["metadata"]["name"] = format!("grant-{index}").into();
            grant
        }));
        all.extend(classes);
        all
    })
}

fn meshes() -> impl Strategy<Value = Vec<Value>> {
    const MODES: &[&str] = &["Disabled", "Exclusive", "Exclusive", "Everywhere", "ReachableBackends"];
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
    (sometimes(2, &TEAMS), sometimes(20, &MESHES)).prop_map(move |(team, mesh)| {
        let mut labels = json!({});
        put(&mut labels, "team", team);
        put(&mut labels, "kuma.io/mesh", mesh);
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    })
}

/// Two classes of ours, one of them for Gateways that other meshes come in by, and one of another controller.
fn classes(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    let class = |name: &str, controller: &str| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": name},
            "spec": {"controllerName": controller},
        })
    };
    let reference = |name: &str| json!({"group": "kuma.io", "kind": "MeshGatewayConfig", "name": name});
    let [kuma, foreign, inner] = CLASSES;
    let mut cross_mesh = class(inner, "gateways.kuma.io/controller");
    cross_mesh["spec"]["parametersRef"] = reference(inner);
    let config = json!({
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshGatewayConfig",
        "metadata": {"name": inner},
        "spec": {"crossMesh": true},
    });
    let fixed =
        vec![class(kuma, "gateways.kuma.io/controller"), class(foreign, "example.com/other"), cross_mesh, config];
    (parameters(), one_in(3)).prop_map(move |(parameters, tuned)| {
        let mut all = fixed.clone();
        if tuned && taste == Taste::Nasty {
            all[0]["spec"]["parametersRef"] = reference("tuning");
            all.push(parameters);
        }
        all
    })
}

fn parameters() -> impl Strategy<Value = Value> {
    const TAGS: &[(&str, &str)] = &[("team", "blue"), ("a/b:c", "x_y-z.1"), ("kuma.io/service", "x"), ("team", "a b")];
    const TYPES: &[&str] = &["ClusterIP", "NodePort", "LoadBalancer"];
    let resources = json!({"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": 1}});
    (sometimes(2, TAGS), sometimes(2, TYPES), sometimes(2, &[1_i64, 3, 0]), any::<bool>(), any::<bool>()).prop_map(
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

fn grant() -> impl Strategy<Value = Value> {
    const TARGETS: &[(&str, &str, &str, &str)] = &[
        ("", "Service", "shop", "cart"),
        ("", "Service", "infra", "auth"),
        ("", "Service", "db", "cart"),
        ("kuma.io", "MeshService", "shop", "remote"),
        ("kuma.io", "MeshMultiZoneService", "kuma-system", "everywhere"),
        ("kuma.io", "MeshExternalService", "kuma-system", "outside"),
        ("", "Secret", "infra", "cert"),
        ("", "Secret", "shop", "cert"),
    ];
    const HOLDERS: &[&str] = &["Gateway", "Gateway", "Gateway", "ListenerSet"];
    const ROUTES: &[&str] = &["HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];
    let from = (pick(&NAMESPACES), pick(ROUTES), pick(HOLDERS), one_in(8));
    (pick(TARGETS), from, any::<bool>()).prop_map(|((group, kind, namespace, name), from, named)| {
        let (from, route, holder, astray) = from;
        let from_kind = if (kind == "Secret") == astray { route } else { holder };
        let mut to = json!({"group": group, "kind": kind});
        put(&mut to, "name", named.then_some(name));
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1beta1",
            "kind": "ReferenceGrant",
            "metadata": {"namespace": namespace},
            "spec": {
                "from": [{"group": "gateway.networking.k8s.io", "kind": from_kind, "namespace": from}],
                "to": [to],
            },
        })
    })
}
