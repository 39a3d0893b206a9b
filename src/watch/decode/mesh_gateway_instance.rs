use dataflows::model::{Fact, GatewayAddress, Key, Kind};

use super::DecodeError;
use super::source::Source;
use crate::kubernetes::MeshGatewayInstanceStatus;

/// A MeshGatewayInstance as we may have written it, and the addresses that Kuma found for the Gateway of its name.
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let status: MeshGatewayInstanceStatus<'_> = source.section("status")?;
    let gateway = Key::of(Kind::Gateway, &source.name.namespace, &source.name.name);
    let ingress = &status.load_balancer.ingress;
    let addresses = ingress.iter().flat_map(|entry| [("IPAddress", entry.ip), ("Hostname", entry.hostname)]);
    let addresses = addresses.filter(|(_, value)| !value.is_empty());
    let rows = (0..u16::MAX).zip(addresses).map(|(index, (kind, value))| GatewayAddress {
        cluster: false,
        index,
        kind: kind.into(),
        value: value.into(),
    });
    let mut facts = source.observed();
    facts.extend(rows.map(|address| Fact::gateway_address(gateway, address)));
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use dataflows::model::{GatewayAddress, Key, Kind};

    use crate::watch::decode::testing::{decoded, error, facts, rows};

    fn instance(status: &str) -> String {
        format!(
            "{{apiVersion: kuma.io/v1alpha1, kind: MeshGatewayInstance, \
             metadata: {{name: edge, namespace: infra}}, status: {status}}}"
        )
    }

    #[test]
    fn the_addresses_are_those_of_the_gateway() {
        #[track_caller]
        fn check(status: &str, expected: &[&str]) {
            let object = decoded(&instance(status));
            let addresses: Vec<String> = rows::<GatewayAddress>(&object)
                .iter()
                .map(|address| format!("{} {} {} {}", address.index, address.kind, address.value, address.cluster))
                .collect();
            assert_eq!(addresses, expected);
            let gateway = Key::of(Kind::Gateway, "infra", "edge");
            assert!(facts::<GatewayAddress>(&object).iter().all(|fact| fact.key == gateway));
        }
        check("null", &[]);
        check("{loadBalancer: null}", &[]);
        check("{loadBalancer: {ingress: [{}, null]}}", &[]);
        check(
            "{loadBalancer: {ingress: [{ip: 10.0.0.1, hostname: a.example}, {hostname: b.example}]}}",
            &["0 IPAddress 10.0.0.1 false", "1 Hostname a.example false", "2 Hostname b.example false"],
        );
        assert_eq!(
            error(&instance("{loadBalancer: {ingress: [{ip: 10}]}}")),
            "MeshGatewayInstance/infra/edge: status.loadBalancer.ingress[0].ip: invalid type: integer `10`, \
             expected a string; write the field as the schema of its kind has it",
        );
    }
}
