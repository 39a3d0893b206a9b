use dataflows::model::{BackendKind, Destination, DestinationPort, Fact, GatewayAddress, Key, Kind, Text};

use super::DecodeError;
use super::source::{Source, present};
use crate::kubernetes::{ServicePort, ServiceSpec};

/// What Kuma marks the Service of a MeshGatewayInstance with.
const GATEWAY: (&str, &str) = ("kuma.io/gateway", "builtin");

/// The `clusterIP` of a headless Service.
const HEADLESS: &str = "None";

/// A Service as a destination and, if it is the Service of a gateway, its cluster addresses.
///
/// <https://kubernetes.io/docs/concepts/services-networking/service/>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: ServiceSpec<'_> = source.section("spec")?;
    let (annotation, value) = GATEWAY;
    let mut facts = Vec::from_iter(Fact::destination(destination(source, &spec)?));
    if source.metadata.annotations.get(annotation) == Some(&value) {
        facts.extend(addresses(source, &spec));
    }
    Ok(facts)
}

/// Only TCP ports, for nothing else can be routed to. An ExternalName Service names a host that nobody vouches for:
/// it has no cluster address and no port that traffic could be sent to.
fn destination(source: &Source<'_>, spec: &ServiceSpec<'_>) -> Result<Destination, DecodeError> {
    let external = spec.kind == "ExternalName";
    let mut ports = Vec::new();
    for (index, written) in spec.ports.iter().enumerate().filter(|_| !external) {
        if written.protocol != "TCP" {
            continue;
        }
        ports.push(DestinationPort {
            port: source.port(|| format!("spec.ports[{index}].port"), written.port)?,
            name: present(written.name),
            app_protocol: protocol(source, written),
        });
    }
    Ok(Destination {
        kind: BackendKind::Service,
        namespace: source.name.namespace.clone(),
        name: source.name.name.clone(),
        ports: ports.into(),
        headless: external || spec.cluster_ip == HEADLESS,
        external_name: external,
        service_tag: None,
        mesh: None,
    })
}

/// What a port speaks: its `appProtocol`, else what an annotation of Kuma's says of it.
///
/// <https://kuma.io/docs/2.14.x/policies/protocol-support-in-kuma/>
fn protocol(source: &Source<'_>, written: &ServicePort<'_>) -> Option<Text> {
    let annotation = format!("{}.service.kuma.io/protocol", written.port);
    present(written.app_protocol).or_else(|| present(source.metadata.annotations.get(annotation.as_str()).copied()))
}

/// The addresses of the Gateway that the Service was made for: the one of its name.
fn addresses(source: &Source<'_>, spec: &ServiceSpec<'_>) -> Vec<Fact> {
    let gateway = Key::of(Kind::Gateway, &source.name.namespace, &source.name.name);
    let first = [spec.cluster_ip];
    let addresses = if spec.cluster_ips.is_empty() { &first } else { spec.cluster_ips.as_slice() };
    let addresses = addresses.iter().filter(|address| !address.is_empty() && **address != HEADLESS);
    let rows = (0..u16::MAX).zip(addresses).map(|(index, &address)| GatewayAddress {
        cluster: true,
        index,
        kind: "IPAddress".into(),
        value: address.into(),
    });
    rows.map(|address| Fact::gateway_address(gateway, address)).collect()
}

#[cfg(test)]
mod tests {
    use dataflows::model::{Destination, GatewayAddress, Key, Kind};

    use crate::watch::decode::testing::{decoded, error, facts, rows};

    fn service(annotations: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Service, \
             metadata: {{name: edge, namespace: infra, annotations: {annotations}}}, spec: {spec}}}"
        )
    }

    /// The ports of a Service, as `port/name/appProtocol`, and whether it is headless.
    #[track_caller]
    fn check(spec: &str, headless: bool, expected: &[&str]) {
        let destinations = rows::<Destination>(&decoded(&service("{}", spec)));
        let [destination] = destinations.as_slice() else { panic!("{destinations:?}") };
        let text = |text: &Option<dataflows::model::Text>| text.as_deref().unwrap_or("-").to_owned();
        let ports: Vec<String> = destination
            .ports
            .iter()
            .map(|port| format!("{}/{}/{}", port.port, text(&port.name), text(&port.app_protocol)))
            .collect();
        assert_eq!(ports, expected);
        assert_eq!(destination.headless, headless);
        assert_eq!((&*destination.namespace, &*destination.name), ("infra", "edge"));
    }

    #[test]
    fn a_service_is_a_destination() {
        check("null", false, &[]);
        check("{ports: null}", false, &[]);
        check("{ports: [{port: 80}]}", false, &["80/-/-"]);
        check("{clusterIP: None, ports: [{port: 80, name: web, appProtocol: http}]}", true, &["80/web/http"]);
        check(
            "{clusterIP: 10.0.0.1, ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}",
            false,
            &["53/-/-"],
        );
        check("{type: ExternalName, externalName: a.example, ports: [{port: 80}]}", true, &[]);
    }

    #[test]
    fn an_annotation_speaks_for_a_port_that_says_nothing() {
        let annotations = "{80.service.kuma.io/protocol: http, 81.service.kuma.io/protocol: http}";
        let object = service(annotations, "{ports: [{port: 80}, {port: 81, appProtocol: grpc}, {port: 82}]}");
        let destinations = rows::<Destination>(&decoded(&object));
        let protocols: Vec<_> = destinations[0].ports.iter().map(|port| port.app_protocol.as_deref()).collect();
        assert_eq!(protocols, [Some("http"), Some("grpc"), None]);
    }

    #[test]
    fn only_the_service_of_a_gateway_gives_it_addresses() {
        #[track_caller]
        fn check(annotations: &str, spec: &str, expected: &[&str]) {
            let object = decoded(&service(annotations, spec));
            let addresses: Vec<String> = rows::<GatewayAddress>(&object)
                .iter()
                .map(|address| format!("{} {} {} {}", address.index, address.kind, address.value, address.cluster))
                .collect();
            assert_eq!(addresses, expected);
            let gateway = Key::of(Kind::Gateway, "infra", "edge");
            assert!(facts::<GatewayAddress>(&object).iter().all(|fact| fact.key == gateway));
        }
        check("{}", "{clusterIP: 10.0.0.1}", &[]);
        check("{kuma.io/gateway: enabled}", "{clusterIP: 10.0.0.1}", &[]);
        check("{kuma.io/gateway: builtin}", "{clusterIP: 10.0.0.1}", &["0 IPAddress 10.0.0.1 true"]);
        check(
            "{kuma.io/gateway: builtin}",
            "{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, '::1']}",
            &["0 IPAddress 10.0.0.1 true", "1 IPAddress ::1 true"],
        );
        check("{kuma.io/gateway: builtin}", "{clusterIP: None, clusterIPs: [None]}", &[]);
        check("{kuma.io/gateway: builtin}", "{}", &[]);
    }

    #[test]
    fn a_service_says_what_is_wrong() {
        assert_eq!(
            error(&service("{}", "{ports: [{port: 80}, {port: 0}]}")),
            "Service/infra/edge: spec.ports[1].port: 0 is not a port; write a number from 1 to 65535",
        );
        assert_eq!(
            error(&service("[a]", "{}")),
            "Service/infra/edge: metadata.annotations: invalid type: sequence, expected a map; \
             write the field as the schema of its kind has it",
        );
    }
}
