use dataflows::model::{
    AllowedNamespaces, ClientCertificates, Fact, Gateway, Infrastructure, Key, Kind, ParametersRef, RequestedAddress,
};

use super::source::{Source, present, texts};
use super::{DecodeError, listener};
use crate::kubernetes::{GatewaySpec, GatewayTls, PortTls};

/// A Gateway and its listeners.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gateway>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: GatewaySpec<'_> = source.section("spec")?;
    let mut facts = vec![source.generation(), Fact::gateway(gateway(source, &spec))];
    facts.extend(listener::decode(source, source.key(), None, &spec.listeners)?);
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
        allowed_listeners: spec
            .allowed_listeners
            .as_ref()
            .map_or(AllowedNamespaces::None, |allowed| listener::namespaces(&allowed.namespaces)),
        client_certificates: client_certificates(&spec.tls),
        backend_certificate: spec.tls.backend.client_certificate_ref.as_ref().map(|reference| reference.name.into()),
    }
}

fn client_certificates(written: &GatewayTls<'_>) -> ClientCertificates {
    let asks = |tls: &PortTls| tls.validation.is_some();
    // What is no port has no listener.
    let by_port = written.frontend.per_port.iter().filter_map(|of_port| {
        let port = u16::try_from(of_port.port).ok()?;
        Some((port, asks(&of_port.tls)))
    });
    ClientCertificates { default: asks(&written.frontend.default), by_port: by_port.collect() }
}

#[cfg(test)]
mod tests;
