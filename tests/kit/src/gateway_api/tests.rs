//! Sentences of the specification, each with an example of what they come to.

use serde_json::{Value, json};

use super::Cluster;
use crate::traffic::{Answer, Destination, Request};

/// A Gateway with listeners `<name>:<port>:<hostname>`, a Mesh, a class and Services a, b and c.
fn cluster(listeners: &[&str], routes: Vec<Value>) -> Vec<Value> {
    let listener = |text: &&str| {
        let parts: Vec<_> = text.split(':').collect();
        let mut listener = json!({"name": parts[0], "port": parts[1].parse::<u16>().unwrap(), "protocol": "HTTP"});
        if let Some(hostname) = parts.get(2) {
            listener["hostname"] = (*hostname).into();
        }
        listener
    };
    let listeners: Vec<_> = listeners.iter().map(listener).collect();
    let mut objects = routes;
    objects.push(json!({"kind": "Mesh", "metadata": {"name": "default"}}));
    objects.push(json!({"kind": "GatewayClass", "metadata": {"name": "kuma"}, "spec": {"controllerName": "us"}}));
    objects.push(json!({
        "kind": "Gateway",
        "metadata": {"namespace": "shop", "name": "edge"},
        "spec": {"gatewayClassName": "kuma", "listeners": listeners},
    }));
    for (namespace, name) in [("shop", "a"), ("shop", "b"), ("db", "c")] {
        let metadata = json!({"namespace": namespace, "name": name});
        objects.push(json!({"kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}));
    }
    objects
}

/// A route of the namespace of the Gateway.
fn route(name: &str, created: u8, spec: Value) -> Value {
    let mut spec = spec;
    if spec.get("parentRefs").is_none() {
        spec["parentRefs"] = json!([{"name": "edge"}]);
    }
    let created = format!("2026-01-{created:02}T00:00:00Z");
    json!({
        "kind": "HTTPRoute",
        "metadata": {"namespace": "shop", "name": name, "creationTimestamp": created},
        "spec": spec,
    })
}

fn rule(found: Value, service: &str) -> Value {
    json!({"matches": [found], "backendRefs": [{"name": service, "port": 80}]})
}

fn prefix(path: &str, service: &str) -> Value {
    rule(json!({"path": {"type": "PathPrefix", "value": path}}), service)
}

#[track_caller]
fn check(objects: &[Value], target: &str, headers: &[(&str, &str)], expected: &str) {
    let (host, path) = target.split_once('/').unwrap();
    let text = |text: &str| text.to_owned();
    let request = Request {
        gateway: ("shop".to_owned(), "edge".to_owned()),
        port: 80,
        server_name: None,
        host: host.to_owned(),
        method: "GET".to_owned(),
        path: format!("/{path}"),
        headers: headers.iter().map(|(name, value)| (text(name), text(value))).collect(),
        query: [].into(),
    };
    let answer = match Cluster::new("us", objects).unwrap().answer(&request) {
        Answer::Closed => "closed".to_owned(),
        Answer::Error(status) => status.to_string(),
        Answer::Redirect(redirect) => {
            format!("{}://{}:{}{}", redirect.scheme, redirect.host, redirect.port, redirect.path)
        }
        Answer::Forward(forward) => {
            let name = |destination: &Destination| match destination {
                Destination::Port { name, .. } => name.clone(),
                Destination::Nobody(status) => status.to_string(),
            };
            forward.shares.iter().map(|(to, share)| format!("{}{share}", name(to))).collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(answer, expected, "{request}");
}

#[test]
fn the_narrowest_listener_answers_alone() {
    let web =
        route("web", 1, json!({"parentRefs": [{"name": "edge", "sectionName": "all"}], "rules": [prefix("/", "a")]}));
    let objects = cluster(&["all:80", "one:80:a.b"], vec![web.clone()]);
    check(&objects, "x.y/", &[], "a1");
    check(&objects, "a.b/", &[], "404");
    check(&cluster(&["all:81"], vec![web.clone()]), "x.y/", &[], "closed");
    check(&cluster(&["all:80", "same:80"], vec![web]), "x.y/", &[], "closed");
}

#[test]
fn hostnames_meet_and_the_narrowest_goes_first() {
    let web = |name: &str, hostname: &str, path: &str, service: &str| {
        route(name, 1, json!({"hostnames": [hostname], "rules": [prefix(path, service)]}))
    };
    let objects = cluster(&["all:80:*.b"], vec![web("one", "a.b", "/", "a"), web("all", "*.b", "/long", "b")]);
    check(&objects, "a.b/long", &[], "a1");
    check(&objects, "x.b/long", &[], "b1");
    check(&objects, "x.b/", &[], "404");
    check(&objects, "b/long", &[], "404");
    check(&cluster(&["all:80:*.c"], vec![web("one", "a.b", "/", "a")]), "a.b/", &[], "404");
}

#[test]
fn rules_go_by_path_then_method_then_headers_then_age() {
    let found = |path: &str, more: Value| {
        let mut found = json!({"path": {"type": "PathPrefix", "value": path}});
        more.as_object().into_iter().flatten().for_each(|(name, value)| found[name] = value.clone());
        found
    };
    let header = json!({"headers": [{"name": "X-A", "value": "1"}]});
    let rules = |first: Value, second: Value| json!({"rules": [rule(first, "a"), rule(second, "b")]});
    let one = |spec: Value| cluster(&["all:80"], vec![route("web", 1, spec)]);
    check(&one(rules(found("/", header.clone()), found("/x", json!({})))), "h/x/y", &[("x-a", "1")], "b1");
    check(&one(rules(found("/", header.clone()), found("/", json!({"method": "GET"})))), "h/", &[("x-a", "1")], "b1");
    check(&one(rules(found("/", header.clone()), found("/", json!({})))), "h/", &[("x-a", "1")], "a1");
    check(&one(rules(found("/", header), found("/", json!({})))), "h/", &[], "b1");
    check(&one(rules(found("/", json!({})), found("/", json!({})))), "h/", &[], "a1");
    check(&one(rules(found("/x/", json!({})), found("/", json!({})))), "h/xy", &[], "b1");
    let young = route("a", 2, json!({"rules": [prefix("/", "a")]}));
    let old = route("b", 1, json!({"rules": [prefix("/", "b")]}));
    check(&cluster(&["all:80"], vec![young, old]), "h/", &[], "b1");
}

#[test]
fn backends_that_cannot_be_used_answer_for_their_share() {
    let web =
        |backends: Value| cluster(&["all:80"], vec![route("web", 1, json!({"rules": [{"backendRefs": backends}]}))]);
    let there = json!({"name": "c", "namespace": "db", "port": 80});
    check(
        &web(json!([{"name": "a", "port": 80, "weight": 2}, {"name": "x", "port": 80, "weight": 4}])),
        "h/",
        &[],
        "a1 5002",
    );
    check(&web(json!([{"name": "a", "port": 81}])), "h/", &[], "500");
    check(&web(json!([{"name": "a", "port": 80, "weight": 0}])), "h/", &[], "500");
    check(&web(json!([])), "h/", &[], "500");
    check(&web(json!([there])), "h/", &[], "500");
    let mut granted = web(json!([there]));
    granted.push(json!({"kind": "ReferenceGrant", "metadata": {"namespace": "db", "name": "g"}, "spec": {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service"}],
    }}));
    check(&granted, "h/", &[], "c1");
}

#[test]
fn redirects_take_what_is_not_given_from_the_request_and_the_listener() {
    let web = |redirect: Value| {
        let filters = json!([{"type": "RequestRedirect", "requestRedirect": redirect}]);
        let found = json!([{"path": {"type": "PathPrefix", "value": "/foo"}}]);
        cluster(&["all:80"], vec![route("web", 1, json!({"rules": [{"matches": found, "filters": filters}]}))])
    };
    check(&web(json!({"scheme": "https"})), "h/foo", &[], "https://h:443/foo");
    check(&web(json!({"hostname": "x.y", "port": 8080})), "h/foo", &[], "http://x.y:8080/foo");
    let replaced = |by: &str| json!({"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": by}});
    check(&web(replaced("/xyz")), "h/foo/bar", &[], "http://h:80/xyz/bar");
    check(&web(replaced("/xyz")), "h/foo/", &[], "http://h:80/xyz/");
    check(&web(replaced("/")), "h/foo", &[], "http://h:80/");
    check(&web(replaced("")), "h/foo/bar", &[], "http://h:80/bar");
}
