use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{
    CLASSES, HOSTNAMES, LISTENERS, MESHES, NASTY_HOSTNAMES, NASTY_PORTS, PORTS, SECRETS, TEAMS, TIMES, gateways,
};
use super::{Taste, one_in, pick, put, sometimes};

/// A Gateway with one to four listeners, not yet named.
pub(super) fn gateway(taste: Taste) -> impl Strategy<Value = Value> {
    let listeners = vec(listener(taste), 1..=LISTENERS.len());
    let class = prop_oneof![15 => Just(CLASSES[0]), 1 => Just(CLASSES[1]), 3 => Just(CLASSES[2])];
    (listeners, sometimes(12, &MESHES), class, infrastructure(taste), namespaces()).prop_map(
        |(listeners, mesh, class, infrastructure, of_sets)| {
            let mut metadata = json!({"generation": 1});
            put(&mut metadata, "annotations", mesh.map(|mesh| json!({"kuma.io/mesh": mesh})));
            let mut spec = json!({ "gatewayClassName": class });
            spec["listeners"] = distinct(listeners).into();
            put(&mut spec, "infrastructure", infrastructure);
            put(&mut spec, "allowedListeners", of_sets.map(|namespaces| json!({ "namespaces": namespaces })));
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "metadata": metadata,
                "spec": spec,
            })
        },
    )
}

/// A ListenerSet with one to three listeners, most of them for HTTP, not yet named.
pub(super) fn listener_set(taste: Taste) -> impl Strategy<Value = Value> {
    const LISTENERS_MAX: usize = 3;
    let odd = if taste == Taste::Nasty { 8 } else { u32::MAX };
    let parent = (prop_oneof![3 => Just(0), 1 => 0..3_usize], sometimes(odd, &["Service"]));
    (vec(listener(taste), 1..=LISTENERS_MAX), parent, sometimes(2, TIMES)).prop_map(
        move |(listeners, (gateway, odd), created)| {
            let (namespace, name) = gateways(taste)[gateway];
            let mut parent = json!({"namespace": namespace, "name": name});
            put(&mut parent, "kind", odd);
            let mut metadata = json!({"generation": 1});
            put(&mut metadata, "creationTimestamp", created);
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "ListenerSet",
                "metadata": metadata,
                "spec": {"parentRef": parent, "listeners": distinct(listeners)},
            })
        },
    )
}

/// Names the listeners, and leaves out those that the CRD would not let stand beside the others.
fn distinct(listeners: Vec<Value>) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut kept = Vec::new();
    for (mut listener, name) in listeners.into_iter().zip(LISTENERS) {
        let identity = ["port", "protocol", "hostname"].map(|field| listener[field].clone());
        if !seen.contains(&identity) {
            listener["name"] = name.into();
            seen.push(identity);
            kept.push(listener);
        }
    }
    kept
}

fn infrastructure(taste: Taste) -> impl Strategy<Value = Option<Value>> {
    one_in(3).prop_map(move |some| {
        (some && taste == Taste::Nasty)
            .then(|| json!({"labels": {"team": "blue"}, "annotations": {"example.com/a": "any thing"}}))
    })
}

fn listener(taste: Taste) -> impl Strategy<Value = Value> {
    const OTHERS: &[&str] = &["HTTPS", "UDP", "TLS", "TCP", "HTTP"];
    // Most listeners are for HTTP, as most that there is to say is said of it.
    let place = [8, 2, 2, 2, 1].into_iter().zip(PORTS).map(|(weight, place)| (weight, Just(place)));
    let place = prop::strategy::Union::new_weighted(place.collect());
    let names: &'static [&'static str] = if taste == Taste::Nasty { NASTY_HOSTNAMES } else { HOSTNAMES };
    let odd_port = if taste == Taste::Nasty { 30 } else { u32::MAX };
    let hostname = prop::option::weighted(0.6, pick(names));
    let protocol = (place, sometimes(20, OTHERS), tls());
    (protocol, hostname, allowed(), sometimes(odd_port, NASTY_PORTS)).prop_map(
        move |(((port, usual), other, tls), hostname, allowed, odd)| {
            let protocol = other.unwrap_or(usual);
            let mut listener = json!({"name": "", "port": odd.unwrap_or(i64::from(port)), "protocol": protocol});
            let named = ["HTTP", "HTTPS", "TLS"].contains(&protocol) || taste == Taste::Nasty;
            put(&mut listener, "hostname", hostname.filter(|_| named));
            let terminated = json!({"mode": "Terminate", "certificateRefs": tls["certificateRefs"]});
            match (protocol, tls["mode"] == "Passthrough") {
                ("TLS", true) => listener["tls"] = json!({"mode": "Passthrough"}),
                ("HTTPS", true) if taste == Taste::Nasty => listener["tls"] = json!({"mode": "Passthrough"}),
                ("HTTPS" | "TLS", _) => listener["tls"] = terminated,
                _ => {}
            }
            put(&mut listener, "allowedRoutes", allowed);
            listener
        },
    )
}

/// How a listener deals with TLS, and the certificates that it would have.
fn tls() -> impl Strategy<Value = Value> {
    (any::<bool>(), vec(certificate_ref(), 1..=3)).prop_map(|(passes, certificates)| {
        json!({"mode": if passes { "Passthrough" } else { "Terminate" }, "certificateRefs": certificates})
    })
}

/// Mostly a Secret of the Gateway's own namespace, now and then one that is missing or something else.
fn certificate_ref() -> impl Strategy<Value = Value> {
    (pick(&SECRETS), one_in(3), one_in(8), one_in(16)).prop_map(|((namespace, name), elsewhere, missing, other)| {
        let mut reference = json!({"name": if missing { "missing" } else { name }});
        put(&mut reference, "namespace", elsewhere.then_some(namespace));
        put(&mut reference, "kind", other.then_some("ConfigMap"));
        reference
    })
}

/// What routes a listener takes.
fn allowed() -> impl Strategy<Value = Option<Value>> {
    const KINDS: &[&[&str]] = &[&["HTTPRoute"], &["GRPCRoute"], &["HTTPRoute", "TCPRoute"], &["TLSRoute", "GRPCRoute"]];
    (namespaces(), sometimes(8, KINDS)).prop_map(|(namespaces, kinds)| {
        let mut allowed = json!({ "namespaces": namespaces? });
        let kinds = kinds.map(|kinds| kinds.iter().map(|kind| json!({ "kind": kind })).collect::<Vec<_>>());
        put(&mut allowed, "kinds", kinds);
        Some(allowed)
    })
}

/// Whom a Gateway or listener lets in; none where nothing is said.
fn namespaces() -> impl Strategy<Value = Option<Value>> {
    const FROM: &[&str] = &["All", "All", "All", "All", "All", "All", "Selector", "Same"];
    let namespaces = (pick(FROM), pick(&TEAMS), one_in(3)).prop_map(|(from, team, not)| {
        let mut namespaces = json!({ "from": from });
        if from == "Selector" {
            namespaces["selector"] = if not {
                json!({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": [team]}]})
            } else {
                json!({"matchLabels": {"team": team}})
            };
        }
        namespaces
    });
    prop::option::weighted(0.9, namespaces)
}
