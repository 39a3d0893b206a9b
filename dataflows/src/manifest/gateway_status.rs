//! `status` of a Gateway.

use serde_json::{Value, json};

use super::conditions::{condition, gateway_problem, join};
use super::json::object;
use super::listener_status::{self, faulty, unfinished};
use crate::model::{Gateway, GatewayStatus};
use crate::rules::acceptance::{Acceptance, acceptance};
use crate::rules::addresses;

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
        Acceptance::Accepted => accepted(true, "Accepted", ""),
        Acceptance::ListenersNotValid => accepted(true, "ListenersNotValid", &faulty(&gateway.listeners)),
        Acceptance::NoValidListener => accepted(false, "ListenersNotValid", &faulty(&gateway.listeners)),
        Acceptance::Refused(problem) => {
            let (reason, message) = gateway_problem(&gateway.managed, problem);
            accepted(false, reason, &message)
        }
    }
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
    let Gateway { namespace, name, addresses, .. } = &*gateway.managed.gateway;
    let not_usable = addresses::not_usable(addresses, &gateway.addresses);
    if !not_usable.is_empty() {
        let values = join(not_usable.into_iter());
        return Some((
            "AddressNotUsable",
            format!("the load balancer of the Gateway does not have the address {values}"),
        ));
    }
    let missing = gateway.addresses.is_empty() && serves(gateway);
    missing.then(|| ("AddressNotAssigned", format!("MeshGatewayInstance \"{namespace}/{name}\" has no address yet")))
}

fn serves(gateway: &GatewayStatus) -> bool {
    // An accepted ListenerSet has a listener that serves something.
    gateway.attached_sets > 0 || gateway.listeners.iter().any(|report| report.state.usable)
}
