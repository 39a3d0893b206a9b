//! Hostnames of TLS listeners.
//!
//! A MeshTCPRoute has no hostnames. So a listener for TLS becomes one listener of the MeshGateway per hostname that
//! routes have on it, each with a tag by which the routes of that hostname find it.

use crate::model::{
    Hostname, Key, ListenerHostname, ListenerState, MeshGatewayPlan, MeshTcpRoutePlan, Protocol, Ref, RouteKind,
    RouteRules, Serving,
};
use crate::rules::hostname;

/// The hostnames that a route has on its listener, if that has to become several listeners for them.
pub fn of_serving(serving: &Serving) -> Vec<(Key, ListenerHostname)> {
    let Some(place) = serving.point.listener().filter(|_| serving.route_kind == RouteKind::Tls) else {
        return Vec::new();
    };
    let row = |hostname| (place.gateway, ListenerHostname { listener: serving.point.key, hostname });
    each(serving).into_iter().map(row).collect()
}

/// The hostnames of a route on a listener, one by one; `None` is all hosts.
fn each(serving: &Serving) -> Vec<Option<Hostname>> {
    if serving.hostnames.is_empty() {
        return vec![None];
    }
    serving.hostnames.iter().cloned().map(Some).collect()
}

/// What a route of connections becomes where it is attached: a row per hostname that no older route holds there.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#tcproute>, and of TLSRoutes "the oldest Route" likewise.
pub fn mesh_tcp_routes(serving: &Ref<Serving>, rules: &Ref<RouteRules>) -> Vec<MeshTcpRoutePlan> {
    if !serving.route_kind.is_of_connections() || !serving.point.is_usable() || rules.rules.is_empty() {
        return Vec::new();
    }
    let lost =
        |hostname: &Option<Hostname>| serving.shadowed.iter().any(|shadowed| shadowed.claim.hostname == *hostname);
    let held = each(serving).into_iter().filter(|hostname| !lost(hostname));
    held.map(|hostname| MeshTcpRoutePlan { serving: serving.clone(), rules: rules.clone(), hostname }).collect()
}

/// The hostnames that a listener of a MeshGateway is split into; empty if it stays as it is.
///
/// "The most specific" listener takes a connection, so a hostname that a narrower listener of the same port has too is
/// not served by the wider one: <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec> (`listeners`). That also
/// keeps ports and hostnames of a MeshGateway unique, as Kuma wants them. For the same reason a listener beside a wider
/// one keeps its own hostname too: what it has no route for is closed there, and must not be served by the wider one.
pub fn split<'a>(plan: &'a MeshGatewayPlan, state: &'a ListenerState) -> Vec<Option<&'a Hostname>> {
    if state.listener.protocol != Protocol::Tls {
        return Vec::new();
    }
    let on_port = |other: &&Ref<ListenerState>| other.listener.port == state.listener.port && other.key != state.key;
    let others = plan.listeners.iter().filter(on_port).map(|other| other.listener.hostname.as_ref());
    let of_listener = plan.hostnames.iter().filter(|row| row.listener == state.key).map(|row| row.hostname.as_ref());
    split_among(state.listener.hostname.as_ref(), &others.collect::<Vec<_>>(), of_listener.collect())
}

/// The same for a listener with the hostname `own`, beside others on its port, whose routes have `hostnames`.
fn split_among<'a>(
    own: Option<&'a Hostname>,
    others: &[Option<&Hostname>],
    mut hostnames: Vec<Option<&'a Hostname>>,
) -> Vec<Option<&'a Hostname>> {
    hostnames.retain(|hostname| !others.iter().any(|other| within(*hostname, *other) && within(*other, own)));
    let beside_wider = others.iter().any(|other| within(own, *other));
    if beside_wider && !hostnames.is_empty() && !hostnames.contains(&own) {
        hostnames.push(own);
    }
    hostnames
}

/// Whether all hosts of one hostname are hosts of another; `None` is all hosts.
fn within(hostname: Option<&Hostname>, other: Option<&Hostname>) -> bool {
    match (hostname, other) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(hostname), Some(other)) => hostname::intersection(hostname, other) == Some(hostname),
    }
}

/// A hostname as the value of a tag, which can hold no `*`. No hostname has an underscore.
pub fn tag_value(hostname: Option<&Hostname>) -> String {
    hostname.map_or_else(|| "_".to_owned(), |hostname| hostname.to_string().replacen('*', "_", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_values_are_distinct_and_such_as_kuma_takes() {
        let name = |text: &str| tag_value(Hostname::parse(text).as_ref());
        assert_eq!(name("a.example"), "a.example");
        assert_eq!(name("*.example"), "_.example");
        assert_eq!(name(""), "_");
    }

    #[test]
    fn a_listener_is_split_into_what_no_narrower_one_serves() {
        // Hostnames in a row; `-` is all hosts.
        let table = [
            ("*.a.b", "", "", ""),
            ("*.a.b", "", "x.a.b y.a.b", "x.a.b y.a.b"),
            ("*.a.b", "*.c.d", "x.a.b", "x.a.b"),
            ("*.a.b", "-", "x.a.b", "x.a.b *.a.b"),
            ("*.a.b", "*.b", "*.a.b", "*.a.b"),
            ("-", "*.a.b", "*.b x.a.b", "*.b"),
            ("*.b", "*.a.b", "x.a.b", ""),
            ("*.b", "x.a.b -", "x.a.b y.a.b", "y.a.b *.b"),
            ("x.a.b", "*.b", "x.a.b", "x.a.b"),
        ];
        let parse =
            |names: &str| names.split_whitespace().map(|name| Hostname::parse(name.trim_matches('-'))).collect();
        for (own, others, hostnames, expected) in table {
            let [own, others, hostnames, expected]: [Vec<Option<Hostname>>; 4] =
                [own, others, hostnames, expected].map(parse);
            let others: Vec<_> = others.iter().map(Option::as_ref).collect();
            let split = split_among(own[0].as_ref(), &others, hostnames.iter().map(Option::as_ref).collect());
            let expected: Vec<_> = expected.iter().map(Option::as_ref).collect();
            assert_eq!(split, expected, "{own:?} beside {others:?}");
        }
    }

    #[test]
    fn within_is_the_order_of_hostnames() {
        let table = [
            ("a.b", "a.b", true),
            ("a.b", "*.b", true),
            ("x.a.b", "*.b", true),
            ("*.a.b", "*.b", true),
            ("a.b", "", true),
            ("", "", true),
            ("", "a.b", false),
            ("*.b", "a.b", false),
            ("*.b", "*.a.b", false),
            ("b", "*.b", false),
        ];
        for (hostname, other, expected) in table {
            let (hostname, other) = (Hostname::parse(hostname), Hostname::parse(other));
            assert_eq!(within(hostname.as_ref(), other.as_ref()), expected, "{hostname:?} {other:?}");
        }
    }
}
