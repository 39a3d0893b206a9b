use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::parents::parents;
use super::routes::{hostname_of_route, mirror, modifier, named, route};
use super::values::{CALL_EXPRESSIONS, CALLED_METHODS, CALLED_SERVICES, NASTY_EXPRESSIONS, NASTY_NAMES};
use super::{Taste, backends, one_in, pick, put, sometimes};

/// A GRPCRoute, not yet named.
pub(super) fn grpc_route(taste: Taste) -> impl Strategy<Value = Value> {
    let hostnames = prop::option::weighted(0.8, vec(hostname_of_route(taste), 1..=2));
    // Other than an HTTPRoute, one without rules is just that.
    route("GRPCRoute", parents(taste), hostnames, vec(rule(taste), 0..=2)).prop_map(|mut route| {
        // It leaves no trace on a MeshService made by hand, of which no tag is known by which a sidecar could refuse.
        if route["spec"]["rules"] == json!([])
            && let Some(parents) = route["spec"]["parentRefs"].as_array_mut()
        {
            parents.retain(|parent| parent["name"] != "remote");
        }
        route
    })
}

fn rule(taste: Taste) -> impl Strategy<Value = Value> {
    let matches = prop::option::weighted(0.9, vec(one_match(taste), 1..=2));
    (matches, prop::option::weighted(0.4, filter(taste)), vec(backends::backend(taste), 0..=2)).prop_map(
        |(matches, filter, backends)| {
            let mut rule = json!({ "backendRefs": backends });
            put(&mut rule, "matches", matches);
            put(&mut rule, "filters", filter.map(|filter| vec![filter]));
            rule
        },
    )
}

fn one_match(taste: Taste) -> impl Strategy<Value = Value> {
    (prop::option::weighted(0.9, method(taste)), prop::option::weighted(0.3, vec(named(taste), 1..=2))).prop_map(
        |(method, headers)| {
            let mut one = json!({});
            put(&mut one, "method", method);
            put(&mut one, "headers", headers);
            one
        },
    )
}

fn method(taste: Taste) -> impl Strategy<Value = Value> {
    let nasty = if taste == Taste::Nasty { 6 } else { u32::MAX };
    let odd = (sometimes(nasty, NASTY_NAMES), sometimes(nasty, NASTY_EXPRESSIONS));
    let parts = (pick(CALLED_SERVICES), pick(CALLED_METHODS), 0..4_u8);
    (parts, sometimes(6, CALL_EXPRESSIONS), odd).prop_map(|((service, method, shape), expression, (name, pattern))| {
        if let Some((service, method)) = expression {
            let service = pattern.unwrap_or(service);
            return json!({"type": "RegularExpression", "service": service, "method": method});
        }
        // Most calls are named in full, some by one half.
        let mut wanted = json!({});
        put(&mut wanted, "service", (shape != 1).then(|| name.unwrap_or(service)));
        put(&mut wanted, "method", (shape != 2).then_some(method));
        wanted
    })
}

fn filter(taste: Taste) -> impl Strategy<Value = Value> {
    let section = |kind: &'static str, section: &'static str| move |value: Value| json!({"type": kind, section: value});
    let sound = prop_oneof![
        modifier(taste).prop_map(section("RequestHeaderModifier", "requestHeaderModifier")),
        modifier(taste).prop_map(section("ResponseHeaderModifier", "responseHeaderModifier")),
        mirror(taste).prop_map(section("RequestMirror", "requestMirror")),
    ];
    let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "a.example", "kind": "A", "name": "a"}});
    (sound, one_in(12)).prop_map(move |(sound, other)| if other { extension.clone() } else { sound })
}
