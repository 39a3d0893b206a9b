use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::parents::parents;
use super::values::{
    EXPRESSIONS, HOSTNAMES, MESHES, METHODS, NAMES, NASTY_EXPRESSIONS, NASTY_HOSTNAMES, NASTY_METHODS, NASTY_NAMES,
    NASTY_PATHS, NASTY_PORTS, NASTY_VALUES, PATHS, TIMES, VALUE_EXPRESSIONS, VALUES,
};
use super::{Taste, backends, one_in, pick, put, sometimes};

/// An HTTPRoute, not yet named.
pub(super) fn http_route(taste: Taste) -> impl Strategy<Value = Value> {
    let hostnames = prop::option::weighted(0.6, vec(hostname_of_route(taste), 1..=3));
    route("HTTPRoute", parents(taste), hostnames, vec(rule(taste), 1..=3))
}

/// A route of a kind, not yet named.
pub(super) fn route(
    kind: &'static str,
    parents: impl Strategy<Value = Vec<Value>>,
    hostnames: impl Strategy<Value = Option<Vec<&'static str>>>,
    rules: impl Strategy<Value = Vec<Value>>,
) -> impl Strategy<Value = Value> {
    let metadata = (prop::option::weighted(0.7, pick(TIMES)), sometimes(30, &MESHES));
    (parents, hostnames, rules, metadata).prop_map(move |(parents, hostnames, rules, (created, mesh))| {
        let mut metadata = json!({"generation": 1});
        put(&mut metadata, "creationTimestamp", created);
        put(&mut metadata, "labels", mesh.map(|mesh| json!({"kuma.io/mesh": mesh})));
        let mut spec = json!({"parentRefs": parents, "rules": rules});
        put(&mut spec, "hostnames", hostnames);
        let version = "gateway.networking.k8s.io/v1";
        json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})
    })
}

pub(super) fn hostname_of_route(taste: Taste) -> impl Strategy<Value = &'static str> {
    pick(if taste == Taste::Nasty { NASTY_HOSTNAMES } else { HOSTNAMES })
}

fn rule(taste: Taste) -> impl Strategy<Value = Value> {
    let matches = prop::option::weighted(0.9, vec(one_match(taste), 1..=2));
    let backends = vec(backends::backend(taste), 0..=3);
    let filters = vec(filter(taste), 0..=3);
    (matches, filters, backends, one_in(16)).prop_map(move |(matches, filters, backends, timeouts)| {
        let mut rule = json!({});
        put(&mut rule, "matches", matches);
        let filters = if taste == Taste::Sound { permitted(&rule, filters) } else { filters };
        let redirects = filters.iter().any(|filter| filter["type"] == "RequestRedirect");
        if !redirects || taste == Taste::Nasty && backends.len() > 1 {
            rule["backendRefs"] = backends.into();
        }
        if !filters.is_empty() {
            rule["filters"] = filters.into();
        }
        put(&mut rule, "timeouts", timeouts.then(|| json!({"request": "1s"})));
        rule
    })
}

/// Those filters that the CRD lets stand beside each other and beside what the rule matches.
fn permitted(rule: &Value, filters: Vec<Value>) -> Vec<Value> {
    let matches = rule["matches"].as_array().map_or(&[][..], Vec::as_slice);
    let one_prefix = matches.len() == 1 && matches[0]["path"]["type"] == "PathPrefix";
    let mut seen: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for mut filter in filters {
        let kind = filter["type"].clone();
        let diverts = |kind: &Value| kind == "RequestRedirect" || kind == "URLRewrite";
        if seen.contains(&kind) || diverts(&kind) && seen.iter().any(diverts) {
            continue;
        }
        for place in ["/requestRedirect/path", "/urlRewrite/path"] {
            if let Some(path) =
                filter.pointer_mut(place).filter(|path| path["type"] == "ReplacePrefixMatch" && !one_prefix)
            {
                *path = json!({"type": "ReplaceFullPath", "replaceFullPath": path["replacePrefixMatch"]});
            }
        }
        seen.push(kind);
        kept.push(filter);
    }
    kept
}

fn one_match(taste: Taste) -> impl Strategy<Value = Value> {
    let nasty = if taste == Taste::Nasty { 3 } else { u32::MAX };
    let headers = prop::option::weighted(0.5, vec(named(taste), 1..=2));
    let queries = prop::option::weighted(0.2, vec(named(taste), 1..=2));
    let method = (sometimes(5, METHODS), sometimes(nasty, NASTY_METHODS));
    (path(taste), method, headers, queries).prop_map(|(path, (method, odd), headers, queries)| {
        let mut one = json!({ "path": path });
        put(&mut one, "method", odd.filter(|_| method.is_some()).or(method));
        put(&mut one, "headers", headers);
        put(&mut one, "queryParams", queries);
        one
    })
}

fn path(taste: Taste) -> impl Strategy<Value = Value> {
    let nasty = if taste == Taste::Nasty { 3 } else { u32::MAX };
    let plain = (pick(&["PathPrefix", "PathPrefix", "Exact"]), pick(PATHS));
    let odd = (sometimes(nasty, NASTY_PATHS), sometimes(nasty, NASTY_EXPRESSIONS));
    (plain, odd, sometimes(8, EXPRESSIONS)).prop_map(|((kind, path), (odd, odd_expression), expression)| {
        match expression.map(|expression| odd_expression.unwrap_or(expression)) {
            Some(expression) => json!({"type": "RegularExpression", "value": expression}),
            None => json!({"type": kind, "value": odd.unwrap_or(path)}),
        }
    })
}

/// A match of a header or a query parameter.
pub(super) fn named(taste: Taste) -> impl Strategy<Value = Value> {
    let nasty = if taste == Taste::Nasty { 3 } else { u32::MAX };
    let names = (pick(NAMES), sometimes(nasty, NASTY_NAMES));
    let values = (pick(VALUES), sometimes(nasty, NASTY_VALUES));
    let expression = (sometimes(5, VALUE_EXPRESSIONS), sometimes(nasty, NASTY_EXPRESSIONS));
    (names, values, expression).prop_map(|((name, odd_name), (value, odd_value), (expression, odd_expression))| {
        let name = odd_name.unwrap_or(name);
        match expression.map(|expression| odd_expression.unwrap_or(expression)) {
            Some(expression) => json!({"type": "RegularExpression", "name": name, "value": expression}),
            None => json!({"name": name, "value": odd_value.unwrap_or(value)}),
        }
    })
}

fn filter(taste: Taste) -> BoxedStrategy<Value> {
    let section = |kind: &'static str, section: &'static str| move |value: Value| json!({"type": kind, section: value});
    let headers = || modifier(taste);
    let sound = prop_oneof![
        headers().prop_map(section("RequestHeaderModifier", "requestHeaderModifier")),
        headers().prop_map(section("ResponseHeaderModifier", "responseHeaderModifier")),
        rewrite(taste).prop_map(section("URLRewrite", "urlRewrite")),
        mirror(taste).prop_map(section("RequestMirror", "requestMirror")),
        redirect(taste).prop_map(section("RequestRedirect", "requestRedirect")),
    ];
    let unsupported = Just(json!({"type": "CORS", "cors": {"allowOrigins": ["https://a.example"]}}));
    if taste == Taste::Sound {
        return prop_oneof![30 => sound, 1 => unsupported].boxed();
    }
    let odd = prop::sample::select(vec![
        json!({"type": "ExtensionRef", "extensionRef": {"group": "a.example", "kind": "A", "name": "a"}}),
        json!({"type": "RequestRedirect"}),
        json!({"type": "Other"}),
        json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {}}),
        json!({"type": "URLRewrite", "urlRewrite": {}}),
    ]);
    prop_oneof![20 => sound, 1 => unsupported, 1 => odd].boxed()
}

/// A header modifier. Sound ones name a header once.
pub(super) fn modifier(taste: Taste) -> impl Strategy<Value = Value> {
    const HEADERS: &[&str] = &["x-one", "X-Two", "x-three"];
    let names = (Just(HEADERS), prop::option::weighted(0.3, pick(NASTY_NAMES)), 0..3_usize);
    let shape = 1..8_u8;
    (names, pick(VALUES), pick(NASTY_VALUES), shape).prop_map(move |((names, odd, place), value, odd_value, shape)| {
        let mut names: Vec<&str> = names.to_vec();
        let mut value = value;
        if let (Some(odd), Taste::Nasty) = (odd, taste) {
            names[place] = odd;
            value = odd_value;
        }
        let header = |name: &str| json!([{"name": name, "value": value}]);
        let mut change = json!({});
        put(&mut change, "set", (shape & 1 > 0).then(|| header(names[0])));
        put(&mut change, "add", (shape & 2 > 0).then(|| header(names[1])));
        put(&mut change, "remove", (shape & 4 > 0).then(|| json!([names[2]])));
        change
    })
}

fn modified_path(taste: Taste) -> impl Strategy<Value = Option<Value>> {
    const FULL: &[&str] = &["/new", "/", "/new/path"];
    let nasty = if taste == Taste::Nasty { 3 } else { u32::MAX };
    let modified = (pick(FULL), sometimes(nasty, NASTY_PATHS), any::<bool>()).prop_map(|(path, odd, prefix)| {
        let path = odd.unwrap_or(path);
        if prefix {
            json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": path})
        } else {
            json!({"type": "ReplaceFullPath", "replaceFullPath": path})
        }
    });
    prop::option::of(modified)
}

fn hostname(taste: Taste) -> impl Strategy<Value = Option<&'static str>> {
    const TO: &[&str] = &["to.example"];
    sometimes(2, if taste == Taste::Nasty { NASTY_HOSTNAMES } else { TO })
}

fn rewrite(taste: Taste) -> impl Strategy<Value = Value> {
    (hostname(taste), modified_path(taste)).prop_map(|(hostname, path)| {
        let mut rewrite = json!({});
        put(&mut rewrite, "hostname", hostname);
        put(&mut rewrite, "path", path);
        rewrite
    })
}

fn redirect(taste: Taste) -> impl Strategy<Value = Value> {
    const PORTS: &[i64] = &[8443, 80, 443];
    const CODES: &[i64] = &[301, 302, 307];
    let nasty = if taste == Taste::Nasty { 3 } else { u32::MAX };
    let port = (sometimes(3, PORTS), sometimes(nasty, NASTY_PORTS));
    let scheme = sometimes(2, &["https", "http"]);
    (hostname(taste), modified_path(taste), scheme, port, sometimes(2, CODES)).prop_map(
        |(hostname, path, scheme, (port, odd), code)| {
            let mut redirect = json!({});
            put(&mut redirect, "hostname", hostname);
            put(&mut redirect, "path", path);
            put(&mut redirect, "scheme", scheme);
            put(&mut redirect, "port", odd.or(port));
            put(&mut redirect, "statusCode", code);
            redirect
        },
    )
}

pub(super) fn mirror(taste: Taste) -> impl Strategy<Value = Value> {
    const SHARES: &[i64] = &[50, 0, 100, 7];
    let fraction = sometimes(4, &[(1, 3), (1, 1000), (2, 2)]);
    (backends::target(taste), sometimes(3, SHARES), fraction).prop_map(|(target, percent, fraction)| {
        let mut mirror = json!({ "backendRef": target });
        match (percent, fraction) {
            (Some(percent), _) => mirror["percent"] = percent.into(),
            (None, Some((numerator, denominator))) => {
                mirror["fraction"] = json!({"numerator": numerator, "denominator": denominator});
            }
            (None, None) => {}
        }
        mirror
    })
}
