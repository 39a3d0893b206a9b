use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{NASTY_PORTS, NASTY_WEIGHTS, SERVICE_PORTS, SERVICES, WEIGHTS};
use super::{Taste, one_in, pick, put, sometimes};

/// What a backendRef names: mostly a Service, now and then one that is missing or something else.
pub(super) fn target(taste: Taste) -> impl Strategy<Value = Value> {
    const OTHERS: &[(&str, &str, Option<&str>, &str)] = &[
        ("kuma.io", "MeshService", Some("shop"), "remote"),
        ("kuma.io", "MeshMultiZoneService", Some("kuma-system"), "everywhere"),
        ("kuma.io", "MeshExternalService", Some("kuma-system"), "outside"),
        ("kuma.io", "ExternalService", None, "bank"),
        ("apps", "Deployment", None, "cart"),
        ("", "Service", None, "missing"),
    ];
    let odd_port = if taste == Taste::Nasty { 10 } else { u32::MAX };
    let port = (pick(&SERVICE_PORTS), sometimes(odd_port, NASTY_PORTS));
    (pick(&SERVICES), sometimes(8, OTHERS), port, one_in(4)).prop_map(
        |((namespace, name), other, (port, odd), elsewhere)| {
            let mut target = json!({"name": name, "port": odd.unwrap_or(i64::from(port))});
            match other {
                None => put(&mut target, "namespace", elsewhere.then_some(namespace)),
                Some((group, kind, namespace, name)) => {
                    target = json!({"group": group, "kind": kind, "name": name, "port": port});
                    put(&mut target, "namespace", namespace);
                }
            }
            target
        },
    )
}

/// One entry of the `backendRefs` of a route of connections.
pub(super) fn target_with_weight(taste: Taste) -> impl Strategy<Value = Value> {
    let weights = if taste == Taste::Nasty { NASTY_WEIGHTS } else { WEIGHTS };
    (target(taste), prop::option::weighted(0.7, pick(weights))).prop_map(|(mut backend, weight)| {
        put(&mut backend, "weight", weight);
        backend
    })
}

/// One entry of the `backendRefs` of a route of requests.
pub(super) fn backend(taste: Taste) -> impl Strategy<Value = Value> {
    let filters = if taste == Taste::Nasty { 20 } else { 40 };
    (target_with_weight(taste), one_in(filters)).prop_map(|(mut backend, filters)| {
        if filters {
            let add = json!({"add": [{"name": "x", "value": "1"}]});
            backend["filters"] = json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": add}]);
        }
        backend
    })
}
