use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::parents::{holders, parents};
use super::routes::{hostname_of_route, route};
use super::{Taste, backends};

/// A TLSRoute or a TCPRoute, not yet named.
pub(super) fn connection_route(taste: Taste) -> impl Strategy<Value = Value> {
    let tls = route("TLSRoute", holders(taste), vec(hostname_of_route(taste), 1..=2).prop_map(Some), rules(taste));
    let tcp = route("TCPRoute", parents(taste), Just(None), rules(taste));
    prop_oneof![2 => tls, 1 => tcp]
}

/// One rule, as the CRDs have it since there is a v1 of both kinds.
fn rules(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    let rules = if taste == Taste::Nasty { 0..=2 } else { 1..=1 };
    let backends = vec(backends::target_with_weight(taste), 1..=3);
    vec(backends.prop_map(|backends| json!({ "backendRefs": backends })), rules)
}
