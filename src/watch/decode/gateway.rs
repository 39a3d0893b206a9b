use dataflows::model::{AllowedNamespaces, Fact, Gateway, Infrastructure, Key, Kind, ParametersRef, RequestedAddress};

use super::source::{Source, present, texts};
use super::{DecodeError, listener};
use crate::kubernetes::GatewaySpec;

/// A Gateway and its listeners.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gateway>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: GatewaySpec<'_> = source.section("spec")?;
    let mut facts = vec![source.generation(), Fact::gateway(gateway(source, &spec))];
    facts.extend(listener::decode(source, source.key(), None, &spec.tls, &spec.listeners)?);
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
    }
}

#[cfg(test)]
mod tests;
