use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Route;
use super::objects::{Listener, Match, Metadata, Method, Named, Rule};
use crate::traffic::{Request, covers, matches_whole, narrowness};

/// A rule that a request matches.
pub(super) struct Candidate<'a> {
    pub(super) route: &'a Route,
    pub(super) rule: &'a Rule,
    pub(super) found: Match,
    pub(super) precedence: Precedence,
}

/// What decides between rules, most important first; the largest goes first.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec> (`hostnames`) and
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule> (`matches`)
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence {
    hostname: (bool, usize),
    exact: bool,
    /// Characters of the prefix; none for a regular expression, of which the specification does not say where it goes.
    prefix: Option<usize>,
    method: bool,
    headers: usize,
    queries: usize,
    /// A route without a time is the youngest.
    age: Reverse<(bool, String)>,
    name: Reverse<(String, String)>,
    place: Reverse<(usize, usize)>,
}

/// The matches of a route that a request satisfies, which it came to by a hostname as narrow as this.
pub(super) fn candidates<'a>(route: &'a Route, hostname: (bool, usize), request: &Request) -> Vec<Candidate<'a>> {
    let metadata = &route.metadata;
    let mut candidates = Vec::new();
    for (place, rule) in route.spec.rules.iter().enumerate().filter(|(_, rule)| is_served(rule)) {
        // "If no matches are specified, the default is a prefix path match on "/""
        let every = [Match::default()];
        let matches = if rule.matches.is_empty() { &every } else { rule.matches.as_slice() };
        for (index, found) in matches.iter().enumerate() {
            let headers = first_of_each(&found.headers, str::to_ascii_lowercase);
            let queries = first_of_each(&found.query_params, str::to_owned);
            let satisfied = found.method.as_ref().is_none_or(|method| method_matches(method, request))
                && path_matches(found, &request.path)
                && headers.iter().all(|(name, wanted)| satisfies(wanted, request.headers.get(name)))
                && queries.iter().all(|(name, wanted)| satisfies(wanted, request.query.get(name)));
            if !satisfied {
                continue;
            }
            let (exact, prefix) = of_path(found);
            let (age, name) = seniority(metadata);
            let precedence = Precedence {
                hostname,
                exact,
                prefix,
                method: matches!(found.method, Some(Method::Http(_))),
                headers: headers.len(),
                queries: queries.len(),
                age: Reverse(age),
                name: Reverse(name),
                place: Reverse((place, index)),
            };
            candidates.push(Candidate { route, rule, found: found.clone(), precedence });
        }
    }
    candidates
}

/// What makes a route older than another; the smallest goes first. A route without a time is the youngest.
pub(super) fn seniority(metadata: &Metadata) -> ((bool, String), (String, String)) {
    let created = metadata.creation_timestamp.clone();
    ((created.is_none(), created.unwrap_or_default()), (metadata.namespace.clone(), metadata.name.clone()))
}

/// Whether a match is for one path, and if it is for prefixes of how many characters. For a call the path is service and
/// method, of which the longer service goes first, then the longer method.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule> (`matches`)
fn of_path(found: &Match) -> (bool, Option<usize>) {
    let Some(Method::Call(call)) = &found.method else {
        let prefix = (found.path.kind == "PathPrefix").then(|| trimmed(&found.path.value).len());
        return (found.path.kind == "Exact", prefix);
    };
    match (call.kind.as_str(), &call.service, &call.method) {
        ("Exact", Some(_), Some(_)) => (true, None),
        ("Exact", Some(service), None) => (false, Some(service.len() + 1)),
        // Kuma knows such calls by expressions alone, which it tries after everything else.
        _ => (false, None),
    }
}

/// "The path of a call is `/<service>/<method>`."
fn method_matches(method: &Method, request: &Request) -> bool {
    let call = match method {
        Method::Http(method) => return *method == request.method,
        Method::Call(call) => call,
    };
    if call.kind == "RegularExpression" {
        let part = |part: &Option<String>| part.as_ref().map_or_else(|| "[^/]+".to_owned(), |it| format!("(?:{it})"));
        let expression = format!("/{}/{}", part(&call.service), part(&call.method));
        return matches_whole(&expression, &request.path).unwrap_or(false);
    }
    let mut parts = request.path.strip_prefix('/').unwrap_or_default().split('/');
    let (service, method) = (parts.next().unwrap_or_default(), parts.next());
    let is_call = parts.next().is_none() && !service.is_empty() && method.is_some_and(|method| !method.is_empty());
    call.service.as_ref().is_none_or(|wanted| wanted == service)
        && (call.method.is_none() || is_call && call.method.as_deref() == method)
}

/// Whether anything is left of a route once the rules are left out that Kuma has no words for.
pub(super) fn serves_anything(route: &Route) -> bool {
    route.spec.rules.is_empty() || route.spec.rules.iter().any(is_served)
}

/// Whether a rule is served: what Kuma has no words for is left out, and the route says so.
fn is_served(rule: &Rule) -> bool {
    const KNOWN: [&str; 5] =
        ["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "RequestMirror"];
    // Kuma does not copy requests that it redirects.
    let both =
        ["RequestRedirect", "RequestMirror"].iter().all(|kind| rule.filters.iter().any(|filter| filter.kind == *kind));
    let fields = [&rule.timeouts, &rule.retry, &rule.session_persistence];
    !both
        && fields.iter().all(|field| field.is_none())
        && rule.filters.iter().all(|filter| KNOWN.contains(&filter.kind.as_str()))
        && rule.backend_refs.iter().all(|backend| backend.filters.is_empty())
}

/// The hostnames by which a route serves hosts of a listener; `None` is all hosts.
pub(super) fn shared_hostnames<'a>(route: &'a Route, listener: &'a Listener) -> Vec<Option<&'a str>> {
    let of_listener = listener.hostname.as_deref();
    if route.spec.hostnames.is_empty() {
        return vec![of_listener];
    }
    let narrower = |name: &'a String| {
        let name = Some(name.as_str());
        meets(name, of_listener).then(|| if narrowness(name) < narrowness(of_listener) { of_listener } else { name })
    };
    route.spec.hostnames.iter().filter_map(narrower).collect()
}

/// Whether two hostnames have hosts in common.
pub(super) fn meets(left: Option<&str>, right: Option<&str>) -> bool {
    // A wildcard stands for any host below it, and so for this one.
    let below = |name: &str| name.strip_prefix('*').map_or_else(|| name.to_owned(), |suffix| format!("x{suffix}"));
    match (left, right) {
        (Some(one), Some(other)) => covers(left, &below(other)) || covers(right, &below(one)),
        _ => true,
    }
}

/// The narrowness of the hostname by which a route serves a host at a listener.
pub(super) fn best_hostname(route: &Route, listener: &Listener, host: &str) -> Option<(bool, usize)> {
    let of_listener = listener.hostname.as_deref();
    if !covers(of_listener, host) {
        return None;
    }
    if route.spec.hostnames.is_empty() {
        return Some(narrowness(of_listener));
    }
    let covering = route.spec.hostnames.iter().filter(|name| covers(Some(name), host));
    // What both cover is as narrow as the narrower of the two.
    covering.map(|name| narrowness(Some(name)).max(narrowness(of_listener))).max()
}

/// Of matches that name the same thing only the first counts.
fn first_of_each(all: &[Named], key: impl Fn(&str) -> String) -> BTreeMap<String, &Named> {
    let mut first = BTreeMap::new();
    for named in all {
        first.entry(key(&named.name)).or_insert(named);
    }
    first
}

fn satisfies(wanted: &Named, found: Option<&String>) -> bool {
    found.is_some_and(|found| match wanted.kind.as_str() {
        "RegularExpression" => matches_whole(&wanted.value, found).unwrap_or(false),
        _ => *found == wanted.value,
    })
}

/// "Matches based on a URL path prefix split by `/`. … A path element refers to the list of labels in the path split by
/// the `/` separator."
fn path_matches(found: &Match, path: &str) -> bool {
    let value = &found.path.value;
    match found.path.kind.as_str() {
        "Exact" => path == value,
        "RegularExpression" => matches_whole(value, path).unwrap_or(false),
        _ => {
            let elements = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
            elements(path).starts_with(&elements(trimmed(value)))
        }
    }
}

/// A prefix without the slash at its end, which means nothing.
pub(super) fn trimmed(prefix: &str) -> &str {
    prefix.strip_suffix('/').unwrap_or(prefix)
}
