//! The listeners of a Gateway or ListenerSet.

use std::collections::BTreeSet;

use dataflows::model::{
    AllowedNamespaces, CertificateRef, Fact, Hostname, Key, Listener, ListenerTls, Protocol, RouteKindRef, Selector,
    SelectorRequirement, Text, TlsMode,
};
use dataflows::rules::expressible::is_object_name;

use super::DecodeError;
use super::error::quote;
use super::source::Source;
use crate::kubernetes::{self, LabelSelector, RouteNamespaces};

/// The listeners that an object brings to a Gateway: its own, or those of the ListenerSet of this name.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listener>
pub(super) fn decode(
    source: &Source<'_>,
    gateway: Key,
    set: Option<&Text>,
    listeners: &[kubernetes::Listener<'_>],
) -> Result<Vec<Fact>, DecodeError> {
    let mut facts = Vec::with_capacity(listeners.len());
    let mut names = BTreeSet::new();
    for (index, written) in listeners.iter().enumerate() {
        let field = || format!("spec.listeners[{index}].name");
        if !is_object_name(written.name) {
            let problem = format!("{:?} is not a DNS-1123 name", quote(written.name));
            let cure = "use lower-case letters, digits, dashes and dots";
            return Err(source.invalid(field(), problem, cure));
        }
        if !names.insert(written.name) {
            let problem = format!("another listener is named {:?}", written.name);
            return Err(source.invalid(field(), problem, "give each listener a name of its own"));
        }
        facts.push(Fact::listener(listener(source, gateway, set, index, written)));
    }
    Ok(facts)
}

fn listener(
    source: &Source<'_>,
    gateway: Key,
    set: Option<&Text>,
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
        gateway,
        set: set.cloned(),
        namespace: source.name.namespace.clone(),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        name: written.name.into(),
        // What is no port has none, and the listener says so.
        port: u16::try_from(written.port).unwrap_or(0),
        protocol: Protocol::parse(written.protocol),
        hostname: Hostname::parse(written.hostname),
        namespaces: namespaces(&allowed.namespaces),
        kinds: (!kinds.is_empty()).then_some(kinds),
        tls: written.tls.as_ref().map(|tls| self::tls(source, tls)),
    }
}

/// <https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces>
pub(super) fn namespaces(written: &RouteNamespaces<'_>) -> AllowedNamespaces {
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
fn tls(source: &Source<'_>, written: &kubernetes::ListenerTls<'_>) -> ListenerTls {
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
    ListenerTls { mode, certificates }
}
