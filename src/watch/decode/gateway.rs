use std::collections::BTreeSet;

use dataflows::model::{
    AllowedNamespaces, CertificateRef, Fact, Gateway, Hostname, Infrastructure, Key, Kind, Listener, ListenerTls,
    ParametersRef, Protocol, RequestedAddress, RouteKindRef, Selector, SelectorRequirement, Text, TlsMode,
};
use dataflows::rules::expressible::is_dns_name;

use super::DecodeError;
use super::error::quote;
use super::source::{Source, present, texts};
use crate::kubernetes::{self, GatewaySpec, GatewayTls, LabelSelector, RouteNamespaces};

/// A Gateway and its listeners.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gateway>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: GatewaySpec<'_> = source.section("spec")?;
    let mut facts = vec![source.generation(), Fact::gateway(gateway(source, &spec))];
    let mut names = BTreeSet::new();
    for (index, written) in spec.listeners.iter().enumerate() {
        let place = format!("spec.listeners[{index}]");
        if !is_dns_name(written.name) {
            let problem = format!("{:?} is not a DNS-1123 name", quote(written.name));
            let cure = "use lower-case letters, digits, dashes and dots";
            return Err(source.invalid(format!("{place}.name"), problem, cure));
        }
        if !names.insert(written.name) {
            let problem = format!("another listener is named {:?}", written.name);
            return Err(source.invalid(format!("{place}.name"), problem, "give each listener a name of its own"));
        }
        facts.push(Fact::listener(listener(source, &spec.tls, index, written)));
    }
    Ok(facts)
}

fn gateway(source: &Source<'_>, spec: &GatewaySpec<'_>) -> Gateway {
    let infrastructure = &spec.infrastructure;
    let parameters = infrastructure.parameters_ref.as_ref().map(|reference| ParametersRef {
        group: reference.group.into(),
        kind: reference.kind.into(),
        name: reference.name.into(),
        namespace: None,
    });
    Gateway {
        namespace: source.name.namespace.clone(),
        name: source.name.name.clone(),
        uid: present(source.metadata.uid),
        class: Key::of(Kind::GatewayClass, "", spec.gateway_class_name),
        class_name: spec.gateway_class_name.into(),
        mesh: source.mesh(),
        infrastructure: Infrastructure {
            labels: texts(&infrastructure.labels),
            annotations: texts(&infrastructure.annotations),
            parameters,
        },
        addresses: spec
            .addresses
            .iter()
            .map(|address| RequestedAddress { kind: address.kind.into(), value: address.value.into() })
            .collect(),
    }
}

fn listener(
    source: &Source<'_>,
    of_gateway: &GatewayTls,
    index: usize,
    written: &kubernetes::Listener<'_>,
) -> Listener {
    let allowed = &written.allowed_routes;
    let kinds: Vec<RouteKindRef> = allowed
        .kinds
        .iter()
        .map(|reference| RouteKindRef { group: reference.group.into(), kind: reference.kind.into() })
        .collect();
    Listener {
        gateway: source.key(),
        namespace: source.name.namespace.clone(),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        name: written.name.into(),
        // What is no port has none, and the listener says so.
        port: u16::try_from(written.port).unwrap_or(0),
        protocol: Protocol::parse(written.protocol),
        hostname: Hostname::parse(written.hostname),
        namespaces: namespaces(&allowed.namespaces),
        kinds: (!kinds.is_empty()).then_some(kinds),
        tls: written.tls.as_ref().map(|tls| self::tls(source, validates_clients(of_gateway, written.port), tls)),
    }
}

/// <https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces>
fn namespaces(written: &RouteNamespaces<'_>) -> AllowedNamespaces {
    match (written.from, &written.selector) {
        ("Same", _) => AllowedNamespaces::Same,
        ("All", _) => AllowedNamespaces::All,
        // As everywhere in Kubernetes, a selector that is not there selects nothing, and an empty one everything.
        ("None", _) | ("Selector", None) => AllowedNamespaces::None,
        ("Selector", Some(written)) => AllowedNamespaces::Selector(selector(written)),
        (other, _) => AllowedNamespaces::Unknown(quote(other).into()),
    }
}

/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements>
fn selector(written: &LabelSelector<'_>) -> Selector {
    let labels = written
        .match_labels
        .iter()
        .map(|(&label, &value)| SelectorRequirement::In { label: label.into(), values: vec![value.into()] });
    let expressions = written.match_expressions.iter().map(|written| {
        let label = Text::from(written.key);
        let values = || written.values.iter().copied().map(Text::from).collect();
        match written.operator {
            "In" => SelectorRequirement::In { label, values: values() },
            "NotIn" => SelectorRequirement::NotIn { label, values: values() },
            "Exists" => SelectorRequirement::Exists { label },
            "DoesNotExist" => SelectorRequirement::DoesNotExist { label },
            operator => SelectorRequirement::Unknown { operator: operator.into() },
        }
    });
    Selector { requirements: labels.chain(expressions).collect() }
}

/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig>
fn tls(source: &Source<'_>, validates_clients: bool, written: &kubernetes::ListenerTls<'_>) -> ListenerTls {
    let mode = match written.mode {
        "Terminate" => TlsMode::Terminate,
        "Passthrough" => TlsMode::Passthrough,
        _ => TlsMode::Unknown,
    };
    let certificate = |reference: &kubernetes::CertificateRef<'_>| CertificateRef {
        group: reference.group.into(),
        kind: reference.kind.into(),
        namespace: source.namespace(reference.namespace),
        name: reference.name.into(),
    };
    let certificates = written.certificate_refs.iter().map(certificate).collect();
    ListenerTls { mode, certificates, validates_clients }
}

/// Whether clients of a port are asked for certificates: what is said of the port counts, else what is said of all.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewaytlsconfig>
fn validates_clients(of_gateway: &GatewayTls, port: i64) -> bool {
    let frontend = &of_gateway.frontend;
    let of_port = frontend.per_port.iter().find(|of_port| of_port.port == port).map(|of_port| &of_port.tls);
    of_port.unwrap_or(&frontend.default).validation.is_some()
}

#[cfg(test)]
mod tests;
