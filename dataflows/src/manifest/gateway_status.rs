//! `status` of a Gateway.

use serde_json::{Value, json};

use super::conditions::{condition, gateway_problem, join};
use super::json::object;
use super::listener_status::{self, faulty, unfinished};
use crate::model::{Gateway, GatewayStatus};
use crate::rules::acceptance::{Acceptance, acceptance};
use crate::rules::addresses::{self, NoService};
use crate::rules::infrastructure;

/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus>
pub(super) fn status(gateway: &GatewayStatus) -> Value {
    let states = gateway.listeners.iter().map(|report| &*report.state);
    let acceptance = acceptance(&gateway.managed, states);
    let listeners = listener_status::all(gateway.generation, &gateway.listeners, &gateway.pending);
    let addresses: Vec<_> =
        gateway.addresses.iter().map(|address| json!({"type": &*address.kind, "value": &*address.value})).collect();
    let mut conditions = vec![accepted(gateway, acceptance), programmed(gateway, acceptance)];
    conditions.extend(resolved_refs(gateway));
    let mut status =
        object([("conditions", conditions.into()), ("listeners", listeners.into()), ("addresses", addresses.into())]);
    if gateway.attached_sets > 0 {
        status["attachedListenerSets"] = gateway.attached_sets.into();
    }
    status
}

fn accepted(gateway: &GatewayStatus, acceptance: Acceptance<'_>) -> Value {
    let accepted =
        |status, reason: &str, message: &str| condition("Accepted", status, reason, message, gateway.generation);
    match acceptance {
        Acceptance::Accepted => accepted(true, "Accepted", &left_out(gateway).unwrap_or_default()),
        Acceptance::ListenersNotValid => {
            let faulty = Some(faulty(&gateway.listeners));
            let texts: Vec<_> = faulty.into_iter().chain(left_out(gateway)).collect();
            accepted(true, "ListenersNotValid", &texts.join("; "))
        }
        Acceptance::NoValidListener => accepted(false, "ListenersNotValid", &faulty(&gateway.listeners)),
        Acceptance::Refused(problem) => {
            let (reason, message) = gateway_problem(&gateway.managed, problem);
            accepted(false, reason, &message)
        }
    }
}

/// What a Gateway asks for on its infrastructure and does not get.
fn left_out(gateway: &GatewayStatus) -> Option<String> {
    let keys = infrastructure::left_out(&gateway.managed.gateway.infrastructure);
    let text = || format!("spec.infrastructure: left out, as Kuma sets them itself: {}", join(keys.iter()));
    (!keys.is_empty()).then(text)
}

/// `Programmed` says that the objects are in the cluster and that there is an address; it is never a promise.
fn programmed(gateway: &GatewayStatus, acceptance: Acceptance<'_>) -> Value {
    let programmed =
        |status, reason: &str, message: &str| condition("Programmed", status, reason, message, gateway.generation);
    if !acceptance.is_accepted() {
        return programmed(false, "Invalid", "the Gateway is not accepted");
    }
    if let Some((reason, message)) = unfinished(&gateway.pending) {
        return programmed(false, reason, &message);
    }
    if let Some((reason, message)) = address_problem(gateway) {
        return programmed(false, reason, &message);
    }
    let message = if serves(gateway) { "" } else { "no listener serves anything, so that no address is needed" };
    programmed(true, "Programmed", message)
}

/// What is wrong with references of the Gateway itself, if there is anything: Kuma shows backends the certificates of the
/// mesh, and no others. It changes nothing about the rest.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditionreason> (`InvalidClientCertificateRef`)
fn resolved_refs(gateway: &GatewayStatus) -> Option<Value> {
    let name = gateway.managed.gateway.backend_certificate.as_ref()?;
    let message = format!(
        "spec.tls.backend.clientCertificateRef \"{name}\" is not used: Kuma's gateways show backends the certificates of the \
         mesh only"
    );
    Some(condition("ResolvedRefs", false, "InvalidClientCertificateRef", &message, gateway.generation))
}

/// What is wrong with the addresses. A Gateway of which no listener serves anything needs none, and Kuma gives it none.
fn address_problem(gateway: &GatewayStatus) -> Option<(&'static str, String)> {
    let Gateway { addresses, .. } = &*gateway.managed.gateway;
    let not_usable = addresses::not_usable(addresses, &gateway.addresses);
    if !not_usable.is_empty() {
        let values = join(not_usable.into_iter());
        return Some((
            "AddressNotUsable",
            format!("the load balancer of the Gateway does not have the address {values}"),
        ));
    }
    let missing = gateway.addresses.is_empty() && serves(gateway);
    missing.then(|| ("AddressNotAssigned", no_address(gateway)))
}

/// That a Gateway has no address, and why it will have none if that is known.
fn no_address(gateway: &GatewayStatus) -> String {
    let Gateway { namespace, name, .. } = &*gateway.managed.gateway;
    let parameters = &gateway.managed.parameters;
    let service_type = parameters.common.service_type.as_deref().filter(|_| !parameters.cross_mesh);
    let usable = gateway.listeners.iter().filter(|report| report.state.usable);
    let cause = match addresses::no_service(name, service_type, usable.map(|report| report.state.listener.port)) {
        None => "",
        Some(NoService::Name) => {
            ": Kuma makes a Service of the same name for it, and none can have this one. Give the Gateway a name of at most \
             63 lower-case letters, digits and dashes that begins with a letter"
        }
        Some(NoService::NodePorts) => {
            ": with serviceType NodePort Kuma asks for the listeners' ports on the nodes. Use ports from 30000 to 32767, or \
             what your cluster has, or another serviceType"
        }
    };
    format!("MeshGatewayInstance \"{namespace}/{name}\" has no address yet{cause}")
}

fn serves(gateway: &GatewayStatus) -> bool {
    // An accepted ListenerSet has a listener that serves something.
    gateway.attached_sets > 0 || gateway.listeners.iter().any(|report| report.state.usable)
}
