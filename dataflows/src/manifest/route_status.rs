//! `status.parents` of a route: our entries.

use serde_json::{Map, Value};

use super::EFFECTIVE;
use super::conditions::{GLOBAL, condition, join, ref_reason, ref_text, rule_text};
use super::json::object;
use super::parent_problem;
use crate::model::{
    ControlPlaneMode, ParentKind, ParentProblem, ParentReference, ParentReport, Pending, RouteKind, RouteStatus,
    Settings,
};
use crate::rules;

/// <https://gateway-api.sigs.k8s.io/reference/spec/#routestatus>
pub(super) fn status(settings: &Settings, route: &RouteStatus) -> Value {
    let parents: Vec<_> = route
        .parents
        .iter()
        .map(|report| {
            object([
                ("parentRef", parent_ref(&report.verdict.parent.reference)),
                ("controllerName", (*settings.controller_name).into()),
                ("conditions", conditions(settings, route, report).into()),
            ])
        })
        .collect();
    object([("parents", parents.into())])
}

/// The parentRef as it was written, with the defaults of the schema.
fn parent_ref(reference: &ParentReference) -> Value {
    let mut rendered = Map::new();
    rendered.insert("group".into(), reference.group.name().into());
    rendered.insert("kind".into(), reference.kind.name().into());
    rendered.extend(reference.namespace.as_ref().map(|namespace| ("namespace".to_owned(), (**namespace).into())));
    rendered.insert("name".into(), (*reference.name).into());
    rendered.extend(reference.section_name.as_ref().map(|name| ("sectionName".to_owned(), (**name).into())));
    rendered.extend(reference.port.map(|port| ("port".to_owned(), port.into())));
    Value::Object(rendered)
}

fn conditions(settings: &Settings, route: &RouteStatus, report: &ParentReport) -> Vec<Value> {
    let condition =
        |kind: &str, status, reason: &str, message: &str| condition(kind, status, reason, message, route.of.generation);
    let dropped = || join(route.rules.dropped.iter().map(|(index, problem)| rule_text(*index, problem)));
    let refused: Vec<_> = route.refused.iter().filter(|pending| serves(pending, report)).collect();
    let refusals = || {
        join(refused.iter().map(|pending| {
            format!("{} was refused: {}", pending.object, pending.refusal.as_deref().unwrap_or_default())
        }))
    };
    let mut conditions = Vec::with_capacity(4);
    conditions.push(match accepted_problem(settings, route, report) {
        Some((reason, message)) => condition("Accepted", false, reason, &message),
        None if !refused.is_empty() => condition("Accepted", false, "UnsupportedValue", &refusals()),
        None => condition("Accepted", true, "Accepted", ""),
    });
    conditions.push(resolved_refs(route, report));
    let hostnames = dropped_hostnames(report);
    if report.verdict.problem.is_none() && !(route.rules.dropped.is_empty() && hostnames.is_empty()) {
        // The message has to begin like this, whatever was dropped.
        let rules = if route.rules.dropped.is_empty() { "none".to_owned() } else { dropped() };
        let hostnames = (!hostnames.is_empty()).then_some(hostnames);
        let message = join(std::iter::once(format!("Dropped Rule: {rules}")).chain(hostnames));
        conditions.push(condition("PartiallyInvalid", true, "UnsupportedValue", &message));
    }
    if let Some((reason, message)) = without_effect(report) {
        conditions.push(condition(EFFECTIVE, false, reason, &message));
    }
    conditions
}

/// That some hostnames of a route are none, where hostnames count; empty if all are.
fn dropped_hostnames(report: &ParentReport) -> String {
    let parent = &report.verdict.parent;
    let invalid = rules::hostname::invalid(&parent.hostnames).filter(|_| parent.parent_kind == ParentKind::Gateway);
    let names = join(invalid.map(|name| format!("{:?}", name.to_string())));
    if names.is_empty() { names } else { format!("Dropped Hostname: no DNS name in lower case: {names}") }
}

/// What of a route is accepted without effect.
fn without_effect(report: &ParentReport) -> Option<(&'static str, String)> {
    if report.verdict.problem.is_some() {
        return None;
    }
    let not_http = parent_problem::not_http(report);
    let parent = &report.verdict.parent;
    let what = match parent.route_kind {
        RouteKind::Http | RouteKind::Grpc => "matches",
        RouteKind::Tcp | RouteKind::Tls if parent.parent_kind != ParentKind::Gateway => "ports",
        RouteKind::Tcp => "listeners",
        RouteKind::Tls => "hostnames",
    };
    let yielded = parent_problem::yielded(report);
    let shadowed = (report.shadowed_matches > 0).then(|| {
        format!(
            "{} of the {what} on this parent are held by older routes: {}",
            report.shadowed_matches,
            join(report.shadowed.iter())
        )
    });
    let reason = if not_http.is_some() { "PortNotHTTP" } else { "Shadowed" };
    let message = join(not_http.into_iter().chain(shadowed).chain(yielded));
    (!message.is_empty()).then_some((reason, message))
}

/// <https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason>
fn accepted_problem(settings: &Settings, route: &RouteStatus, report: &ParentReport) -> Option<(&'static str, String)> {
    let parent = &report.verdict.parent;
    let reference = &parent.reference;
    let namespace = reference.namespace.as_deref().unwrap_or(&parent.age.namespace);
    let gateway = format!("{} \"{namespace}/{}\"", reference.kind, reference.name);
    let problem = report.verdict.problem.as_ref()?;
    if let Some(told) = parent_problem::of_service(&gateway, report, problem) {
        return Some(told);
    }
    Some(match problem {
        ParentProblem::GatewayNotAccepted if settings.mode == ControlPlaneMode::Global => {
            ("Pending", format!("{gateway} is not accepted: {GLOBAL}"))
        }
        ParentProblem::GatewayNotAccepted => ("Pending", format!("{gateway} is not accepted")),
        ParentProblem::OtherMesh(meshes) => (
            "NoMatchingParent",
            format!(
                "{gateway} is in mesh \"{}\" and the route in mesh \"{}\": set the kuma.io/mesh label or annotation",
                meshes.parent, meshes.route
            ),
        ),
        ParentProblem::NoMatchingParent if parent.parent_kind != ParentKind::Gateway => {
            ("NoMatchingParent", parent_problem::no_port(&gateway, reference))
        }
        ParentProblem::NoMatchingParent => {
            let section = reference.section_name.as_ref().map(|name| format!(" named \"{name}\""));
            let port = reference.port.map(|port| format!(" on port {port}"));
            let wanted = format!("{}{}", section.unwrap_or_default(), port.unwrap_or_default());
            ("NoMatchingParent", format!("{gateway} has no listener{wanted}"))
        }
        ParentProblem::NotAllowedByListeners => (
            "NotAllowedByListeners",
            format!(
                "no listener of {gateway} that the parentRef asks for allows routes of this kind from namespace \"{}\"",
                parent.age.namespace
            ),
        ),
        ParentProblem::NoMatchingListenerHostname => no_hostname(&gateway, report),
        ParentProblem::Conflicted => {
            let other = if parent.route_kind == RouteKind::Grpc { RouteKind::Http } else { RouteKind::Grpc };
            let message = format!(
                "older routes of kind {} have the hostnames of this route on each listener of {gateway} that the parentRef \
                 asks for: use other hostnames or another listener",
                other.kind()
            );
            ("Conflicted", message)
        }
        // The others are of Services, and told above.
        _ => {
            let dropped = route.rules.dropped.iter().map(|(index, problem)| rule_text(*index, problem));
            ("UnsupportedValue", format!("no rule can be served: {}", join(dropped)))
        }
    })
}

/// Why a route has no hostname in common with its listeners: it has none that is one, or none of theirs.
fn no_hostname(gateway: &str, report: &ParentReport) -> (&'static str, String) {
    let hostnames = &report.verdict.parent.hostnames;
    let dropped = dropped_hostnames(report);
    if rules::hostname::invalid(hostnames).count() == hostnames.len() && !hostnames.is_empty() {
        return ("UnsupportedValue", format!("no hostname of the route can be served. {dropped}"));
    }
    let served =
        format!("no hostname of the route is served by the listeners of {gateway} that the parentRef asks for");
    let dropped = Some(dropped).filter(|dropped| !dropped.is_empty());
    ("NoMatchingListenerHostname", join(std::iter::once(served).chain(dropped)))
}

/// Whether an object of the route serves this parent.
fn serves(pending: &Pending, report: &ParentReport) -> bool {
    let servings = pending.action.desired().into_iter().flat_map(|desired| desired.content.servings());
    servings.into_iter().any(|serving| serving.parents.contains(&report.verdict.parent.index))
}

/// The most telling problem gives the reason; the message names all of that reason.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason> (`ResolvedRefs`)
fn resolved_refs(route: &RouteStatus, report: &ParentReport) -> Value {
    // A route is in one mesh; what is bound to another does not exist for it.
    let parent = &report.verdict.parent;
    let mesh = rules::meshes::name_of(parent.mesh.as_ref());
    let backends = route.rules.rules.iter().flat_map(|rule| &rule.backends);
    let problem = |backend| rules::backends::problem_in(backend, mesh, parent.parent_kind);
    let problems: Vec<_> = backends.filter_map(|backend| Some((&backend.backend, problem(backend)?))).collect();
    let Some(worst) = problems.iter().map(|(_, problem)| *problem).min() else {
        return condition("ResolvedRefs", true, "ResolvedRefs", "", route.of.generation);
    };
    let reason = ref_reason(worst);
    let told = problems.iter().filter(|(_, problem)| ref_reason(*problem) == reason);
    let message = join(told.map(|(backend, problem)| ref_text(backend, *problem)));
    condition("ResolvedRefs", false, reason, &message, route.of.generation)
}
