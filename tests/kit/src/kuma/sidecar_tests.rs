//! What was measured on a sidecar, as a table.

use serde_json::{Value, json};

use super::{Kuma, Quirk};
use crate::traffic::{Answer, Destination, Forward, Place, Request};

/// A policy for the sidecars of all namespaces, or of one, on port 80 of the Service a.
fn policy(name: &str, namespace: Option<&str>, rules: &[Value]) -> Value {
    let mut target = json!({"kind": "Dataplane"});
    if let Some(namespace) = namespace {
        target["labels"] = json!({"k8s.kuma.io/namespace": namespace});
    }
    let to = json!([{"targetRef": {"kind": "MeshService", "name": "a_shop_svc_80"}, "rules": rules}]);
    json!({"kind": "MeshHTTPRoute", "metadata": {"name": name}, "spec": {"targetRef": target, "to": to}})
}

fn rule(kind: &str, path: &str, backends: Value) -> Value {
    let found = json!([{"path": {"type": kind, "value": path}}]);
    json!({"matches": found, "default": {"filters": [], "backendRefs": backends}})
}

fn subset(service: &str, weight: u64) -> Value {
    json!({"kind": "MeshServiceSubset", "name": format!("{service}_shop_svc_80"), "tags": {"kuma.io/zone": "east"}, "weight": weight})
}

/// A tag that is known beside one that nobody has.
fn dead(weight: u64) -> Value {
    json!({"kind": "MeshServiceSubset", "name": "a_shop_svc_80", "tags": {"deltagate.io/unresolved": "true"}, "weight": weight})
}

/// A request to port 80 of the Service a.
fn request(from: &str, path: &str) -> Request {
    let to = Place::Service {
        namespace: "shop".to_owned(),
        name: "a".to_owned(),
        from: from.to_owned(),
        mesh: "default".to_owned(),
    };
    let (headers, query) = ([].into(), [].into());
    let (host, method, path) = ("a.shop".to_owned(), "GET".to_owned(), path.to_owned());
    Request { to, port: 80, server_name: None, host, method, path, headers, query }
}

/// The Services a, b and c, of which c does not speak HTTP.
fn answers(policies: &[Value], from: &str, path: &str, without: &[Quirk]) -> String {
    let service = |name: &str| {
        let protocol = if name == "c" { "mysql" } else { "http" };
        let ports = json!([{"port": 80, "name": "web", "appProtocol": protocol}]);
        json!({"kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": {"ports": ports}})
    };
    let kuma = Kuma::new("east", policies, &["a", "b", "c"].map(service)).unwrap();
    let request = request(from, path);
    let word = |answer: &Answer| match answer {
        Answer::Forward(forward) => {
            let share = |(destination, share): (&Destination, &u64)| match destination {
                Destination::Port { name, .. } => format!("{name}{share}"),
                Destination::Nobody(status) => format!("{status}*{share}"),
            };
            forward.shares.iter().map(share).collect::<Vec<_>>().join(" ")
        }
        Answer::Error(status) => status.to_string(),
        other => format!("{other:?}"),
    };
    kuma.answers(&request, without).iter().map(word).collect::<Vec<_>>().join(" or ")
}

#[track_caller]
fn check(policies: &[Value], path: &str, expected: &str) {
    assert_eq!(answers(policies, "shop", path, &[]), expected, "{path}");
}

#[test]
fn what_no_rule_matches_and_what_leads_nowhere_goes_to_the_service() {
    let one = |backends: Value| vec![policy("p", None, &[rule("PathPrefix", "/x", backends)])];
    check(&[], "/x", "a1");
    check(&one(json!([subset("b", 1)])), "/x", "b1");
    check(&one(json!([subset("b", 1)])), "/y", "a1");
    check(&one(json!([subset("missing", 1)])), "/x", "a1");
    check(&one(json!([{"kind": "MeshService", "name": "kuma.io/unresolved-backend", "weight": 1}])), "/x", "a1");
    check(&one(json!([subset("b", 1), subset("missing", 3)])), "/x", "b1");
    check(&one(json!([subset("b", 0)])), "/x", "a1");
    check(&one(json!([subset("c", 1)])), "/x", "a1");
    check(&one(json!([dead(1)])), "/x", "503");
    check(&one(json!([subset("b", 1), dead(3)])), "/x", "b1 503*3");
    let open = [Quirk::FailsOpen];
    assert_eq!(answers(&one(json!([subset("missing", 1)])), "shop", "/x", &open), "500");
    assert_eq!(answers(&one(json!([subset("b", 1)])), "shop", "/y", &open), "404");
    assert_eq!(answers(&[], "shop", "/y", &open), "a1");
}

#[test]
fn the_smallest_name_is_the_strongest_and_consumers_are_told_by_their_namespace() {
    let all = |name: &str, namespace: Option<&str>, service: &str| {
        policy(name, namespace, &[rule("PathPrefix", "/", json!([subset(service, 1)]))])
    };
    check(&[all("p", None, "b"), all("q", None, "a")], "/", "b1");
    let consumer = all("c", Some("infra"), "b");
    check(&[consumer.clone(), all("p", None, "a")], "/", "a1");
    assert_eq!(answers(&[consumer, all("p", None, "a")], "infra", "/", &[]), "b1");
    // The rules of both are one set, unless that is taken out.
    let both = [
        policy("c", Some("infra"), &[rule("PathPrefix", "/", json!([subset("b", 1)]))]),
        policy("p", None, &[rule("Exact", "/x", json!([subset("a", 1)]))]),
    ];
    assert_eq!(answers(&both, "infra", "/x", &[]), "a1");
    assert_eq!(answers(&both, "infra", "/x", &[Quirk::ProducersAnswerConsumers]), "b1");
    // A floor comes after everything, and a prefix does not hide behind an exact path.
    let floor = [
        policy("p", None, &[rule("PathPrefix", "/x", json!([subset("b", 1)]))]),
        policy("q", None, &[rule("RegularExpression", ".*", json!([dead(1)]))]),
    ];
    check(&floor, "/x/y", "b1");
    check(&floor, "/y", "503");
}

#[test]
fn connections_are_routed_where_no_request_is() {
    let tcp = |name: &str, backends: Value| {
        let mut policy = policy(name, None, &[json!({"default": {"backendRefs": backends}})]);
        policy["kind"] = "MeshTCPRoute".into();
        policy
    };
    let raw = |mut policy: Value| {
        policy["spec"]["to"][0]["targetRef"]["name"] = "c_shop_svc_80".into();
        policy
    };
    check(&[tcp("p", json!([subset("b", 1)]))], "/", "b1");
    check(&[tcp("p", json!([subset("c", 1)])), tcp("q", json!([subset("b", 1)]))], "/", "c1");
    check(&[tcp("p", json!([subset("b", 1), subset("missing", 3)]))], "/", "b1 0*3");
    check(&[tcp("p", json!([subset("missing", 3)]))], "/", "Closed");
    let requests = policy("z", None, &[rule("PathPrefix", "/", json!([subset("a", 1)]))]);
    check(&[tcp("p", json!([subset("b", 1)])), requests], "/", "a1");
    check(&[raw(tcp("p", json!([subset("b", 1)])))], "/", "a1");
}

#[test]
fn a_service_is_found_by_its_tag_and_where_there_are_mesh_services_by_its_name() {
    let by_name = |section: &str| {
        let mut named = policy("p", None, &[rule("PathPrefix", "/", json!([subset("b", 1)]))]);
        named["spec"]["to"][0]["targetRef"] =
            json!({"kind": "MeshService", "name": "a", "namespace": "shop", "sectionName": section});
        named
    };
    let mesh =
        |mode: &str| json!({"kind": "Mesh", "metadata": {"name": "default"}, "spec": {"meshServices": {"mode": mode}}});
    let ports = json!([{"port": 80, "name": "web", "appProtocol": "http"}]);
    let service = |name: &str| json!({"kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": {"ports": ports}});
    for (mode, section, found) in [
        ("Exclusive", "web", true),
        ("Exclusive", "80", true),
        ("Exclusive", "other", false),
        ("Disabled", "web", false),
    ] {
        let kuma = Kuma::new("east", &[by_name(section)], &[mesh(mode), service("a"), service("b")]).unwrap();
        let asked = super::destinations::at("Service", "shop", "a", 80);
        let request = request("shop", "/");
        let itself = Forward::untouched(&request, asked);
        assert_eq!(kuma.answers(&request, &[]) != [itself], found, "{mode} {section}");
    }
}
