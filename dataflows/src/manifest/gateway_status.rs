//! `status` of a Gateway.

use serde_json::{Value, json};

use super::conditions::{condition, gateway_problem, join, listener_text};
use super::json::object;
use crate::model::{Action, Gateway, GatewayStatus, ListenerProblem, ListenerReport, Pending, Ref};
use crate::rules::acceptance::{Acceptance, acceptance};
use crate::rules::{addresses, certificates};

/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus>
pub(super) fn status(gateway: &GatewayStatus) -> Value {
    let states = gateway.listeners.iter().map(|report| &*report.state);
    let acceptance = acceptance(&gateway.managed, states);
    let listeners: Vec<_> = gateway.listeners.iter().map(|report| listener(gateway, report)).collect();
    let addresses: Vec<_> =
        gateway.addresses.iter().map(|address| json!({"type": &*address.kind, "value": &*address.value})).collect();
    let conditions = vec![accepted(gateway, acceptance), programmed(gateway, acceptance)];
    object([("conditions", conditions.into()), ("listeners", listeners.into()), ("addresses", addresses.into())])
}

fn accepted(gateway: &GatewayStatus, acceptance: Acceptance<'_>) -> Value {
    let accepted =
        |status, reason: &str, message: &str| condition("Accepted", status, reason, message, gateway.generation);
    match acceptance {
        Acceptance::Accepted => accepted(true, "Accepted", ""),
        Acceptance::ListenersNotValid => accepted(true, "ListenersNotValid", &faulty_listeners(gateway)),
        Acceptance::NoValidListener => accepted(false, "ListenersNotValid", &faulty_listeners(gateway)),
        Acceptance::Refused(problem) => {
            let (reason, message) = gateway_problem(&gateway.managed, problem);
            accepted(false, reason, &message)
        }
    }
}

fn faulty_listeners(gateway: &GatewayStatus) -> String {
    join(gateway.listeners.iter().filter(|report| !report.state.problems.is_empty()).map(|report| {
        let listener = &report.state.listener;
        let texts = report.state.problems.iter();
        let texts = texts.map(|problem| listener_text(problem, listener.protocol.name(), listener.port));
        format!("listener \"{}\": {}", listener.name, join(texts))
    }))
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
    gateway.listeners.iter().any(|report| report.state.usable)
}

/// What is not in the cluster as it should be, and why.
fn unfinished(pending: &[Ref<Pending>]) -> Option<(&'static str, String)> {
    if pending.is_empty() {
        return None;
    }
    let texts = pending.iter().map(|pending| match (&pending.action, &pending.refusal) {
        (Action::Obstructed(_), _) => {
            format!("{} exists and is not managed by Deltagate: delete or rename it", pending.object)
        }
        (_, Some(reason)) => format!("{} was refused: {reason}", pending.object),
        _ => format!("{} is not written yet", pending.object),
    });
    let told = |pending: &Ref<Pending>| pending.refusal.is_some() || matches!(pending.action, Action::Obstructed(_));
    let reason = if pending.iter().any(told) { "Invalid" } else { "Pending" };
    Some((reason, join(texts)))
}

fn listener(gateway: &GatewayStatus, report: &ListenerReport) -> Value {
    let state = &report.state;
    let kinds: Vec<_> = state
        .supported
        .iter()
        .map(|kind| json!({"group": kind.kind().group().name(), "kind": kind.kind().name()}))
        .collect();
    object([
        ("name", (*state.listener.name).into()),
        ("attachedRoutes", report.attached_routes.into()),
        ("supportedKinds", kinds.into()),
        ("conditions", listener_conditions(gateway, report).into()),
    ])
}

/// What is wrong with the certificateRefs of a listener: one reason, and all of them.
fn certificate_refs(
    problems: &[ListenerProblem],
    text: impl Fn(&ListenerProblem) -> String,
) -> Option<(&'static str, String)> {
    let of_refs = |problem: &&ListenerProblem| matches!(problem, ListenerProblem::CertificateRef { .. });
    let message = join(problems.iter().filter(of_refs).map(text));
    let reason = certificates::reason(problems.iter().filter_map(|problem| match problem {
        ListenerProblem::CertificateRef { problem, .. } => Some(*problem),
        _ => None,
    }));
    (!message.is_empty()).then_some((reason, message))
}

/// Always the whole set, so that no condition of an earlier state stays behind.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenerconditionreason>
fn listener_conditions(gateway: &GatewayStatus, report: &ListenerReport) -> Vec<Value> {
    let state = &report.state;
    let text = |problem: &ListenerProblem| listener_text(problem, state.listener.protocol.name(), state.listener.port);
    let condition =
        |kind: &str, status, reason: &str, message: &str| condition(kind, status, reason, message, gateway.generation);
    let (mut own, mut refs) = (None, None);
    for problem in &state.problems {
        match problem {
            ListenerProblem::UnsupportedProtocol { .. } => own = own.or(Some(("UnsupportedProtocol", text(problem)))),
            ListenerProblem::UnsupportedValue(_) => own = own.or(Some(("UnsupportedValue", text(problem)))),
            ListenerProblem::HostnameConflict => own = Some(("HostnameConflict", text(problem))),
            ListenerProblem::ProtocolConflict => own = Some(("ProtocolConflict", text(problem))),
            ListenerProblem::InvalidRouteKinds(_) => refs = Some(("InvalidRouteKinds", text(problem))),
            ListenerProblem::CertificateRef { .. } => {}
        }
    }
    let refs = refs.or_else(|| certificate_refs(&state.problems, text));
    let accepted = match &own {
        Some((reason, message)) => condition("Accepted", false, reason, message),
        None => condition("Accepted", true, "Accepted", ""),
    };
    let resolved = match &refs {
        Some((reason, message)) => condition("ResolvedRefs", false, reason, message),
        None => condition("ResolvedRefs", true, "ResolvedRefs", ""),
    };
    let programmed = match (&own, state.usable, unfinished(&gateway.pending)) {
        (Some((reason @ ("HostnameConflict" | "ProtocolConflict"), message)), ..) => {
            condition("Programmed", false, reason, message)
        }
        (Some((_, message)), ..) => condition("Programmed", false, "Invalid", message),
        (None, false, _) if !state.gateway_accepted => {
            condition("Programmed", false, "Invalid", "the Gateway is not accepted")
        }
        (None, false, _) => condition("Programmed", false, "Invalid", "references of the listener are not resolved"),
        (None, true, Some((reason, message))) => condition("Programmed", false, reason, &message),
        (None, true, None) => condition("Programmed", true, "Programmed", ""),
    };
    let mut conditions = vec![accepted, resolved, programmed];
    if let Some((reason @ ("HostnameConflict" | "ProtocolConflict"), message)) = &own {
        conditions.push(condition("Conflicted", true, reason, message));
    }
    conditions
}
