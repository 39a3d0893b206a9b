//! `status.listeners` of a Gateway or ListenerSet.

use serde_json::{Value, json};

use super::conditions::{condition, join, listener_text};
use super::json::object;
use crate::model::{Action, ListenerProblem, ListenerReport, Pending, Ref};
use crate::rules::certificates;

/// An entry for each listener. `pending` is what is not in the cluster as it should be.
pub(super) fn all(generation: i64, reports: &[ListenerReport], pending: &[Ref<Pending>]) -> Vec<Value> {
    reports.iter().map(|report| listener(generation, report, pending)).collect()
}

/// What is wrong with which listeners.
pub(super) fn faulty(reports: &[ListenerReport]) -> String {
    join(reports.iter().filter(|report| !report.state.problems.is_empty()).map(|report| {
        let listener = &report.state.listener;
        let texts = report.state.problems.iter();
        let texts = texts.map(|problem| listener_text(problem, listener.protocol.name(), listener.port));
        format!("listener \"{}\": {}", listener.name, join(texts))
    }))
}

/// What is not in the cluster as it should be, and why.
pub(super) fn unfinished(pending: &[Ref<Pending>]) -> Option<(&'static str, String)> {
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

fn listener(generation: i64, report: &ListenerReport, pending: &[Ref<Pending>]) -> Value {
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
        ("conditions", listener_conditions(generation, report, pending).into()),
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
fn listener_conditions(generation: i64, report: &ListenerReport, pending: &[Ref<Pending>]) -> Vec<Value> {
    let state = &report.state;
    let text = |problem: &ListenerProblem| listener_text(problem, state.listener.protocol.name(), state.listener.port);
    let condition =
        |kind: &str, status, reason: &str, message: &str| condition(kind, status, reason, message, generation);
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
    let programmed = match (&own, state.usable, unfinished(pending)) {
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
    if !state.overlaps.is_empty() {
        let others = join(state.overlaps.iter());
        let message =
            format!("other listeners for TLS on port {} take some of the hosts: {others}", state.listener.port);
        conditions.push(condition("OverlappingTLSConfig", true, "OverlappingHostnames", &message));
    }
    conditions
}
