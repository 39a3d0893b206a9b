use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{HOSTNAMES, LISTENERS, MESHES, NASTY_HOSTNAMES, NASTY_PORTS, PORTS, TEAMS};
use super::{Taste, one_in, pick, put, sometimes};

/// A Gateway with one to four listeners, not yet named.
pub(super) fn gateway(taste: Taste) -> impl Strategy<Value = Value> {
    let listeners = vec(listener(taste), 1..=LISTENERS.len());
    (listeners, sometimes(20, &MESHES), one_in(20), infrastructure(taste)).prop_map(
        |(listeners, mesh, foreign, infrastructure)| {
            let mut metadata = json!({"generation": 1});
            put(&mut metadata, "annotations", mesh.map(|mesh| json!({"kuma.io/mesh": mesh})));
            let mut spec = json!({"gatewayClassName": if foreign { "foreign" } else { "kuma" }});
            spec["listeners"] = distinct(listeners).into();
            put(&mut spec, "infrastructure", infrastructure);
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "metadata": metadata,
                "spec": spec,
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
    const OTHERS: &[&str] = &["HTTPS", "UDP"];
    let names: &'static [&'static str] = if taste == Taste::Nasty { NASTY_HOSTNAMES } else { HOSTNAMES };
    let odd_port = if taste == Taste::Nasty { 30 } else { u32::MAX };
    let hostname = prop::option::weighted(0.6, pick(names));
    (pick(&PORTS), sometimes(20, OTHERS), hostname, allowed(), sometimes(odd_port, NASTY_PORTS)).prop_map(
        |(port, other, hostname, allowed, odd)| {
            let protocol = other.unwrap_or("HTTP");
            let mut listener = json!({"name": "", "port": odd.unwrap_or(i64::from(port)), "protocol": protocol});
            if protocol != "UDP" {
                put(&mut listener, "hostname", hostname);
            }
            if protocol == "HTTPS" {
                listener["tls"] = json!({"mode": "Terminate", "certificateRefs": [{"name": "missing"}]});
            }
            put(&mut listener, "allowedRoutes", allowed);
            listener
        },
    )
}

fn allowed() -> impl Strategy<Value = Option<Value>> {
    const FROM: &[&str] = &["All", "All", "All", "All", "All", "All", "Selector", "Same"];
    const KINDS: &[&[&str]] = &[&["HTTPRoute"], &["GRPCRoute"], &["HTTPRoute", "TCPRoute"]];
    let team = pick(&TEAMS);
    let allowed = (pick(FROM), team, sometimes(8, KINDS), one_in(3)).prop_map(|(from, team, kinds, not)| {
        let mut namespaces = json!({ "from": from });
        if from == "Selector" {
            namespaces["selector"] = if not {
                json!({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": [team]}]})
            } else {
                json!({"matchLabels": {"team": team}})
            };
        }
        let mut allowed = json!({ "namespaces": namespaces });
        let kinds = kinds.map(|kinds| kinds.iter().map(|kind| json!({ "kind": kind })).collect::<Vec<_>>());
        put(&mut allowed, "kinds", kinds);
        allowed
    });
    prop::option::weighted(0.9, allowed)
}
