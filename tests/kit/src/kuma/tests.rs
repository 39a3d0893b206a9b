//! What was measured on a running control plane, as a table. The numbers are those of the measurements.

use serde_json::{Value, json};

use super::{Kuma, Quirk};
use crate::traffic::{Answer, Destination, Place, Request};

fn gateway(listeners: Value) -> Vec<Value> {
    vec![
        json!({
            "kind": "MeshGateway",
            "metadata": {"name": "edge.infra"},
            "mesh": "default",
            "spec": {
                "selectors": [{"match": {"kuma.io/service": "edge_infra_svc"}}],
                "conf": {"listeners": listeners},
            },
        }),
        json!({"kind": "MeshGatewayInstance", "metadata": {"name": "edge", "namespace": "infra"}, "spec": {}}),
    ]
}

/// One listener for all hosts on port 80.
fn plain() -> Vec<Value> {
    gateway(json!([{"port": 80, "protocol": "HTTP", "tags": {"l": "a"}}]))
}

fn route(kind: &str, name: &str, target: Value, to: Value) -> Value {
    json!({"kind": kind, "metadata": {"name": name}, "spec": {"targetRef": target, "to": [to]}})
}

/// A MeshHTTPRoute on listeners with some tags.
fn http(name: &str, tags: Value, hostnames: &[&str], rules: Value) -> Value {
    let target = json!({"kind": "MeshGateway", "name": "edge.infra", "tags": tags});
    route("MeshHTTPRoute", name, target, json!({"targetRef": {"kind": "Mesh"}, "hostnames": hostnames, "rules": rules}))
}

fn tcp(backends: Value) -> Value {
    let target = json!({"kind": "MeshGateway", "name": "edge.infra"});
    let rules = json!([{"default": {"backendRefs": backends}}]);
    route("MeshTCPRoute", "tcp", target, json!({"targetRef": {"kind": "Mesh"}, "rules": rules}))
}

/// A rule for a path that sends to one of the Services.
fn rule(kind: &str, path: &str, service: &str) -> Value {
    json!({"matches": [{"path": {"type": kind, "value": path}}], "default": {"filters": [], "backendRefs": [subset(service)]}})
}

fn subset(service: &str) -> Value {
    json!({"kind": "MeshServiceSubset", "name": format!("{service}_shop_svc_80"), "tags": {"kuma.io/zone": "east"}})
}

fn weighted(mut backend: Value, weight: u64) -> Value {
    backend["weight"] = weight.into();
    backend
}

/// A Kuma with these objects and the Services a, b and c.
fn kuma(objects: &[Value]) -> Kuma {
    let service = |name: &str| json!({"kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": {"ports": [{"port": 80}]}});
    Kuma::new("east", objects, &["a", "b", "c"].map(service)).unwrap()
}

fn get(host: &str, path: &str) -> Request {
    Request {
        to: Place::Gateway { namespace: "infra".to_owned(), name: "edge".to_owned() },
        port: 80,
        server_name: None,
        host: host.to_owned(),
        method: "GET".to_owned(),
        path: path.to_owned(),
        headers: [].into(),
        query: [].into(),
    }
}

/// The answer in a word: the names of the Services with their shares, or the status.
fn word(answer: &Answer) -> String {
    match answer {
        Answer::Closed => "closed".to_owned(),
        Answer::Error(status) => status.to_string(),
        Answer::Redirect(redirect) => {
            format!("{}://{}:{}{}", redirect.scheme, redirect.host, redirect.port, redirect.path)
        }
        Answer::Forward(forward) => {
            let shares = forward.shares.iter().map(|(destination, share)| match destination {
                Destination::Port { name, .. } => format!("{name}{share}"),
                Destination::Nobody(status) => format!("{status}*{share}"),
            });
            shares
                .chain(forward.request_headers.set.keys().map(|name| format!("+{name}")))
                .collect::<Vec<_>>()
                .join(" ")
        }
    }
}

#[track_caller]
fn check(objects: &[Value], request: &Request, expected: &[&str]) {
    let answers: Vec<_> = kuma(objects).answers(request, &[]).iter().map(word).collect();
    assert_eq!(answers, expected, "{request}");
}

#[track_caller]
fn freezes(objects: &[Value], trap: &str) {
    let reasons = kuma(objects).frozen();
    assert!(reasons.iter().any(|reason| reason.starts_with(trap)), "{trap}: {reasons:?}");
}

fn with(mut objects: Vec<Value>, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
    objects.extend(more);
    objects
}

fn floor() -> Value {
    let headers = json!([{"type": "Present", "name": "x"}, {"type": "Absent", "name": "x"}]);
    let never = json!({"path": {"type": "Exact", "value": "/"}, "headers": headers});
    http(
        "floor",
        json!({}),
        &[],
        json!([{"matches": [never], "default": {"filters": [], "backendRefs": [subset("a")]}}]),
    )
}

#[test]
fn gateways_without_a_route_freeze_and_a_floor_keeps_them_from_it() {
    freezes(&plain(), "S1");
    let secure = json!([{"port": 80, "protocol": "HTTPS", "tls": {"certificates": [{"secret": "copy"}]}}]);
    freezes(&gateway(secure.clone()), "S2");
    freezes(&with(gateway(secure), [floor()]), "S7");
    assert_eq!(kuma(&with(plain(), [floor()])).frozen(), Vec::<String>::new());
    check(&with(plain(), [floor()]), &get("a.b", "/"), &["404"]);
    check(&[], &get("a.b", "/"), &["closed"]);
    let elsewhere = http("web", json!({}), &["other.test"], json!([rule("Exact", "/", "a")]));
    let named = gateway(json!([{"port": 80, "protocol": "HTTP", "hostname": "a.b"}]));
    freezes(&with(named, [elsewhere]), "S1");
}

#[test]
fn weights_are_shares_and_zero_is_a_trap() {
    let web = |backends: Value| {
        let found = json!([{"path": {"type": "PathPrefix", "value": "/"}}]);
        with(plain(), [http("web", json!({}), &[], json!([{"matches": found, "default": {"backendRefs": backends}}]))])
    };
    let placeholder = json!({"kind": "MeshService", "name": "kuma.io/unresolved-backend", "weight": 2});
    let missing = json!({"kind": "MeshService", "name": "x", "namespace": "shop", "port": 80});
    check(&web(json!([weighted(subset("a"), 6), weighted(subset("b"), 2)])), &get("h", "/"), &["a3 b1"]);
    check(&web(json!([weighted(subset("a"), 0)])), &get("h", "/"), &["a1"]);
    check(&web(json!([weighted(subset("a"), 2), placeholder])), &get("h", "/"), &["a1 500*1"]);
    check(&web(json!([missing])), &get("h", "/"), &["500"]);
    check(&web(json!([subset("x")])), &get("h", "/"), &["503"]);
    freezes(&web(json!([weighted(subset("a"), 0), weighted(subset("b"), 0)])), "S3");
    freezes(&web(json!([weighted(subset("a"), 4_000_000_000), weighted(subset("b"), 4_000_000_000)])), "S3");
}

#[test]
fn equal_matches_blend_and_the_largest_name_is_the_strongest() {
    let set = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "1"}]}});
    let web = |name: &str, service: &str, filters: Value| {
        let mut rule = rule("PathPrefix", "/", service);
        rule["default"]["filters"] = filters;
        http(name, json!({}), &[], json!([rule]))
    };
    check(&with(plain(), [web("a", "a", json!([])), web("b", "b", json!([]))]), &get("h", "/"), &["b1"]);
    check(&with(plain(), [web("a", "a", json!([set])), web("b", "b", json!([]))]), &get("h", "/"), &["b1"]);
    check(&with(plain(), [web("a", "a", json!([set])), web("b", "b", Value::Null)]), &get("h", "/"), &["b1 +x"]);
    let redirect = json!([{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]);
    let mut winner = web("b", "b", redirect);
    winner["spec"]["to"][0]["rules"][0]["default"]["backendRefs"] = json!([]);
    check(&with(plain(), [winner.clone(), web("a", "a", json!([]))]), &get("h", "/"), &["https://h:80/"]);
    winner["spec"]["to"][0]["rules"][0]["default"]["backendRefs"] = Value::Null;
    check(&with(plain(), [winner, web("a", "a", json!([]))]), &get("h", "/"), &["a1"]);
}

#[test]
fn tags_and_hostnames_keep_listeners_apart() {
    let two = || {
        with(
            gateway(json!([
                {"port": 80, "protocol": "HTTP", "tags": {"l": "wide"}},
                {"port": 80, "protocol": "HTTP", "tags": {"l": "narrow"}, "hostname": "a.b"},
            ])),
            [floor(), http("wide", json!({"l": "wide"}), &[], json!([rule("PathPrefix", "/", "a")]))],
        )
    };
    check(&two(), &get("c.d", "/"), &["a1"]);
    check(&two(), &get("a.b", "/"), &["404"]);
    let narrow = http("narrow", json!({"l": "narrow"}), &["a.b"], json!([rule("Exact", "/x", "b")]));
    check(&with(two(), [narrow.clone()]), &get("a.b", "/x"), &["b1"]);
    check(&with(two(), [narrow]), &get("a.b", "/"), &["404"]);
    let everything = route(
        "MeshHTTPRoute",
        "all",
        json!({"kind": "Mesh"}),
        json!({"targetRef": {"kind": "MeshService"}, "rules": [rule("PathPrefix", "/", "c")]}),
    );
    check(&with(two(), [everything.clone()]), &get("a.b", "/"), &["c1"]);
    let mut sidecars = everything;
    sidecars["spec"]["targetRef"] = json!({"kind": "Dataplane"});
    check(&with(two(), [sidecars]), &get("a.b", "/"), &["404"]);
}

#[test]
fn quirks_show_and_can_be_taken_out() {
    #[track_caller]
    fn quirk(quirk: Quirk, objects: &[Value], request: &Request, with: &[&str], without: &[&str]) {
        check(objects, request, with);
        let answers: Vec<_> = kuma(objects).answers(request, &[quirk]).iter().map(word).collect();
        assert_eq!(answers, without, "{request}");
    }
    let one = |rules: Value| with(plain(), [http("web", json!({}), &[], rules)]);
    let hosts = with(
        plain(),
        [
            http("all", json!({}), &[], json!([rule("PathPrefix", "/long", "a")])),
            http("host", json!({}), &["a.b"], json!([rule("PathPrefix", "/", "b")])),
        ],
    );
    quirk(Quirk::PathBeforeHostname, &hosts, &get("a.b", "/long"), &["a1"], &["b1"]);
    let mut posts = rule("Exact", "/x", "a");
    posts["matches"][0]["method"] = "POST".into();
    let hidden = one(json!([posts, rule("PathPrefix", "/x", "b")]));
    quirk(Quirk::ExactHidesPrefix, &hidden, &get("h", "/x"), &["404"], &["b1"]);
    check(&hidden, &get("h", "/x/y"), &["b1"]);
    let root = one(json!([rule("Exact", "/", "a"), rule("PathPrefix", "/", "b")]));
    quirk(Quirk::PrefixIsRoot, &root, &get("h", "/"), &["a1", "b1"], &["a1"]);
    let mut gets = rule("PathPrefix", "/", "b");
    gets["matches"][0]["method"] = "GET".into();
    let root = one(json!([rule("Exact", "/", "a"), gets]));
    quirk(Quirk::MethodBeforeRoot, &root, &get("h", "/"), &["b1"], &["a1"]);
    let mut short = rule("RegularExpression", "/.", "a");
    short["matches"][0]["method"] = "GET".into();
    let expressions = one(json!([short, rule("RegularExpression", "/[xy]", "b")]));
    quirk(Quirk::LongestExpression, &expressions, &get("h", "/x"), &["b1"], &["a1"]);
    let mut queries = rule("PathPrefix", "/", "a");
    let query = |name: &str| json!({"type": "RegularExpression", "name": name, "value": "[0-9]"});
    queries["matches"][0]["queryParams"] = json!([query("p"), query("q")]);
    let request = Request { query: [("q".to_owned(), "1".to_owned())].into(), ..get("h", "/") };
    quirk(Quirk::LastQueryExpression, &one(json!([queries.clone()])), &request, &["a1"], &["404"]);
    let exact = |value: &str| json!({"type": "Exact", "name": "p", "value": value});
    let both = |value: &str| [("p".to_owned(), value.to_owned()), ("q".to_owned(), "1".to_owned())].into();
    queries["matches"][0]["queryParams"] = json!([exact("1+"), query("q")]);
    let request = Request { query: both("1+"), ..get("h", "/") };
    quirk(Quirk::ValuesAreExpressions, &one(json!([queries.clone()])), &request, &["404"], &["a1"]);
    queries["matches"][0]["queryParams"] = json!([query("q"), exact("1+")]);
    check(&one(json!([queries.clone()])), &request, &["a1"]);
    queries["matches"][0]["queryParams"] = json!([exact("c++"), query("q")]);
    freezes(&one(json!([queries])), "Envoy");
}

#[test]
fn a_modifier_that_names_the_host_is_a_trap_unless_a_request_is_given_one() {
    let web = |kind: &str, section: &str, change: Value| {
        let mut rule = rule("PathPrefix", "/", "a");
        rule["default"]["filters"] = json!([{"type": kind, section: change}]);
        with(plain(), [http("web", json!({}), &[], json!([rule]))])
    };
    let request = |change: Value| web("RequestHeaderModifier", "requestHeaderModifier", change);
    let response = |change: Value| web("ResponseHeaderModifier", "responseHeaderModifier", change);
    let to = |name: &str| json!([{"name": name, "value": "to.example"}]);
    freezes(&request(json!({"add": to("Host")})), "Envoy");
    freezes(&request(json!({"remove": ["host"]})), "Envoy");
    freezes(&request(json!({"set": to("HOST")})), "Envoy");
    freezes(&response(json!({"set": to("host")})), "Envoy");
    assert_eq!(kuma(&request(json!({"set": to("host")}))).frozen(), Vec::<String>::new());
}

#[test]
fn rules_that_tie_are_in_any_order() {
    let header = |name: &str, service: &str| {
        let mut rule = rule("PathPrefix", "/", service);
        rule["matches"][0]["headers"] = json!([{"name": name, "value": "1"}]);
        rule
    };
    let mut request = get("h", "/");
    request.headers = [("p".to_owned(), "1".to_owned()), ("q".to_owned(), "1".to_owned())].into();
    let mut padded = header("p", "a");
    check(&with(plain(), [http("web", json!({}), &[], json!([padded, header("q", "b")]))]), &request, &["a1", "b1"]);
    padded["matches"][0]["headers"] =
        json!([{"name": "p", "value": "1"}, {"type": "Absent", "name": "x-deltagate-pad-1"}]);
    check(&with(plain(), [http("web", json!({}), &[], json!([padded, header("q", "b")]))]), &request, &["a1"]);
}

#[test]
fn prefixes_are_replaced_by_the_parts_of_paths() {
    let web = |prefix: &str, replacement: &str| {
        let path = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": replacement});
        let mut rule = rule("PathPrefix", prefix, "a");
        rule["default"] = json!({"filters": [{"type": "RequestRedirect", "requestRedirect": {"path": path}}]});
        with(plain(), [http("web", json!({}), &[], json!([rule]))])
    };
    for (prefix, replacement, path, expected) in [
        ("/foo", "/xyz", "/foo/bar", "/xyz/bar"),
        ("/foo", "/xyz/", "/foo/bar", "/xyz/bar"),
        ("/foo", "/xyz", "/foo", "/xyz"),
        ("/foo", "/xyz", "/foo/", "/xyz/"),
        ("/foo", "", "/foo/bar", "/bar"),
        ("/foo", "", "/foo/", "/"),
        ("/foo", "/", "/foo", "/"),
        ("/", "/xyz", "/bar", "/xyz/bar"),
    ] {
        check(&web(prefix, replacement), &get("h", path), &[&format!("http://h:80{expected}")]);
    }
    check(&web("/foo", "/xyz"), &get("h", "/foobar"), &["404"]);
}

#[test]
fn connections_go_by_port_or_by_server_name() {
    let listener = |protocol: &str, hostname: &str| json!({"port": 80, "protocol": protocol, "hostname": hostname});
    let plain = || gateway(json!([listener("TCP", "")]));
    let named = |name: &str| Request { server_name: Some(name.to_owned()), ..get("", "") };
    check(&plain(), &get("", ""), &["closed"]);
    check(
        &with(plain(), [tcp(json!([weighted(subset("a"), 1), weighted(subset("x"), 3)]))]),
        &get("", ""),
        &["a1 0*3"],
    );
    let secure = with(gateway(json!([listener("TLS", "*.b"), listener("TLS", "a.b")])), [tcp(json!([subset("a")]))]);
    check(&secure, &named("a.b"), &["a1"]);
    check(&secure, &named("c.d"), &["closed"]);
    check(&secure, &get("", ""), &["closed"]);
    freezes(&with(plain(), [tcp(json!([subset("a"), weighted(subset("b"), 0)]))]), "S5");
    freezes(
        &with(plain(), [tcp(json!([{"kind": "MeshService", "name": "x", "namespace": "shop", "port": 80}]))]),
        "S6",
    );
}
