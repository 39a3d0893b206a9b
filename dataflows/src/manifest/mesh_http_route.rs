//! `spec` of a MeshHTTPRoute.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::gateway_target;
use super::json::object;
use crate::model::{
    AttachPoint, BackendKind, BackendRef, Claim, Filter, Floor, HeaderChange, Hostname, ListenerPlace, Match,
    MatchKind, MeshHttpRoutePlan, MeshServices, NamedMatch, PathMatch, PathRewrite, Percentage, Place, PlannedRule,
    Protocol, Redirect, Ref, RefProblem, ResolvedBackend, Rewrite, ServicePort, Settings,
};
use crate::rules::{self, names};

/// A route on a listener.
///
/// <https://kuma.io/docs/2.14.x/policies/meshhttproute/>
pub(super) fn spec(settings: &Settings, plan: &MeshHttpRoutePlan) -> Value {
    let target = plan.serving.point.listener().map(listener_target);
    json!({"targetRef": target, "to": to(settings, plan, &json!({"kind": "Mesh"}))})
}

fn listener_target(listener: &ListenerPlace) -> Value {
    let mut target = json!({"kind": "MeshGateway", "name": &*listener.mesh_gateway});
    target["tags"] = listener_tags(&listener.tag, listener.port);
    target
}

/// One `to` entry per set of hostnames that serve the same matches, one rule per match.
///
/// Kuma blends rules whose whole match lists are equal and orders the others by their content, so a rule holds one
/// match, and the lists of filters and backends are written even when they are empty.
pub(super) fn to(settings: &Settings, plan: &MeshHttpRoutePlan, target: &Value) -> Vec<Value> {
    let point = &plan.serving.point;
    let entry = |(hostnames, matches): (Vec<&Hostname>, Vec<ServedMatch<'_>>)| {
        let rules: Vec<_> = matches.iter().map(|left| kuma_rule(settings, point, left)).collect();
        let mut entry = object([("targetRef", target.clone()), ("rules", rules.into())]);
        if !hostnames.is_empty() {
            entry["hostnames"] = hostnames.iter().map(ToString::to_string).collect();
        }
        entry
    };
    served(plan).into_iter().map(entry).collect()
}

/// The tags by which routes name a listener.
pub(super) fn listener_tags(name: &str, port: u16) -> Value {
    json!({"gateways.kuma.io/listener-name": name, "gateways.kuma.io/listener-port": port.to_string()})
}

/// A rule that no request can match: it gives every HTTP port of the gateway a route, without which Kuma would take
/// no new configuration at all.
pub(super) fn floor_spec(floor: &Floor) -> Value {
    let gateway = &floor.managed.gateway;
    let never = "x-deltagate-floor";
    json!({
        "targetRef": gateway_target(&gateway.namespace, &gateway.name),
        "to": [{
            "targetRef": {"kind": "Mesh"},
            "rules": [{
                "matches": [{
                    "path": {"type": "Exact", "value": "/"},
                    "headers": [{"type": "Present", "name": never}, {"type": "Absent", "name": never}],
                }],
                "default": {"filters": [], "backendRefs": [with_weight(unresolved(), 1)]},
            }],
        }],
    })
}

/// Whether anything of a route is left at an attach point once the matches of others are taken out.
pub(crate) fn serves_anything(plan: &MeshHttpRoutePlan) -> bool {
    !served(plan).is_empty()
}

/// One match of a rule that a listener serves.
struct ServedMatch<'a> {
    rule: &'a PlannedRule,
    /// Place in the rule.
    index: usize,
    /// How many header matches that are always true it gets.
    padding: u16,
}

type Served<'a> = Vec<(Vec<&'a Hostname>, Vec<ServedMatch<'a>>)>;

/// The matches that are left per hostname, hostnames with the same ones together.
fn served(plan: &MeshHttpRoutePlan) -> Served<'_> {
    let serving = &plan.serving;
    if serving.hostnames.is_empty() {
        return std::iter::once((Vec::new(), left(plan, None))).filter(|(_, matches)| !matches.is_empty()).collect();
    }
    let mut entries: Served<'_> = Vec::new();
    for hostname in &*serving.hostnames {
        let matches = left(plan, Some(hostname));
        let position = |left: &ServedMatch<'_>| (left.rule.rule.index, left.index, left.padding);
        let same = |other: &[ServedMatch<'_>]| other.iter().map(position).eq(matches.iter().map(position));
        match entries.iter_mut().find(|(_, other)| same(other)) {
            Some((hostnames, _)) => hostnames.push(hostname),
            None if matches.is_empty() => {}
            None => entries.push((vec![hostname], matches)),
        }
    }
    entries
}

/// The matches that are left for one hostname.
fn left<'a>(plan: &'a MeshHttpRoutePlan, hostname: Option<&Hostname>) -> Vec<ServedMatch<'a>> {
    let serving = &plan.serving;
    let here =
        |claim: &Ref<Claim>| (claim.hostname.as_ref() == hostname).then_some((claim.rule, usize::from(claim.index)));
    let lost: BTreeSet<_> = serving.shadowed.iter().filter_map(|shadowed| here(&shadowed.claim)).collect();
    let padding: BTreeMap<_, _> =
        serving.padded.iter().filter_map(|padded| Some((here(&padded.claim)?, padded.headers))).collect();
    let all = plan.rules.rules.iter().flat_map(|rule| (0..rule.rule.matches.len()).map(move |index| (rule, index)));
    all.filter(|(rule, index)| !lost.contains(&(rule.rule.index, *index)))
        .map(|(rule, index)| {
            let padding = padding.get(&(rule.rule.index, index)).copied().unwrap_or_default();
            ServedMatch { rule, index, padding }
        })
        .collect()
}

fn kuma_rule(settings: &Settings, point: &AttachPoint, served: &ServedMatch<'_>) -> Value {
    let planned = served.rule;
    let rule = &planned.rule;
    let filters = filters(settings, point, planned);
    let redirects = rule.filters.iter().any(|filter| matches!(filter, Filter::Redirect(_)));
    let backends = if redirects { Vec::new() } else { backends(settings, point, planned) };
    let answer = object([("filters", filters.into()), ("backendRefs", backends.into())]);
    object([("matches", vec![kuma_match(&rule.matches[served.index], served.padding)].into()), ("default", answer)])
}

fn kuma_match(found: &Match, padding: u16) -> Value {
    let (kind, value) = match &found.path {
        PathMatch::Exact(value) => ("Exact", value),
        PathMatch::Prefix(value) => ("PathPrefix", value),
        PathMatch::RegularExpression(value) => ("RegularExpression", value),
    };
    let mut rendered = Map::new();
    rendered.insert("path".into(), json!({"type": kind, "value": &**value}));
    if let Some(method) = &found.method {
        rendered.insert("method".into(), (**method).into());
    }
    // Kuma's gateways take the values before an expression for expressions too.
    let of_kind = |kind| found.query_params.iter().filter(move |query| query.kind == kind);
    let query_params = of_kind(MatchKind::RegularExpression).chain(of_kind(MatchKind::Exact));
    let query_params: Vec<_> = query_params.map(named_match).collect();
    let padding = (1..=padding).map(|number| json!({"type": "Absent", "name": format!("x-deltagate-pad-{number}")}));
    let headers: Vec<_> = found.headers.iter().map(named_match).chain(padding).collect();
    if !headers.is_empty() {
        rendered.insert("headers".into(), headers.into());
    }
    if !query_params.is_empty() {
        rendered.insert("queryParams".into(), query_params.into());
    }
    Value::Object(rendered)
}

fn named_match(found: &NamedMatch) -> Value {
    let kind = match found.kind {
        MatchKind::Exact => "Exact",
        MatchKind::RegularExpression => "RegularExpression",
    };
    json!({"type": kind, "name": &*found.name, "value": &*found.value})
}

fn filters(settings: &Settings, point: &AttachPoint, planned: &PlannedRule) -> Vec<Value> {
    const MODIFIER: &str = "requestHeaderModifier";
    let filters = &planned.rule.filters;
    let mut rendered: Vec<_> =
        filters.iter().filter_map(|filter| kuma_filter(settings, point, planned, filter)).collect();
    if let Some(host) = filters.iter().find_map(|filter| forgotten_host(point, filter)) {
        let host = json!({"name": "host", "value": host});
        // A rule has one modifier of request headers, as Gateway API has it.
        match rendered.iter_mut().find_map(|filter| filter.get_mut(MODIFIER)) {
            Some(modifier) => match modifier["set"].as_array_mut() {
                Some(set) => set.push(host),
                None => modifier["set"] = vec![host].into(),
            },
            None => rendered.insert(0, json!({"type": "RequestHeaderModifier", MODIFIER: {"set": [host]}})),
        }
    }
    rendered
}

fn kuma_filter(settings: &Settings, point: &AttachPoint, planned: &PlannedRule, filter: &Filter) -> Option<Value> {
    Some(match filter {
        Filter::RequestHeaders(change) => {
            object([("type", "RequestHeaderModifier".into()), ("requestHeaderModifier", header_change(change))])
        }
        Filter::ResponseHeaders(change) => {
            object([("type", "ResponseHeaderModifier".into()), ("responseHeaderModifier", header_change(change))])
        }
        Filter::Redirect(redirect) => {
            object([("type", "RequestRedirect".into()), ("requestRedirect", kuma_redirect(point, redirect))])
        }
        Filter::Rewrite(rewrite) => {
            let mut rendered = Map::new();
            rendered.extend(rewrite.hostname.as_ref().map(|name| ("hostname".to_owned(), (**name).into())));
            rendered.extend(rewrite.path.as_ref().map(|path| ("path".to_owned(), path_rewrite(point, path))));
            object([("type", "URLRewrite".into()), ("urlRewrite", rendered.into())])
        }
        Filter::Mirror { slot, percentage } => {
            let target = planned.backends.iter().find(|backend| backend.backend.slot == *slot)?;
            // A mirror to nowhere is left out: what it would have got is an answer that nobody reads.
            let mut backend = tagged(settings, target).filter(|_| problem(point, target).is_none())?;
            backend["weight"] = 1.into();
            let mut mirror = object([("backendRef", backend)]);
            if let Some(percentage) = percentage {
                mirror["percentage"] = kuma_percentage(*percentage);
            }
            object([("type", "RequestMirror".into()), ("requestMirror", mirror)])
        }
    })
}

/// The host that a rewrite gives where it has to be said once more, as a header: beside a new prefix Kuma's gateways forget it
/// for the path that is just the prefix. A header with this name they take for the host to ask; a sidecar would be refused by
/// Envoy.
///
/// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/gateway/gateway_route_generator.go>
fn forgotten_host<'a>(point: &AttachPoint, filter: &'a Filter) -> Option<&'a str> {
    let Filter::Rewrite(Rewrite { hostname: Some(hostname), path: Some(PathRewrite::Prefix(_)) }) = filter else {
        return None;
    };
    point.listener().map(|_| &**hostname)
}

fn header_change(change: &HeaderChange) -> Value {
    let values = |values: &[crate::model::HeaderValue]| -> Vec<Value> {
        // Envoy takes what stands between percent signs for a command, and two of them for one that is meant.
        values.iter().map(|value| json!({"name": &*value.name, "value": value.value.replace('%', "%%")})).collect()
    };
    let mut rendered = Map::new();
    if !change.set.is_empty() {
        rendered.insert("set".into(), values(&change.set).into());
    }
    if !change.add.is_empty() {
        rendered.insert("add".into(), values(&change.add).into());
    }
    if !change.remove.is_empty() {
        rendered.insert("remove".into(), change.remove.iter().map(|name| Value::from(&**name)).collect());
    }
    Value::Object(rendered)
}

/// A redirect with scheme and port always given: Kuma would else take the port of the listener whatever the scheme. On
/// a Service they are http and its port.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter> (`port`)
fn kuma_redirect(point: &AttachPoint, redirect: &Redirect) -> Value {
    let (own_scheme, own_port) = match &point.place {
        Place::Listener(ListenerPlace { protocol: Protocol::Https, port, .. }) => ("https", *port),
        Place::Listener(ListenerPlace { port, .. }) | Place::ServicePort(ServicePort { port, .. }) => ("http", *port),
    };
    let port = match (redirect.port, redirect.scheme.as_deref()) {
        (Some(port), _) => port,
        (None, Some("https")) => 443,
        (None, Some(_)) => 80,
        (None, None) => own_port,
    };
    let mut rendered = Map::new();
    rendered.insert("scheme".into(), redirect.scheme.as_deref().unwrap_or(own_scheme).into());
    rendered.insert("port".into(), port.into());
    rendered.insert("statusCode".into(), redirect.status_code.into());
    rendered.extend(redirect.hostname.as_ref().map(|name| ("hostname".to_owned(), (**name).into())));
    rendered.extend(redirect.path.as_ref().map(|path| ("path".to_owned(), path_rewrite(point, path))));
    Value::Object(rendered)
}

/// Where a sidecar has matched a prefix it has matched the slash behind it too, and replaces both.
///
/// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/policies/meshhttproute/xds/filters/urlrewrite.go>
fn path_rewrite(point: &AttachPoint, path: &PathRewrite) -> Value {
    let replacement: Cow<'_, str> = match (path, &point.place) {
        (PathRewrite::Full(value), _) => return json!({"type": "ReplaceFullPath", "replaceFullPath": &**value}),
        (PathRewrite::Prefix(value), Place::Listener(_)) => (&**value).into(),
        (PathRewrite::Prefix(value), Place::ServicePort(_)) => format!("{}/", value.trim_end_matches('/')).into(),
    };
    json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": replacement})
}

/// A whole number as a number, another one as text, as Kuma wants it.
fn kuma_percentage(percentage: Percentage) -> Value {
    let (whole, rest) = (percentage.0 / 1000, percentage.0 % 1000);
    if rest == 0 { whole.into() } else { format!("{whole}.{rest:03}").trim_end_matches('0').into() }
}

/// The backends of a rule. Those of weight 0 are left out, as Kuma sends a lone one all traffic and rejects a sum of
/// zero; where nothing is left, the rule answers with an error.
fn backends(settings: &Settings, point: &AttachPoint, planned: &PlannedRule) -> Vec<Value> {
    let weighted = planned.backends.iter().filter(|backend| backend.backend.slot < BackendRef::MIRROR);
    let weighted = weighted.filter(|backend| backend.backend.weight > 0);
    shares(weighted.map(|backend| (backend_ref(settings, point, backend), backend.backend.weight)), || dead(point))
}

/// Backends with their weights. Of several references to one destination Kuma takes the last, so they are one with the
/// sum of their weights. `none` stands in where there is no backend at all.
pub(super) fn shares(backends: impl Iterator<Item = (Value, u32)>, none: impl FnOnce() -> Value) -> Vec<Value> {
    let mut rendered: Vec<(Value, u64)> = Vec::new();
    for (backend, weight) in backends {
        match rendered.iter_mut().find(|(other, _)| *other == backend) {
            Some((_, sum)) => *sum += u64::from(weight),
            None => rendered.push((backend, weight.into())),
        }
    }
    if rendered.is_empty() {
        rendered.push((none(), 1));
    }
    rendered.into_iter().map(|(backend, weight)| with_weight(backend, weight)).collect()
}

pub(super) fn with_weight(mut backend: Value, weight: u64) -> Value {
    backend["weight"] = weight.into();
    backend
}

fn problem(point: &AttachPoint, resolved: &ResolvedBackend) -> Option<RefProblem> {
    rules::backends::problem_in(resolved, &point.mesh, point.parent_kind())
}

fn backend_ref(settings: &Settings, point: &AttachPoint, resolved: &ResolvedBackend) -> Value {
    if problem(point, resolved).is_some() {
        return dead(point);
    }
    let legacy_form = match resolved.backend.kind {
        // Kuma makes no MeshService of the name of a headless Service.
        BackendKind::Service if point.mesh_services != MeshServices::Exclusive || resolved.headless => {
            legacy(settings, resolved)
        }
        BackendKind::ExternalService => {
            resolved.service_tag.as_ref().map(|tag| json!({"kind": "MeshService", "name": &**tag}))
        }
        _ => None,
    };
    legacy_form.unwrap_or_else(|| real(resolved))
}

/// A backend that answers with an error for its share.
fn dead(point: &AttachPoint) -> Value {
    let tag = point.service_port().and_then(|port| port.tag.as_ref());
    tag.map_or_else(unresolved, |tag| super::service_route::dead(tag))
}

/// What a gateway answers with 500. A sidecar would send the share elsewhere.
fn unresolved() -> Value {
    json!({"kind": "MeshService", "name": "kuma.io/unresolved-backend"})
}

/// A Service of this zone by its tags.
fn legacy(settings: &Settings, resolved: &ResolvedBackend) -> Option<Value> {
    let backend = &resolved.backend;
    Some(json!({
        "kind": "MeshServiceSubset",
        "name": names::service_tag(&backend.namespace, &backend.name, backend.port?),
        "tags": {"kuma.io/zone": &*settings.zone},
    }))
}

/// A destination by its tags, which is all that Kuma reads of a mirror. What lies outside the mesh is in no zone.
fn tagged(settings: &Settings, resolved: &ResolvedBackend) -> Option<Value> {
    let outside = resolved.service_tag.as_ref().map(|tag| json!({"kind": "MeshServiceSubset", "name": &**tag}));
    outside.or_else(|| legacy(settings, resolved))
}

/// A reference to an object of Kuma's by its name.
fn real(resolved: &ResolvedBackend) -> Value {
    let backend = &resolved.backend;
    let kind = match backend.kind {
        BackendKind::MeshMultiZoneService => "MeshMultiZoneService",
        BackendKind::MeshExternalService => "MeshExternalService",
        _ => "MeshService",
    };
    let mut rendered = json!({"kind": kind, "name": &*backend.name, "namespace": &*backend.namespace});
    if let Some(port) = resolved.port {
        rendered["port"] = port.into();
    }
    rendered
}
