use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{LISTENERS, PORTS, SERVICE_PORTS, SERVICES, gateways, listener_sets};
use super::{Taste, one_in, pick, put, sometimes};

/// One or two Gateways or `ListenerSets` that a route names.
pub(super) fn holders(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    vec(holder(taste), 1..=2)
}

/// One or two parents, most of them Gateways, and some Services.
pub(super) fn parents(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    vec(prop_oneof![3 => holder(taste), 1 => service()], 1..=2)
}

/// Who has listeners: mostly a Gateway, now and then a ListenerSet.
fn holder(taste: Taste) -> impl Strategy<Value = Value> {
    let gateway = (0..3_usize).prop_map(move |index| (None, gateways(taste)[index]));
    let set = (0..2_usize).prop_map(move |index| (Some("ListenerSet"), listener_sets(taste)[index]));
    let named = prop_oneof![4 => gateway, 1 => set];
    (named, sometimes(4, &LISTENERS), sometimes(8, &PORTS)).prop_map(|((kind, (namespace, name)), section, port)| {
        let mut parent = json!({"namespace": namespace, "name": name});
        put(&mut parent, "kind", kind);
        put(&mut parent, "sectionName", section);
        put(&mut parent, "port", port.map(|(port, _)| port));
        parent
    })
}

/// A Service, one of which is in demand so that routes meet, or a MeshService made of one or by hand.
fn service() -> impl Strategy<Value = Value> {
    const GROUPS: &[&str] = &["", "gateway.networking.k8s.io"];
    const SECTIONS: &[&str] = &["p80", "p8080", "80", "other"];
    let name = prop_oneof![Just(SERVICES[0]), pick(&SERVICES), Just(("shop", "missing"))];
    let name = (name, one_in(4), one_in(3));
    (name, pick(GROUPS), sometimes(3, &SERVICE_PORTS), sometimes(6, SECTIONS)).prop_map(
        |(((namespace, name), of_kuma, by_hand), group, port, section)| {
            let name = if of_kuma && by_hand { "remote" } else { name };
            let (group, kind) = if of_kuma { ("kuma.io", "MeshService") } else { (group, "Service") };
            let mut parent = json!({"group": group, "kind": kind, "namespace": namespace, "name": name});
            put(&mut parent, "port", port);
            put(&mut parent, "sectionName", section);
            parent
        },
    )
}
