//! Sentences of the specification, each with an example of what they come to.

mod listener_sets;

use serde_json::{Value, json};

use super::Cluster;
use crate::traffic::{Answer, Destination, Place, Request};

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
        to: Place::Gateway { namespace: "shop".to_owned(), name: "edge".to_owned() },
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

/// A Service a with a port for HTTP and one for something else, Services b and c, and these routes on a.
fn in_mesh(routes: Vec<Value>) -> Vec<Value> {
    let mut objects = routes;
    objects.push(json!({"kind": "Mesh", "metadata": {"name": "default"}}));
    for name in ["a", "b", "c"] {
        let ports = json!([{"port": 80, "name": "web", "appProtocol": "http"}, {"port": 81, "name": "raw"}]);
        let metadata = json!({"namespace": "shop", "name": name});
        objects.push(json!({"kind": "Service", "metadata": metadata, "spec": {"ports": ports}}));
    }
    objects
}

fn on_service(namespace: &str, parent: Value, rules: Value) -> Value {
    let mut reference = json!({"group": "", "kind": "Service", "name": "a", "namespace": "shop"});
    parent.as_object().into_iter().flatten().for_each(|(name, value)| reference[name] = value.clone());
    let metadata = json!({"namespace": namespace, "name": "r"});
    json!({"kind": "HTTPRoute", "metadata": metadata, "spec": {"parentRefs": [reference], "rules": rules}})
}

#[track_caller]
fn check_in_mesh(objects: &[Value], from: &str, port: u16, path: &str, expected: &str) {
    let text = |text: &str| text.to_owned();
    let to = Place::Service { namespace: text("shop"), name: text("a"), from: text(from), mesh: text("default") };
    let (headers, query) = ([].into(), [].into());
    let (host, method, path) = (text("a.shop"), text("POST"), text(path));
    let request = Request { to, port, server_name: None, host, method, path, headers, query };
    let answer = match Cluster::new("us", objects).unwrap().answer(&request) {
        Answer::Forward(forward) => {
            let name = |(destination, share): (&Destination, &u64)| match destination {
                Destination::Port { name, port, .. } => format!("{name}:{port}={share}"),
                Destination::Nobody(status) => format!("{status}={share}"),
            };
            forward.shares.iter().map(name).collect::<Vec<_>>().join(" ")
        }
        Answer::Error(status) => status.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(answer, expected, "{request}");
}

#[test]
fn a_service_with_routes_answers_by_them_alone() {
    let to = |service: &str| json!([{"name": service, "namespace": "shop", "port": 80}]);
    let rules = |path: &str, service: &str| json!([{"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": to(service)}]);
    check_in_mesh(&in_mesh(vec![]), "shop", 80, "/", "a:80=1");
    let producer = || on_service("shop", json!({}), rules("/x", "b"));
    check_in_mesh(&in_mesh(vec![producer()]), "db", 80, "/x", "b:80=1");
    check_in_mesh(&in_mesh(vec![producer()]), "db", 80, "/", "404");
    // A port that does not say that it speaks HTTP is left alone.
    check_in_mesh(&in_mesh(vec![producer()]), "db", 81, "/", "a:81=1");
    // No grant is needed, and consumers are asked first, but only theirs.
    let both = in_mesh(vec![producer(), on_service("infra", json!({}), rules("/y", "c"))]);
    check_in_mesh(&both, "infra", 80, "/y", "c:80=1");
    check_in_mesh(&both, "infra", 80, "/x", "404");
    check_in_mesh(&both, "db", 80, "/x", "b:80=1");
    for (parent, asked) in [
        (json!({"sectionName": "web"}), true),
        (json!({"sectionName": "raw"}), false),
        (json!({"port": 80}), true),
        (json!({"port": 80, "sectionName": "raw"}), false),
        (json!({"group": "gateway.networking.k8s.io"}), true),
        (json!({"group": "kuma.io", "kind": "MeshService"}), false),
    ] {
        let objects = in_mesh(vec![on_service("shop", parent, rules("/", "b"))]);
        check_in_mesh(&objects, "shop", 80, "/", if asked { "b:80=1" } else { "a:80=1" });
    }
    // What does not speak HTTP cannot be routed to.
    let raw = json!([{"backendRefs": [{"name": "b", "port": 81}]}]);
    check_in_mesh(&in_mesh(vec![on_service("shop", json!({}), raw)]), "shop", 80, "/", "500");
}

#[test]
fn a_service_sends_connections_where_nothing_routes_requests() {
    let route = |name: &str, created: u8, service: &str| {
        let mut route = on_service("shop", json!({}), json!([{"backendRefs": [{"name": service, "port": 81}]}]));
        route["kind"] = "TCPRoute".into();
        route["metadata"]["name"] = name.into();
        route["metadata"]["creationTimestamp"] = format!("2026-01-{created:02}T00:00:00Z").into();
        route
    };
    check_in_mesh(&in_mesh(vec![route("a", 2, "b"), route("b", 1, "c")]), "db", 81, "/", "c:81=1");
    check_in_mesh(&in_mesh(vec![route("a", 2, "b")]), "db", 80, "/", "b:81=1");
    check_in_mesh(&in_mesh(vec![route("a", 2, "missing")]), "db", 81, "/", "Closed");
    let requests = on_service("shop", json!({}), json!([{"backendRefs": [{"name": "c", "port": 80}]}]));
    let both = in_mesh(vec![route("a", 2, "b"), requests]);
    check_in_mesh(&both, "db", 80, "/", "c:80=1");
    check_in_mesh(&both, "db", 81, "/", "b:81=1");
}

#[test]
fn calls_are_matched_by_service_and_method() {
    let route = |matches: Value| {
        let rules = json!([{"matches": matches, "backendRefs": [{"name": "b", "port": 80}]}]);
        let mut route = on_service("shop", json!({}), rules);
        route["kind"] = "GRPCRoute".into();
        in_mesh(vec![route])
    };
    let both = route(json!([{"method": {"service": "a.B", "method": "Get"}}]));
    check_in_mesh(&both, "shop", 80, "/a.B/Get", "b:80=1");
    check_in_mesh(&both, "shop", 80, "/a.B/Put", "404");
    let service = route(json!([{"method": {"service": "a.B"}}]));
    check_in_mesh(&service, "shop", 80, "/a.B/Put", "b:80=1");
    check_in_mesh(&service, "shop", 80, "/a.BC/Put", "404");
    let method = route(json!([{"method": {"method": "Get"}}]));
    check_in_mesh(&method, "shop", 80, "/x/Get", "b:80=1");
    check_in_mesh(&method, "shop", 80, "/x/Put", "404");
    let expression = route(json!([{"method": {"type": "RegularExpression", "service": "a[.].*", "method": "G.t"}}]));
    check_in_mesh(&expression, "shop", 80, "/a.C/Get", "b:80=1");
    check_in_mesh(&expression, "shop", 80, "/b.C/Get", "404");
    check_in_mesh(&route(json!([])), "shop", 80, "/x/y", "b:80=1");
}

/// The shares of those who get a connection, and their names.
fn connect(cluster: &Cluster, port: u16, server_name: Option<&str>) -> String {
    let text = |text: &str| text.to_owned();
    let to = Place::Gateway { namespace: text("shop"), name: text("edge") };
    let (server_name, host, method, path) = (server_name.map(text), text("x"), text("GET"), text("/"));
    let request = Request { to, port, server_name, host, method, path, headers: [].into(), query: [].into() };
    match cluster.answer(&request) {
        Answer::Forward(forward) => {
            let name = |(destination, share): (&Destination, &u64)| match destination {
                Destination::Port { name, .. } => format!("{name}{share}"),
                Destination::Nobody(_) => format!("nobody{share}"),
            };
            forward.shares.iter().map(name).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn connections_go_to_the_narrowest_hostname_and_there_to_the_oldest_route() {
    let route = |kind: &str, name: &str, created: u8, hostnames: Value, service: &str| {
        let rules = json!([{"backendRefs": [{"name": service, "port": 80}, {"name": "missing", "port": 80}]}]);
        let mut route = route(name, created, json!({"hostnames": hostnames, "rules": rules}));
        route["kind"] = kind.into();
        route
    };
    let mut objects = cluster(
        &[],
        vec![
            route("TLSRoute", "wide", 1, json!(["*.b"]), "a"),
            route("TLSRoute", "young", 3, json!(["a.b"]), "a"),
            route("TLSRoute", "old", 2, json!(["a.b"]), "b"),
            route("TCPRoute", "tcp", 9, json!([]), "a"),
            route("TCPRoute", "first", 1, json!([]), "b"),
        ],
    );
    let gateway = objects.iter_mut().find(|object| object["kind"] == "Gateway").unwrap();
    gateway["spec"]["listeners"] = json!([
        {"name": "tls", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}},
        {"name": "tcp", "port": 9000, "protocol": "TCP"},
        {"name": "bare", "port": 9001, "protocol": "TCP", "allowedRoutes": {"kinds": [{"kind": "TLSRoute"}]}},
    ]);
    let cluster = Cluster::new("us", &objects).unwrap();
    let ask = |port, server_name| connect(&cluster, port, server_name);
    assert_eq!(ask(443, Some("a.b")), "b1 nobody1");
    assert_eq!(ask(443, Some("c.b")), "a1 nobody1");
    assert_eq!(ask(443, Some("c.d")), "Closed");
    assert_eq!(ask(443, None), "Closed");
    assert_eq!(ask(9000, None), "b1 nobody1");
    assert_eq!(ask(9000, Some("a.b")), "Closed");
    assert_eq!(ask(9001, None), "Closed");
}
