//! Each check passes what Kuma takes and can fail.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{checks, problems, refusals};

fn mesh_gateway() -> Value {
    json!({
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshGateway",
        "metadata": {"name": "edge.infra"},
        "mesh": "default",
        "spec": {
            "selectors": [{"match": {"kuma.io/service": "edge_infra_svc"}}],
            "conf": {"listeners": [
                {"hostname": "*", "port": 80, "protocol": "HTTP", "tags": {"a/b": "1"}},
                {"hostname": "*.a.example", "port": 443, "protocol": "HTTPS",
                    "tls": {"mode": "TERMINATE", "certificates": [{"secret": "copy"}]}},
                {"port": 81, "protocol": "HTTP", "crossMesh": true, "resources": {"connectionLimit": 5}},
            ]},
        },
    })
}

fn instance() -> Value {
    json!({
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshGatewayInstance",
        "metadata": {"name": "edge", "namespace": "infra"},
        "spec": {"replicas": 1, "serviceType": "LoadBalancer", "tags": {"team": "blue"}},
    })
}

fn http_route() -> Value {
    let headers = json!({"set": [{"name": "a", "value": "1"}], "add": [{"name": "b", "value": "1"}], "remove": ["c"]});
    let path = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"});
    let cart =
        json!({"kind": "MeshServiceSubset", "name": "cart_shop_svc_80", "tags": {"kuma.io/zone": "east"}, "weight": 1});
    let filters = json!([
        {"type": "RequestHeaderModifier", "requestHeaderModifier": headers},
        {"type": "URLRewrite", "urlRewrite": {"hostname": "b.example", "path": path}},
        {"type": "RequestMirror", "requestMirror": {"backendRef": cart, "percentage": "12.5"}},
    ]);
    let backends = json!([
        cart,
        {"kind": "MeshService", "name": "kuma.io/unresolved-backend", "weight": 2},
        {"kind": "MeshMultiZoneService", "name": "all", "namespace": "shop", "port": 80},
    ]);
    let found = json!({
        "path": {"type": "PathPrefix", "value": "/a"},
        "queryParams": [{"type": "Exact", "name": "q", "value": "1"}],
    });
    let rules = json!([
        {"matches": [found], "default": {"filters": filters, "backendRefs": backends}},
        {"matches": [{"path": {"type": "Exact", "value": "/"}}], "default": {
            "filters": [{"type": "RequestRedirect", "requestRedirect": {"port": 80}}], "backendRefs": []}},
    ]);
    json!({
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshHTTPRoute",
        "metadata": {"name": "web", "namespace": "kuma-system", "labels": {"kuma.io/mesh": "default"}},
        "spec": {
            "targetRef": {"kind": "MeshGateway", "name": "edge.infra", "tags": {"a": "b"}},
            "to": [{"targetRef": {"kind": "Mesh"}, "hostnames": ["a.example", "*.a.example"], "rules": rules}],
        },
    })
}

fn tcp_route() -> Value {
    let subset =
        json!({"kind": "MeshServiceSubset", "name": "db_shop_svc_5432", "tags": {"kuma.io/zone": "east"}, "weight": 1});
    json!({
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshTCPRoute",
        "metadata": {"name": "db", "namespace": "kuma-system", "labels": {"kuma.io/mesh": "default"}},
        "spec": {
            "targetRef": {"kind": "Dataplane", "labels": {"k8s.kuma.io/namespace": "shop"}},
            "to": [{"targetRef": {"kind": "MeshService", "name": "db", "namespace": "shop", "sectionName": "sql"},
                "rules": [{"default": {"backendRefs": [subset]}}]}],
        },
    })
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "copy", "namespace": "kuma-system", "labels": {"kuma.io/mesh": "default"}},
        "type": "system.kuma.io/secret",
        "data": {"value": "YQ=="},
    })
}

/// An object, where in it something is put, and what.
type Fault = (fn() -> Value, &'static str, Value);

const LISTENER: &str = "/spec/conf/listeners/0";
const RULE: &str = "/spec/to/0/rules/0";

fn faults_of_gateways() -> Vec<Fault> {
    let at = |below: &str| -> &'static str { Box::leak(format!("{LISTENER}{below}").into_boxed_str()) };
    vec![
        (mesh_gateway, at("/unknown"), json!(1)),
        (mesh_gateway, "/spec/selectors", json!([{"match": {"x": "y"}}])),
        (mesh_gateway, "/spec/selectors/1", json!({"match": {"kuma.io/service": "*"}})),
        (mesh_gateway, "/spec/tags", json!({"kuma.io/zone": "x"})),
        (mesh_gateway, at("/tags/a~1b"), json!("a b")),
        (mesh_gateway, "/spec/conf/listeners", json!([])),
        (mesh_gateway, at("/hostname"), json!("A.example")),
        (mesh_gateway, at("/port"), json!(0)),
        (mesh_gateway, at("/protocol"), json!("UDP")),
        (mesh_gateway, "/spec/conf/listeners/1/tls/mode", json!("PASSTHROUGH")),
        (mesh_gateway, "/spec/conf/listeners/1/crossMesh", json!(true)),
        (mesh_gateway, at("/tls"), json!({})),
        (mesh_gateway, "/spec/conf/listeners/1/tls/certificates", json!([])),
        (mesh_gateway, "/spec/conf/listeners/1/tls/certificates/0", json!({"inlineString": "x"})),
        (mesh_gateway, "/spec/conf/listeners/2/port", json!(443)),
        (
            mesh_gateway,
            "/spec/conf/listeners/3",
            json!({"hostname": "b.example", "port": 81, "protocol": "HTTP", "crossMesh": true, "resources": {"connectionLimit": 4}}),
        ),
        (mesh_gateway, "/spec/conf/listeners/2/port", json!(80)),
        (mesh_gateway, "/mesh", json!("")),
        (instance, "/spec/tags/kuma.io~1service", json!("x")),
        (instance, "/spec/tags/team", json!("a b")),
        (secret, "/type", json!("kubernetes.io/tls")),
        (secret, "/metadata/labels", json!({})),
        (secret, "/data/value", json!("YQ")),
    ]
}

fn faults_of_routes() -> Vec<Fault> {
    let at = |below: &str| -> &'static str { Box::leak(format!("{RULE}{below}").into_boxed_str()) };
    vec![
        (http_route, "/metadata/labels/kuma.io~1display-name", json!("x")),
        (tcp_route, "/metadata/labels", json!({})),
        (http_route, "/metadata/namespace", json!("shop")),
        (http_route, "/spec/targetRef/namespace", json!("shop")),
        (http_route, "/spec/to/0/targetRef", json!({"kind": "MeshService", "name": "x"})),
        (tcp_route, "/spec/to/0/targetRef/labels", json!({"a": "b"})),
        (http_route, at("/default/backendRefs/0"), json!({"kind": "Mesh"})),
        (http_route, at("/default/backendRefs/0/namespace"), json!("shop")),
        (http_route, at("/default/backendRefs/2"), json!({"kind": "MeshMultiZoneService", "name": "all"})),
        (http_route, at("/default/backendRefs/0/name"), json!("kuma.io/unresolved-backend")),
        (tcp_route, at("/default/backendRefs/0"), json!({"kind": "MeshService", "name": "kuma.io/unresolved-backend"})),
        (http_route, "/spec/targetRef", json!({"kind": "Dataplane"})),
        (http_route, "/spec/to/0/hostnames", json!(["*"])),
        (http_route, at("/matches/0/path/value"), json!("/a/")),
        (http_route, "/spec/to/0/rules/1/matches/0/path/value", json!("a")),
        (http_route, at("/matches/0/queryParams/1"), json!({"type": "Exact", "name": "q", "value": "2"})),
        (http_route, at("/default/filters/0/urlRewrite"), json!({})),
        (http_route, at("/default/filters/0/requestHeaderModifier"), json!({"set": []})),
        (http_route, at("/default/filters/0/requestHeaderModifier/remove/0"), json!("A")),
        (http_route, at("/matches/0/path/type"), json!("Exact")),
        (http_route, at("/default/filters/1/urlRewrite/path/replaceFullPath"), json!("/x")),
        (http_route, at("/default/filters/1/urlRewrite/hostname"), json!("10.0.0.1")),
        (http_route, at("/default/filters/1/urlRewrite/hostToBackendHostname"), json!(true)),
        (http_route, "/spec/to/0/rules/0/default/backendRefs", json!([])),
        (
            http_route,
            at("/default/filters/2/requestMirror/backendRef"),
            json!({"kind": "MeshService", "name": "kuma.io/unresolved-backend"}),
        ),
        (http_route, at("/default/filters/2/requestMirror/percentage"), json!(101)),
        (tcp_route, "/spec/to/0/rules/1", json!({"default": {"backendRefs": []}})),
        (tcp_route, at("/default/backendRefs"), json!([])),
    ]
}

/// Puts a value at a place, making it in its parent if need be.
fn put(object: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').expect("a place is a pointer");
    match object.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Array(items) => {
            let index: usize = name.parse().expect("a list has indices");
            items.truncate(items.len().max(index));
            if index < items.len() { items[index] = value } else { items.push(value) }
        }
        parent => parent[name.replace("~1", "/")] = value,
    }
}

#[test]
fn what_kuma_takes_is_taken() {
    for object in [mesh_gateway(), instance(), http_route(), tcp_route(), secret()] {
        assert_eq!(problems("kuma-system", &object), Vec::<String>::new(), "{object:#}");
    }
}

#[test]
fn every_check_can_fail() {
    let mut failed = BTreeSet::new();
    for (object, place, value) in faults_of_gateways().into_iter().chain(faults_of_routes()) {
        let mut broken = object();
        put(&mut broken, place, value.clone());
        let refusals = refusals(&broken);
        assert!(!refusals.is_empty(), "{place}: {value} is taken");
        failed.extend(refusals);
    }
    let never: Vec<_> = checks().map(|check| check.name).filter(|name| !failed.contains(name)).collect();
    assert!(never.is_empty(), "checks that no fault here fails: {never:#?}");
}

#[test]
fn the_kinds_that_are_written_have_schemas() {
    for (whose, schemas) in super::schemas() {
        for kind in ["MeshGateway", "MeshGatewayInstance", "MeshHTTPRoute", "MeshTCPRoute"] {
            assert!(schemas.knows(kind), "{whose}: no {kind}");
        }
    }
}
