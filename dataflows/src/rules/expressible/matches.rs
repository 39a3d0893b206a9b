use std::collections::BTreeMap;

use super::names::header_problem;
use super::{Problems, WrittenMatch, WrittenNamedMatch, WrittenRpc};
use crate::model::{Few, Match, MatchKind, NamedMatch, PathMatch, RuleReason, Text};

/// Methods that both Gateway API and Kuma know.
const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The match of a rule without matches.
pub(super) fn everything() -> Match {
    Match { path: PathMatch::Prefix("/".into()), method: None, headers: Few::new(), query_params: Few::new() }
}

/// "If no matches are specified, the default is a prefix path match on `/`":
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule>
pub(super) fn matches(written: &[WrittenMatch<'_>], problems: &mut Problems) -> Vec<Match> {
    let matches: Vec<Match> =
        written.iter().enumerate().filter_map(|(place, written)| one(place, written, problems)).collect();
    if matches.is_empty() { vec![everything()] } else { matches }
}

fn one(place: usize, written: &WrittenMatch<'_>, problems: &mut Problems) -> Option<Match> {
    let path = match &written.rpc {
        Some(rpc) => call(rpc),
        None => path(written.path_type, written.path),
    };
    if let Err((field, reason)) = path {
        problems.add(format!("matches[{place}].{field}"), reason);
    }
    let method_known = written.method.is_none_or(|method| METHODS.contains(&method));
    if !method_known {
        problems.add(format!("matches[{place}].method"), RuleReason::UnknownValue);
    }
    let headers = headers(place, &written.headers, problems);
    let query_params = query_params(place, &written.query_params, problems);
    let method = written.method.filter(|_| method_known).map(Text::from);
    Some(Match { path: path.ok()?, method, headers: headers.into(), query_params: query_params.into() })
}

/// A path in normal form: of a prefix one trailing slash is left out, as it means nothing.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httppathmatch>. Kuma refuses prefixes that end in a slash.
fn path(kind: &str, value: &str) -> Result<PathMatch, (&'static str, RuleReason)> {
    let absolute = value.starts_with('/');
    match kind {
        "Exact" | "PathPrefix" if !absolute => Err(("path.value", RuleReason::NotAbsolute)),
        "Exact" => Ok(PathMatch::Exact(value.into())),
        "PathPrefix" if value == "/" => Ok(PathMatch::Prefix(value.into())),
        "PathPrefix" if value.ends_with("//") => Err(("path.value", RuleReason::DoubleSlash)),
        "PathPrefix" => Ok(PathMatch::Prefix(value.strip_suffix('/').unwrap_or(value).into())),
        "RegularExpression" if value.is_empty() => Err(("path.value", RuleReason::Empty)),
        "RegularExpression" => Ok(PathMatch::RegularExpression(value.into())),
        _ => Err(("path.type", RuleReason::UnknownValue)),
    }
}

/// A call is a request whose path is the service and the method:
/// <https://gateway-api.sigs.k8s.io/reference/spec/#grpcmethodmatch>,
/// <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
fn call(written: &WrittenRpc<'_>) -> Result<PathMatch, (&'static str, RuleReason)> {
    let any = "[^/]+";
    let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let (service, method) = (given(written.service), given(written.method));
    match (written.kind, service, method) {
        ("Exact" | "RegularExpression", None, None) => Err(("method", RuleReason::Empty)),
        ("Exact", Some(service), _) if !service.split('.').all(name) => {
            Err(("method.service", RuleReason::UnknownValue))
        }
        ("Exact", _, Some(method)) if !name(method) => Err(("method.method", RuleReason::UnknownValue)),
        ("Exact", Some(service), Some(method)) => Ok(PathMatch::Exact(format!("/{service}/{method}").into())),
        ("Exact", Some(service), None) => Ok(PathMatch::Prefix(format!("/{service}").into())),
        ("Exact", None, Some(method)) => Ok(PathMatch::RegularExpression(format!("/{any}/{method}").into())),
        ("RegularExpression", service, method) => {
            let part = |part: Option<&str>| part.map_or_else(|| any.to_owned(), |part| format!("(?:{part})"));
            Ok(PathMatch::RegularExpression(format!("/{}/{}", part(service), part(method)).into()))
        }
        _ => Err(("method.type", RuleReason::UnknownValue)),
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// "If multiple entries specify equivalent header names, only the first entry with an equivalent name MUST be
/// considered for a match": <https://gateway-api.sigs.k8s.io/reference/spec/#httpheadermatch>
fn headers(place: usize, written: &[WrittenNamedMatch<'_>], problems: &mut Problems) -> Vec<NamedMatch> {
    let field = |index: usize, field: &str| format!("matches[{place}].headers[{index}].{field}");
    let mut first = BTreeMap::new();
    for (index, written) in written.iter().enumerate() {
        let name = written.name.to_ascii_lowercase();
        if first.contains_key(&name) {
            continue;
        }
        if let Some(reason) = header_problem(&name) {
            problems.add(field(index, "name"), reason);
        }
        // Kuma leaves out a match that has no value, and the rule would match more than it says.
        if written.value.is_empty() {
            problems.add(field(index, "value"), RuleReason::Empty);
        }
        if let Some(value) = named(written, &name, || field(index, "type"), problems) {
            first.insert(name, value);
        }
    }
    first.into_values().collect()
}

/// "If multiple entries specify equivalent query param names, only the first entry with an equivalent name MUST be
/// considered for a match": <https://gateway-api.sigs.k8s.io/reference/spec/#httpqueryparammatch>
fn query_params(place: usize, written: &[WrittenNamedMatch<'_>], problems: &mut Problems) -> Vec<NamedMatch> {
    let field = |index: usize, field: &str| format!("matches[{place}].queryParams[{index}].{field}");
    let mut first = BTreeMap::new();
    for (index, written) in written.iter().enumerate() {
        if first.contains_key(written.name) {
            continue;
        }
        if written.name.is_empty() {
            problems.add(field(index, "name"), RuleReason::Empty);
        }
        if written.value.is_empty() {
            problems.add(field(index, "value"), RuleReason::Empty);
        }
        if let Some(value) = named(written, written.name, || field(index, "type"), problems) {
            first.insert(written.name, value);
        }
    }
    first.into_values().collect()
}

fn named(
    written: &WrittenNamedMatch<'_>,
    name: &str,
    field: impl FnOnce() -> String,
    problems: &mut Problems,
) -> Option<NamedMatch> {
    let kind = match written.kind {
        "Exact" => MatchKind::Exact,
        "RegularExpression" => MatchKind::RegularExpression,
        _ => {
            problems.add(field(), RuleReason::UnknownValue);
            return None;
        }
    };
    Some(NamedMatch { name: name.into(), kind, value: written.value.into() })
}
