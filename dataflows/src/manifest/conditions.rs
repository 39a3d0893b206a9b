//! Conditions, and the texts of problems that several of them share.

use std::fmt;

use serde_json::{Value, json};

use super::certificates;
use crate::model::{
    BackendKind, BackendRef, GatewayProblem, Kind, ListenerProblem, ManagedGateway, ParametersProblem, RefProblem,
    RouteKindRef, RuleProblem, UnsupportedListenerValue,
};
use crate::rules::backends::can_be_real;

/// A condition without its time.
pub(super) fn condition(kind: &str, status: bool, reason: &str, message: &str, generation: i64) -> Value {
    json!({
        "type": kind,
        "status": if status { "True" } else { "False" },
        "reason": reason,
        "message": message,
        "observedGeneration": generation,
    })
}

/// What is wrong with parameters and what to do, for the class or Gateway that refers to them.
pub(super) fn parameters_text(problem: &ParametersProblem) -> String {
    match problem {
        ParametersProblem::WrongKind { group, kind } => {
            format!("parametersRef must name a MeshGatewayConfig of group kuma.io, not {}", named_kind(group, kind))
        }
        ParametersProblem::Namespaced => {
            "parametersRef must not name a namespace: a MeshGatewayConfig is cluster-scoped".to_owned()
        }
        ParametersProblem::Missing { name } => format!("MeshGatewayConfig \"{name}\" does not exist"),
        ParametersProblem::ServiceTag { name } => format!(
            "MeshGatewayConfig \"{name}\" sets the tag kuma.io/service, which Kuma sets itself: remove it from spec.tags"
        ),
        ParametersProblem::ServiceType { name, service_type } => format!(
            "MeshGatewayConfig \"{name}\" has the serviceType \"{service_type}\", which is not known: write LoadBalancer, \
             ClusterIP or NodePort"
        ),
        ParametersProblem::Replicas { name, replicas } => {
            format!("MeshGatewayConfig \"{name}\" asks for {replicas} replicas: write a number from 1 to 2147483647")
        }
        ParametersProblem::Tag { name, tag } => format!(
            "MeshGatewayConfig \"{name}\" has the tag \"{tag}\", which Kuma does not take: key and value must not be empty, \
             and can hold letters, digits, '.', '-', '_' and ':', the key also '/'"
        ),
        ParametersProblem::Reserved { name, key } => format!(
            "MeshGatewayConfig \"{name}\" sets \"{key}\" on what Kuma makes for a gateway, which Kuma sets itself: remove it \
             from the templates"
        ),
    }
}

/// Reason and message of a Gateway that is not accepted.
pub(super) fn gateway_problem(managed: &ManagedGateway, problem: &GatewayProblem) -> (&'static str, String) {
    match problem {
        GatewayProblem::ClassParameters(problem) => (
            "InvalidParameters",
            format!(
                "GatewayClass \"{}\" is not accepted: {}; what was generated before is left as it is",
                managed.gateway.class_name,
                parameters_text(problem)
            ),
        ),
        GatewayProblem::OwnParameters(problem) => (
            "InvalidParameters",
            format!("infrastructure: {}; what was generated before is left as it is", parameters_text(problem)),
        ),
        GatewayProblem::GlobalControlPlane => ("Invalid", GLOBAL.to_owned()),
        GatewayProblem::NoMesh => ("Invalid", format!("Mesh \"{}\" does not exist", managed.mesh)),
        GatewayProblem::UnknownMeshMode => {
            ("Invalid", format!("{}; what was generated before is left as it is", unknown_mode(&managed.mesh)))
        }
        GatewayProblem::InvalidMeshName => {
            ("Invalid", format!("\"{}\" cannot be the name of a Mesh: see the kuma.io/mesh label", managed.mesh))
        }
        GatewayProblem::UnsupportedAddress => (
            "UnsupportedAddress",
            "spec.addresses can hold IP addresses of type IPAddress, of which the first becomes the loadBalancerIP"
                .to_owned(),
        ),
    }
}

/// That a Mesh has a mode that is not known.
pub(super) fn unknown_mode(mesh: &str) -> String {
    format!(
        "Mesh \"{mesh}\" has a meshServices.mode that is not known: write Disabled, Everywhere, ReachableBackends or \
         Exclusive"
    )
}

/// Why nothing is converted on a global control plane.
pub(super) const GLOBAL: &str = "Gateway API objects belong in zones: this control plane is the global one";

/// What is wrong with a listener.
pub(super) fn listener_text(problem: &ListenerProblem, protocol: &str, port: u16) -> String {
    match problem {
        ListenerProblem::UnsupportedProtocol { cross_mesh: false } => {
            format!("protocol {protocol} is not supported")
        }
        ListenerProblem::UnsupportedProtocol { cross_mesh: true } => {
            format!("protocol {protocol} is not supported on a cross-mesh Gateway, only HTTP is")
        }
        ListenerProblem::HostnameConflict => format!("another listener on port {port} has the same hostname"),
        ListenerProblem::ProtocolConflict => {
            format!("the listeners on port {port} have different protocols, and a port can have one")
        }
        ListenerProblem::UnsupportedValue(UnsupportedListenerValue::Hostname) => {
            "hostname is not a DNS name in lower case".to_owned()
        }
        ListenerProblem::UnsupportedValue(UnsupportedListenerValue::Namespaces) => {
            "allowedRoutes.namespaces.from is not known: write All, Same, Selector or None".to_owned()
        }
        ListenerProblem::UnsupportedValue(UnsupportedListenerValue::Port) => {
            "port is not a number from 1 to 65535".to_owned()
        }
        ListenerProblem::UnsupportedValue(UnsupportedListenerValue::ClientCertificates) => {
            "Kuma's gateways do not check certificates of clients, as spec.tls.frontend of the Gateway asks for"
                .to_owned()
        }
        ListenerProblem::UnsupportedValue(UnsupportedListenerValue::TlsMode) => {
            let or_passthrough = if protocol == "TLS" { ", or with mode Passthrough" } else { "" };
            format!(
                "a listener of protocol {protocol} needs tls with mode Terminate and at least one \
                 certificateRef{or_passthrough}"
            )
        }
        ListenerProblem::InvalidRouteKinds(kinds) => format!(
            "allowedRoutes.kinds names kinds that a listener of protocol {protocol} cannot route: {}",
            join(kinds.iter().map(|RouteKindRef { group, kind }| named_kind(group, kind)))
        ),
        ListenerProblem::CertificateRef { reference, problem } => certificates::text(reference, *problem),
    }
}

/// Reason of a `ResolvedRefs` condition for a backend.
pub(super) const fn ref_reason(problem: RefProblem) -> &'static str {
    match problem {
        RefProblem::InvalidKind | RefProblem::NoPort | RefProblem::ExternalName => "InvalidKind",
        RefProblem::NotPermitted => "RefNotPermitted",
        RefProblem::NotFound | RefProblem::PortNotFound | RefProblem::ServiceTag => "BackendNotFound",
        RefProblem::NotHttp => "UnsupportedProtocol",
    }
}

/// What is wrong with a backendRef and what to do.
pub(super) fn ref_text(backend: &BackendRef, problem: RefProblem) -> String {
    let place = format!("rule {}: ", backend.rule);
    let target = backend_name(backend);
    place
        + &match problem {
            RefProblem::InvalidKind => {
                let role = if backend.is_mirror() { "mirror" } else { "backend" };
                format!("{target} cannot be a {role} of a {}: name a Service", backend.route_kind)
            }
            RefProblem::NoPort => format!("backend reference to {target} must include a port"),
            RefProblem::ExternalName => {
                let instead = if can_be_real(backend) { "a MeshExternalService" } else { "an ExternalService" };
                format!("{target} is of type ExternalName: use {instead} instead")
            }
            RefProblem::ServiceTag => format!(
                "{target} has no tag kuma.io/service that a reference can name: use lower-case letters, digits, '.', '-' \
                 and '_' in it"
            ),
            RefProblem::NotHttp => {
                format!("the port of {target} is not one that Kuma takes for HTTP: set its appProtocol to http")
            }
            RefProblem::NotPermitted => {
                format!(
                    "reference to {target} is not permitted by any ReferenceGrant in namespace \"{}\"",
                    backend.namespace
                )
            }
            RefProblem::NotFound if backend.kind == BackendKind::Service => {
                let elsewhere = if can_be_real(backend) {
                    "for a Service of another zone use a MeshService or MeshMultiZoneService"
                } else {
                    "Kuma sends connections and mirrored requests to Services of this zone only"
                };
                format!("{target} does not exist in this cluster; {elsewhere}")
            }
            RefProblem::NotFound => format!("{target} does not exist"),
            RefProblem::PortNotFound => {
                format!(
                    "{target} does not have a port {}",
                    backend.port.map_or_else(String::new, |port| port.to_string())
                )
            }
        }
}

fn backend_name(backend: &BackendRef) -> String {
    let kind = match &backend.kind {
        BackendKind::Other(other) => named_kind(&other.group, &other.kind),
        known => known.kind().map_or_else(String::new, |kind| kind.name().to_owned()),
    };
    if backend.kind.kind().is_some_and(|kind| !Kind::namespaced(kind)) {
        format!("{kind} \"{}\"", backend.name)
    } else {
        format!("{kind} \"{}/{}\"", backend.namespace, backend.name)
    }
}

/// What is wrong with a rule.
pub(super) fn rule_text(index: u16, problem: &RuleProblem) -> String {
    format!("rule {index}: {} {}", problem.field, problem.reason.text())
}

/// `Kind` or `Kind.group`.
pub(super) fn named_kind(group: &str, kind: &str) -> String {
    if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") }
}

/// Several texts as one, cut where a condition could not hold them.
pub(super) fn join(texts: impl Iterator<Item = impl fmt::Display>) -> String {
    const LENGTH_MAX: usize = 4096;
    let mut joined = String::new();
    for text in texts {
        if !joined.is_empty() {
            joined.push_str("; ");
        }
        joined.push_str(&text.to_string());
        if joined.len() > LENGTH_MAX {
            let end = (0..=LENGTH_MAX).rev().find(|end| joined.is_char_boundary(*end)).unwrap_or_default();
            joined.truncate(end);
            joined.push('…');
            break;
        }
    }
    joined
}
