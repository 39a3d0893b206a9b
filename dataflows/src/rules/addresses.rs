//! Addresses of Gateways.

use crate::model::{GatewayAddress, Ref, RequestedAddress, Text};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// What was requested cannot be had of a MeshGatewayInstance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// The address to ask of the load balancer, if one was requested; `Err` if something was requested that no Gateway of
/// ours can have.
///
/// A MeshGatewayInstance can ask for one IP address, so of several the first is asked for. An entry without a value asks
/// for any address of its type.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec> (`addresses`)
pub fn requested(addresses: &[RequestedAddress]) -> Result<Option<Text>, Unsupported> {
    let had = |address: &RequestedAddress| {
        &*address.kind == "IPAddress" && (address.value.is_empty() || address.value.parse::<IpAddr>().is_ok())
    };
    if addresses.iter().all(had) { Ok(values(addresses).next().cloned()) } else { Err(Unsupported) }
}

/// The addresses that were requested and that the Gateway does not get: all but those that are assigned, or while none
/// is, all but the one that is asked for.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditionreason> (`AddressNotUsable`)
pub fn not_usable<'a>(requested: &'a [RequestedAddress], shown: &[Ref<GatewayAddress>]) -> Vec<&'a Text> {
    let asked = values(requested).next();
    values(requested)
        .filter(
            |value| {
                if shown.is_empty() { Some(*value) != asked } else { shown.iter().all(|shown| shown.value != **value) }
            },
        )
        .collect()
}

fn values(addresses: &[RequestedAddress]) -> impl Iterator<Item = &Text> {
    addresses.iter().map(|address| &address.value).filter(|value| !value.is_empty())
}

/// The addresses to show: those of the load balancer if there are any, else those inside the cluster, which are not what
/// somebody means who requests one. The schema takes 16.
pub fn shown<'a>(
    requested: &[RequestedAddress],
    found: impl Iterator<Item = &'a Ref<GatewayAddress>>,
) -> Vec<Ref<GatewayAddress>> {
    let mut addresses: Vec<_> = found.cloned().collect();
    if values(requested).next().is_some() || addresses.iter().any(|address| !address.cluster) {
        addresses.retain(|address| !address.cluster);
    }
    addresses
        .sort_by(|left, right| (left.index, &left.kind, &left.value).cmp(&(right.index, &right.kind, &right.value)));
    let mut seen = BTreeSet::new();
    addresses.retain(|address| seen.insert(address.value.clone()));
    addresses.truncate(16);
    addresses
}

/// Why Kuma makes no Service for a MeshGatewayInstance, so that there never is an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoService {
    /// No Service can have its name.
    Name,
    /// As node ports Kuma asks for the ports of the listeners, which are none by default.
    NodePorts,
}

/// What keeps the Service of a Gateway of that name with listeners on these ports from being made, if anything. The ports
/// of nodes are what is usual: a cluster may have others.
///
/// <https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service> and
/// <https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport>
pub fn no_service(name: &str, service_type: Option<&str>, mut ports: impl Iterator<Item = u16>) -> Option<NoService> {
    const NODE_PORTS: RangeInclusive<u16> = 30_000..=32_767;
    if name.len() > 63 || name.contains('.') || name.starts_with(|first: char| first.is_ascii_digit()) {
        return Some(NoService::Name);
    }
    let of_nodes = service_type != Some("NodePort") || ports.all(|port| NODE_PORTS.contains(&port));
    (!of_nodes).then_some(NoService::NodePorts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_the_name_of_the_gateway_and_node_ports_of_its_own() {
        let (long, longest) = ("g".repeat(64), "g".repeat(63));
        let table = [
            ("edge", None, vec![80], None),
            (longest.as_str(), None, vec![80], None),
            (long.as_str(), None, vec![80], Some(NoService::Name)),
            ("my.edge", None, vec![80], Some(NoService::Name)),
            ("1edge", Some("NodePort"), vec![80], Some(NoService::Name)),
            ("edge", Some("NodePort"), vec![30_000, 32_767], None),
            ("edge", Some("NodePort"), vec![30_080, 80], Some(NoService::NodePorts)),
            ("edge", Some("LoadBalancer"), vec![80], None),
        ];
        for (name, service_type, ports, expected) in table {
            assert_eq!(no_service(name, service_type, ports.iter().copied()), expected, "{name} {service_type:?}");
        }
    }

    fn ask(kind: &str, value: &str) -> RequestedAddress {
        RequestedAddress { kind: kind.into(), value: value.into() }
    }

    #[test]
    fn what_can_be_requested() {
        assert_eq!(requested(&[]), Ok(None));
        assert_eq!(requested(&[ask("IPAddress", "10.0.0.1")]), Ok(Some("10.0.0.1".into())));
        assert_eq!(requested(&[ask("IPAddress", "")]), Ok(None));
        assert_eq!(
            requested(&[ask("IPAddress", "10.0.0.1"), ask("IPAddress", "10.0.0.2")]),
            Ok(Some("10.0.0.1".into()))
        );
        for bad in [
            vec![ask("Hostname", "a.b")],
            vec![ask("IPAddress", "nonsense")],
            vec![ask("test/custom", "x")],
            vec![ask("IPAddress", "10.0.0.1"), ask("Hostname", "a.b")],
        ] {
            assert_eq!(requested(&bad), Err(Unsupported), "{bad:?}");
        }
    }

    fn address(cluster: bool, index: u16, value: &str) -> Ref<GatewayAddress> {
        Ref::new(GatewayAddress { cluster, index, kind: "IPAddress".into(), value: value.into() })
    }

    #[test]
    fn what_was_requested_and_is_not_assigned() {
        let check = |requested: &[&str], assigned: &[&str], expected: &[&str]| {
            let requested: Vec<_> = requested.iter().map(|value| ask("IPAddress", value)).collect();
            let assigned: Vec<_> = (0..).zip(assigned).map(|(index, value)| address(false, index, value)).collect();
            let found: Vec<_> = not_usable(&requested, &assigned).into_iter().map(|value| &**value).collect();
            assert_eq!(found, expected, "{requested:?} {assigned:?}");
        };
        check(&[], &["a"], &[]);
        check(&[""], &["a"], &[]);
        check(&["a"], &[], &[]);
        check(&["a"], &["a"], &[]);
        check(&["a"], &["b"], &["a"]);
        check(&["a", "b"], &[], &["b"]);
        check(&["a", "b"], &["b"], &["a"]);
    }

    #[test]
    fn the_load_balancer_hides_the_cluster() {
        let all = [address(true, 0, "10.0.0.1"), address(false, 1, "b"), address(false, 0, "a")];
        let shown_values = |all: &[Ref<GatewayAddress>]| -> Vec<String> {
            shown(&[], all.iter()).iter().map(|address| address.value.to_string()).collect()
        };
        assert_eq!(shown_values(&all), ["a", "b"]);
        assert_eq!(shown_values(&all[..1]), ["10.0.0.1"]);
        assert_eq!(
            shown(&[ask("IPAddress", "a")], all[..1].iter()),
            [],
            "who requests one does not mean the cluster's"
        );
    }
}
