use std::collections::BTreeMap;

use serde_json::Value;

use super::frozen::HOST;
use super::hosts::{Entry, Path};
use super::merge::queries;
use super::objects::{Filter, Listener, Mirror, Modifier, Named, PathModifier, Redirect, Rewrite, TargetRef};
use super::{Kuma, MeshGateway, Quirk};
use crate::traffic::{self, Answer, Destination, Forward, HeaderChange, Request, covers, matches_whole, narrowness};

impl Kuma {
    /// What becomes of a request at listeners of HTTP or HTTPS on one port.
    pub(super) fn http(
        &self,
        gateway: &MeshGateway,
        listeners: &[&Listener],
        request: &Request,
        without: &[Quirk],
    ) -> Vec<Answer> {
        let secure = listeners.iter().any(|listener| listener.protocol == "HTTPS");
        let chosen = match (&request.server_name, secure) {
            (None, false) => None,
            (Some(name), true) => match narrowest(listeners, name) {
                Some(listener) => Some(listener),
                None => return vec![Answer::Closed],
            },
            _ => return vec![Answer::Closed],
        };
        let hosts = self.hosts(gateway, listeners, chosen, without);
        // Sorted by narrowness.
        let Some(host) = hosts.iter().find(|host| covers(Some(&host.hostname), &request.host)) else {
            return vec![Answer::Error(404)];
        };
        let shares = |backends: &[TargetRef]| self.shares(&gateway.mesh, backends);
        let proxy = Proxy { shares: &shares, host: new_host, path: new_path };
        let first = first_of(&host.entries, request, without);
        let answers: Vec<_> = first.map(|entry| self.answer(&gateway.mesh, request, entry, &proxy)).collect();
        if answers.is_empty() { vec![Answer::Error(404)] } else { answers }
    }

    /// What a proxy in a mesh does with a request that came to an entry.
    pub(super) fn answer(&self, mesh: &str, request: &Request, entry: &Entry, proxy: &Proxy<'_>) -> Answer {
        let rule = &entry.merged.rule.default;
        let filters = rule.filters.as_deref().unwrap_or_default();
        let backends = rule.backend_refs.as_deref().unwrap_or_default();
        let last = |of: fn(&Filter) -> bool| filters.iter().rev().find(|filter| of(filter));
        let response_headers = changes(filters, |filter| filter.response_header_modifier.as_ref());
        let redirect = last(|filter| filter.request_redirect.is_some()).and_then(|it| it.request_redirect.as_ref());
        if let Some(redirect) = redirect.filter(|_| backends.is_empty()) {
            return Answer::Redirect(location(request, entry, redirect, response_headers, proxy.path));
        }
        let rewrite = last_rewrite(filters);
        let mirror = last(|filter| filter.request_mirror.is_some()).and_then(|it| it.request_mirror.as_ref());
        let path = rewrite.and_then(|rewrite| rewrite.path.as_ref());
        let forward = Forward {
            shares: (proxy.shares)(backends),
            host: (proxy.host)(request, entry, filters),
            path: path.map_or_else(|| request.path.clone(), |path| (proxy.path)(request, entry, path)),
            request_headers: changes(filters, |filter| filter.request_header_modifier.as_ref()),
            response_headers,
            mirror: mirror.and_then(|mirror| self.mirror(mesh, mirror)),
        };
        forward.answer()
    }

    /// A single backend gets everything, whatever its weight. Of several that lead to one cluster the last counts.
    pub(super) fn shares(&self, mesh: &str, backends: &[TargetRef]) -> BTreeMap<Destination, u64> {
        let alone = backends.len() == 1;
        let weight = |backend: &TargetRef| if alone { 1 } else { backend.weight.unwrap_or(1) };
        let share = |backend| (backend, self.destinations.find(&self.zone, mesh, backend), weight(backend));
        shares_of_clusters(backends.iter().map(share))
    }

    /// Mirrors read tags only; one to nowhere does nothing.
    fn mirror(&self, mesh: &str, mirror: &Mirror) -> Option<(Destination, u32)> {
        let share = match &mirror.percentage {
            None => 100.0,
            Some(Value::String(text)) => text.parse().ok()?,
            Some(number) => number.as_f64()?,
        };
        let tagged = TargetRef { port: None, section_name: None, ..mirror.backend_ref.clone() };
        let destination = self.destinations.find(&self.zone, mesh, &tagged);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // From 0 to 100,000.
        let share = (share * 1000.0).round() as u32;
        (share > 0 && !matches!(destination, Destination::Nobody(_))).then_some((destination, share))
    }
}

/// What differs between kinds of proxies in what becomes of a request that came to an entry.
pub(super) struct Proxy<'a> {
    /// Who gets which share.
    pub(super) shares: &'a dyn Fn(&[TargetRef]) -> BTreeMap<Destination, u64>,
    /// The host that is asked.
    pub(super) host: fn(&Request, &Entry, &[Filter]) -> String,
    /// The path that is asked for.
    pub(super) path: NewPath,
}

pub(super) type NewPath = fn(&Request, &Entry, &PathModifier) -> String;

/// The expression that matches whatever there is.
const EVERYTHING: &str = ".*";

/// The listener with the narrowest hostname for a name.
pub(super) fn narrowest<'a>(listeners: &[&'a Listener], name: &str) -> Option<&'a Listener> {
    let covering = listeners.iter().filter(|listener| covers(Some(&listener.hostname), name));
    covering.max_by_key(|listener| narrowness(Some(&listener.hostname))).copied()
}

/// The shares of destinations, each of them from the backend that names it. Of several backends of one cluster the last
/// counts; what does not exist is as many clusters as there are names for it.
pub(super) fn shares_of_clusters<'a>(
    backends: impl Iterator<Item = (&'a TargetRef, Destination, u64)>,
) -> BTreeMap<Destination, u64> {
    let cluster = |backend: &'a TargetRef, destination: &Destination| match destination {
        Destination::Port { .. } => None,
        Destination::Nobody(_) => Some((&backend.name, &backend.tags)),
    };
    let clusters: BTreeMap<_, _> = backends
        .map(|(backend, destination, weight)| ((cluster(backend, &destination), destination), weight))
        .collect();
    traffic::shares(clusters.into_iter().map(|((_, destination), weight)| (destination, weight)))
}

/// The entries that a request may come to: those that match it and that no other one comes before.
pub(super) fn first_of<'a>(
    entries: &'a [Entry],
    request: &Request,
    without: &[Quirk],
) -> impl Iterator<Item = &'a Entry> {
    let matching: Vec<_> = entries.iter().filter(|entry| entry.matches(request, without)).collect();
    let best = matching.iter().map(|entry| entry.specificity(without)).max();
    let is_first = matching.iter().map(|entry| Some(entry.specificity(without)) == best).collect::<Vec<_>>();
    matching.into_iter().zip(is_first).filter_map(|(entry, is_first)| is_first.then_some(entry))
}

/// What makes an entry come before another: the order of its fields.
type Specificity = ((bool, usize), u8, usize, bool, usize, usize);

impl Entry {
    fn matches(&self, request: &Request, without: &[Quirk]) -> bool {
        let path = match &self.path {
            Path::Exact(path, _) => request.path == *path,
            Path::Prefix(prefix) => request.path.starts_with(prefix),
            Path::Parts(prefix) => {
                request.path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Path::Expression(expression) => matches_whole(expression, &request.path).unwrap_or(false),
        };
        let query = |(name, value, expression): (&str, &str, bool)| {
            request.query.get(name).is_some_and(|found| {
                if expression { matches_whole(value, found).unwrap_or(false) } else { found == value }
            })
        };
        path && self.found.method.as_ref().is_none_or(|method| *method == request.method)
            && self.found.headers.iter().all(|header| header_matches(header, request.headers.get(&header.name)))
            && queries(&self.found, without).into_iter().all(query)
    }

    fn specificity(&self, without: &[Quirk]) -> Specificity {
        let hostname = if without.contains(&Quirk::PathBeforeHostname) {
            narrowness(Some(&self.merged.hostname))
        } else {
            (false, 0)
        };
        let (method, headers) = (self.found.method.is_some(), self.found.headers.len());
        let queries = queries(&self.found, without).len();
        match &self.path {
            Path::Exact(path, _) => (hostname, 2, path.len(), method, headers, queries),
            Path::Prefix(path) => (hostname, 1, path.len(), method, headers, queries),
            Path::Parts(path) => (hostname, 1, path.len() + 1, method, headers, queries),
            Path::Expression(expression) if without.contains(&Quirk::LongestExpression) => {
                // What is an expression for everything is for what is left over.
                (hostname, 0, usize::from(expression != EVERYTHING), method, headers, queries)
            }
            Path::Expression(expression) => (hostname, 0, expression.len(), false, 0, 0),
        }
    }
}

fn header_matches(header: &Named, found: Option<&String>) -> bool {
    match header.kind.as_str() {
        "Absent" => found.is_none(),
        "Present" => found.is_some(),
        "Prefix" => found.is_some_and(|found| found.starts_with(&header.value)),
        // What has no value asks for nothing.
        _ if header.value.is_empty() => true,
        "RegularExpression" => found.is_some_and(|found| matches_whole(&header.value, found).unwrap_or(false)),
        _ => found == Some(&header.value),
    }
}

/// The changes of all filters of a kind.
fn changes(filters: &[Filter], of: fn(&Filter) -> Option<&Modifier>) -> HeaderChange {
    let mut change = HeaderChange::default();
    for modifier in filters.iter().filter_map(of) {
        // Two percent signs are one to Envoy.
        let pair = |it: &Named| (it.name.to_ascii_lowercase(), it.value.replace("%%", "%"));
        let is_header = |it: &&Named| !it.value.is_empty() && !HOST.contains(&it.name.as_str());
        let pairs = |all: &[Named]| all.iter().filter(is_header).map(pair).collect::<Vec<_>>();
        change.set.extend(pairs(&modifier.set));
        change.add.extend(pairs(&modifier.add));
        change.remove.extend(modifier.remove.iter().map(|name| name.to_ascii_lowercase()));
    }
    change
}

/// Where a redirect leads: the port is that of the listener unless it is given, whatever the scheme.
fn location(
    request: &Request,
    entry: &Entry,
    redirect: &Redirect,
    response_headers: HeaderChange,
    new_path: NewPath,
) -> traffic::Redirect {
    let secure = request.server_name.is_some();
    let path = redirect.path.as_ref();
    traffic::Redirect {
        status: redirect.status_code.unwrap_or(302),
        scheme: redirect.scheme.clone().unwrap_or_else(|| if secure { "https" } else { "http" }.to_owned()),
        host: redirect.hostname.as_ref().unwrap_or(&request.host).clone(),
        port: redirect.port.unwrap_or(request.port),
        path: path.map_or_else(|| request.path.clone(), |path| new_path(request, entry, path)),
        response_headers,
    }
}

pub(super) fn last_rewrite(filters: &[Filter]) -> Option<&Rewrite> {
    filters.iter().rev().find_map(|filter| filter.url_rewrite.as_ref())
}

/// The host that a gateway asks: what a rewrite says, and else what the header is set to. Beside a new prefix what a
/// rewrite says is forgotten for the path that is the prefix itself.
fn new_host(request: &Request, entry: &Entry, filters: &[Filter]) -> String {
    let is_prefix = match &entry.path {
        Path::Exact(_, prefix) => prefix.is_some(),
        Path::Parts(prefix) => [prefix, "/"].contains(&request.path.as_str()),
        Path::Prefix(_) | Path::Expression(_) => false,
    };
    let replaces = |rewrite: &&Rewrite| {
        rewrite
            .path
            .as_ref()
            .is_some_and(|path| path.replace_full_path.is_none() && path.replace_prefix_match.is_some())
    };
    let rewrite = last_rewrite(filters).filter(|rewrite| !(is_prefix && replaces(rewrite)));
    let set = filters.iter().filter_map(|filter| filter.request_header_modifier.as_ref());
    let set = set.flat_map(|modifier| &modifier.set).rfind(|header| HOST.contains(&header.name.as_str()));
    let rewritten = rewrite.and_then(|rewrite| rewrite.hostname.as_ref());
    rewritten.or(set.map(|header| &header.value)).unwrap_or(&request.host).clone()
}

/// A path with its prefix replaced. What a prefix is replaced by has no slash at its end, whatever was written: the
/// entry for what is below brings its own.
fn new_path(request: &Request, entry: &Entry, path: &PathModifier) -> String {
    if let Some(full) = &path.replace_full_path {
        return full.clone();
    }
    let Some(replacement) = &path.replace_prefix_match else { return request.path.clone() };
    let replacement = replacement.trim_end_matches('/');
    let below = match &entry.path {
        Path::Prefix(prefix) => request.path.strip_prefix(prefix.as_str()),
        Path::Parts(prefix) => request.path.strip_prefix(&format!("{prefix}/")).filter(|_| request.path != "/"),
        Path::Exact(..) | Path::Expression(_) => None,
    };
    match below {
        Some(below) => format!("{replacement}/{below}"),
        None if replacement.is_empty() => "/".to_owned(),
        None => replacement.to_owned(),
    }
}
