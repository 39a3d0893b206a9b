use std::collections::BTreeMap;
use std::rc::Rc;

use super::answer::{Proxy, first_of, last_rewrite, shares_of_clusters};
use super::hosts::{Entry, Path, entries};
use super::merge::merge;
use super::objects::{Filter, PathModifier, Policy, TargetRef, To};
use super::{Kuma, Quirk};
use crate::traffic::{Answer, Destination, Forward, Request};

/// What only gateways do: a sidecar has entries for prefixes by the parts of paths, and asks for every parameter.
const OF_GATEWAYS: [Quirk; 4] =
    [Quirk::ExactHidesPrefix, Quirk::PrefixIsRoot, Quirk::LastQueryExpression, Quirk::ValuesAreExpressions];

impl Kuma {
    /// What the sidecar of a pod does with a request to a port of a Service.
    pub(super) fn at_sidecar(
        &self,
        from: &str,
        mesh: &str,
        asked: &Destination,
        request: &Request,
        without: &[Quirk],
    ) -> Vec<Answer> {
        if !self.destinations.has(mesh, asked) {
            return vec![Answer::Closed];
        }
        let itself = Forward::untouched(request, asked.clone());
        let without = [without, &OF_GATEWAYS].concat();
        let said = |policies| self.said_of(policies, from, mesh, asked, &without);
        let said_of_requests = if self.destinations.speaks_http(asked) { said(&self.http_routes) } else { Vec::new() };
        if said_of_requests.is_empty() {
            let mut rules = said(&self.tcp_routes).into_iter().flat_map(|(_, to)| &to.rules);
            let backends = rules.find_map(|rule| rule.default.backend_refs.as_deref());
            return vec![backends.map_or(itself, |backends| self.connection_of_sidecar(mesh, backends))];
        }
        let rules: Vec<_> = merge(said_of_requests).into_iter().map(Rc::new).collect();
        let shares = |backends: &[TargetRef]| self.shares_of_sidecar(mesh, asked, backends, &without);
        let entries = entries(&rules, &without);
        let first = first_of(&entries, request, &without);
        let path = if without.contains(&Quirk::SlashBehindPrefix) { new_path_without_slash } else { new_path };
        let proxy = Proxy { shares: &shares, host: new_host, path };
        let answers: Vec<_> = first.map(|entry| self.answer(mesh, request, entry, &proxy)).collect();
        match answers.is_empty() {
            true if without.contains(&Quirk::FailsOpen) => vec![Answer::Error(404)],
            true => vec![itself],
            false => answers,
        }
    }

    /// What policies say of a port of a Service to the sidecars of a namespace, the strongest policy first: that with
    /// the smallest name.
    fn said_of<'a>(
        &self,
        policies: &'a [Policy],
        from: &str,
        mesh: &str,
        asked: &Destination,
        without: &[Quirk],
    ) -> Vec<(&'a str, &'a To)> {
        let mut policies: Vec<_> = policies.iter().filter(|policy| policy.applies_to_sidecars(from, mesh)).collect();
        policies.sort_by(|left, right| left.metadata.name.cmp(&right.metadata.name));
        let is_asked = |to: &&To| self.destinations.find(&self.zone, mesh, &to.target_ref) == *asked;
        let mut said: Vec<_> = policies
            .into_iter()
            .flat_map(|policy| policy.spec.to.iter().filter(is_asked).map(move |to| (policy, to)))
            .collect();
        if without.contains(&Quirk::ProducersAnswerConsumers) && said.iter().any(|(policy, _)| policy.is_of_consumers())
        {
            said.retain(|(policy, _)| policy.is_of_consumers());
        }
        said.into_iter().map(|(policy, to)| (policy.metadata.name.as_str(), to)).collect()
    }

    /// What becomes of a connection: who cannot be found resets its share.
    fn connection_of_sidecar(&self, mesh: &str, backends: &[TargetRef]) -> Answer {
        let weighted = backends
            .iter()
            .map(|backend| (backend, self.destinations.find(&self.zone, mesh, backend), backend.weight.unwrap_or(1)));
        Forward::connection(shares_of_clusters(weighted))
    }

    /// Who gets which share. Without weight, without HTTP and without a trace in the mesh a backend is left out, but for
    /// one by a tag that is known with other tags that nobody has: that one is asked, and does not answer.
    fn shares_of_sidecar(
        &self,
        mesh: &str,
        asked: &Destination,
        backends: &[TargetRef],
        without: &[Quirk],
    ) -> BTreeMap<Destination, u64> {
        let kept = backends.iter().filter_map(|backend| {
            let weight = backend.weight.unwrap_or(1);
            let found = match self.destinations.find(&self.zone, mesh, backend) {
                found @ Destination::Port { .. } => self.destinations.speaks_http(&found).then_some(found),
                nobody @ Destination::Nobody(_) => self.destinations.is_known_tag(mesh, backend).then_some(nobody),
            };
            let found = found.or_else(|| without.contains(&Quirk::FailsOpen).then_some(Destination::Nobody(500)))?;
            (weight > 0).then_some((backend, found, weight))
        });
        let kept = shares_of_clusters(kept);
        match kept.is_empty() {
            true if without.contains(&Quirk::FailsOpen) => BTreeMap::new(),
            true => [(asked.clone(), 1)].into(),
            false => kept,
        }
    }
}

/// The host that a sidecar asks.
fn new_host(request: &Request, _: &Entry, filters: &[Filter]) -> String {
    last_rewrite(filters).and_then(|rewrite| rewrite.hostname.as_ref()).unwrap_or(&request.host).clone()
}

/// A path with its prefix replaced by just what is written, also the slash at the end of what paths below the prefix
/// begin with.
fn new_path(request: &Request, entry: &Entry, path: &PathModifier) -> String {
    if let Some(full) = &path.replace_full_path {
        return full.clone();
    }
    match (&path.replace_prefix_match, &entry.path) {
        (Some(replacement), Path::Parts(prefix)) => {
            format!("{replacement}{}", request.path.strip_prefix(&format!("{prefix}/")).unwrap_or_default())
        }
        _ => request.path.clone(),
    }
}

/// The same, but for the prefix itself without a slash at its end.
fn new_path_without_slash(request: &Request, entry: &Entry, path: &PathModifier) -> String {
    let made = new_path(request, entry, path);
    let is_prefix = matches!(&entry.path, Path::Parts(prefix) if [prefix, "/"].contains(&request.path.as_str()));
    match made.trim_end_matches('/') {
        "" if is_prefix => "/".to_owned(),
        trimmed if is_prefix && path.replace_full_path.is_none() => trimmed.to_owned(),
        _ => made,
    }
}
