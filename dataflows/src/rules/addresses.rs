//! Addresses of Gateways.

use crate::model::{GatewayAddress, Ref, RequestedAddress, Text};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What was requested cannot be had of a MeshGatewayInstance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// The address to ask of the load balancer, if one was requested; `Err` if what was requested cannot be had.
///
/// A MeshGatewayInstance can ask for one IP address. An entry without a value asks for any address of its type.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec> (`addresses`)
pub fn requested(addresses: &[RequestedAddress]) -> Result<Option<Text>, Unsupported> {
    match addresses {
        [] => Ok(None),
        [address] if &*address.kind == "IPAddress" && address.value.is_empty() => Ok(None),
        [address] if &*address.kind == "IPAddress" && address.value.parse::<IpAddr>().is_ok() => {
            Ok(Some(address.value.clone()))
        }
        _ => Err(Unsupported),
    }
}

/// The addresses to show: those of the load balancer if there are any, else those inside the cluster. The schema
/// takes 16.
pub fn shown<'a>(found: impl Iterator<Item = &'a Ref<GatewayAddress>>) -> Vec<Ref<GatewayAddress>> {
    let mut addresses: Vec<_> = found.cloned().collect();
    if addresses.iter().any(|address| !address.cluster) {
        addresses.retain(|address| !address.cluster);
    }
    addresses
        .sort_by(|left, right| (left.index, &left.kind, &left.value).cmp(&(right.index, &right.kind, &right.value)));
    let mut seen = BTreeSet::new();
    addresses.retain(|address| seen.insert(address.value.clone()));
    addresses.truncate(16);
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(kind: &str, value: &str) -> RequestedAddress {
        RequestedAddress { kind: kind.into(), value: value.into() }
    }

    #[test]
    fn what_can_be_requested() {
        assert_eq!(requested(&[]), Ok(None));
        assert_eq!(requested(&[ask("IPAddress", "10.0.0.1")]), Ok(Some("10.0.0.1".into())));
        assert_eq!(requested(&[ask("IPAddress", "")]), Ok(None));
        for bad in [
            vec![ask("Hostname", "a.b")],
            vec![ask("IPAddress", "nonsense")],
            vec![ask("test/custom", "x")],
            vec![ask("IPAddress", "10.0.0.1"), ask("IPAddress", "10.0.0.2")],
        ] {
            assert_eq!(requested(&bad), Err(Unsupported), "{bad:?}");
        }
    }

    #[test]
    fn the_load_balancer_hides_the_cluster() {
        let address = |cluster, index, value: &str| {
            Ref::new(GatewayAddress { cluster, index, kind: "IPAddress".into(), value: value.into() })
        };
        let all = [address(true, 0, "10.0.0.1"), address(false, 1, "b"), address(false, 0, "a")];
        let shown_values = |all: &[Ref<GatewayAddress>]| -> Vec<String> {
            shown(all.iter()).iter().map(|address| address.value.to_string()).collect()
        };
        assert_eq!(shown_values(&all), ["a", "b"]);
        assert_eq!(shown_values(&all[..1]), ["10.0.0.1"]);
    }
}
