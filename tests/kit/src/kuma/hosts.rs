use std::cmp::Reverse;
use std::rc::Rc;

use super::merge::{Merged, merge};
use super::objects::{Listener, Match, MeshGateway, Policy};
use super::{Kuma, Quirk};
use crate::traffic::narrowness;

/// A virtual host with the rules that it takes requests by.
pub(super) struct Host {
    pub(super) hostname: String,
    pub(super) entries: Vec<Entry>,
}

/// How an entry of a route table matches paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// The whole path. The second is the prefix that it was made from, if it was.
    Exact(String, Option<String>),
    /// A prefix by its letters, which ends in a slash.
    Prefix(String),
    /// A prefix by the parts of paths: what Kuma has no such entry for.
    Parts(String),
    Expression(String),
}

/// An entry of the route table of a virtual host.
pub(super) struct Entry {
    pub(super) path: Path,
    pub(super) found: Match,
    pub(super) merged: Rc<Merged>,
}

impl Kuma {
    /// The virtual hosts of a port. Over TLS the server name has chosen the listener already.
    ///
    /// A listener that no route acts on is none, and its hosts are left to the others. The hosts of a narrower listener
    /// are out of reach for the routes of a wider one.
    pub(super) fn hosts(
        &self,
        gateway: &MeshGateway,
        listeners: &[&Listener],
        chosen: Option<&Listener>,
        without: &[Quirk],
    ) -> Vec<Host> {
        let mut ordered = listeners.to_vec();
        ordered.sort_by_key(|listener| Reverse(narrowness(Some(&listener.hostname))));
        let mut hosts = Vec::new();
        let mut taken: Vec<&str> = Vec::new();
        for listener in ordered {
            let policies = Self::policies(&self.http_routes, gateway, listener);
            let rules = merge(policies.into_iter().flat_map(Policy::on_gateway));
            if rules.is_empty() {
                continue;
            }
            let here =
                if chosen.is_none_or(|chosen| std::ptr::eq(chosen, listener)) { &mut hosts } else { &mut Vec::new() };
            hosts_of(listener, rules, &taken, here, without);
            taken.push(&listener.hostname);
        }
        hosts.sort_by_key(|host| Reverse(narrowness(Some(&host.hostname))));
        hosts
    }
}

fn hosts_of(listener: &Listener, rules: Vec<Merged>, taken: &[&str], hosts: &mut Vec<Host>, without: &[Quirk]) {
    let rules: Vec<_> = rules.into_iter().map(Rc::new).collect();
    let mut hostnames: Vec<&str> = Vec::new();
    for rule in &rules {
        if let Some(shared) = intersection(&listener.hostname, &rule.hostname)
            && !hostnames.contains(&shared)
        {
            hostnames.push(shared);
        }
    }
    for hostname in hostnames {
        if taken.iter().any(|taken| contains(taken, hostname)) {
            continue;
        }
        let of_host: Vec<_> = rules.iter().filter(|rule| contains(&rule.hostname, hostname)).cloned().collect();
        hosts.push(Host { hostname: hostname.to_owned(), entries: entries(&of_host, without) });
    }
}

/// The narrower of two hostnames, if they have hosts in common.
fn intersection<'a>(left: &'a str, right: &'a str) -> Option<&'a str> {
    if contains(left, right) { Some(right) } else { contains(right, left).then_some(left) }
}

/// Whether all hosts of one hostname are hosts of another.
fn contains(wide: &str, narrow: &str) -> bool {
    match (wide, narrow) {
        ("" | "*", _) => true,
        (_, "" | "*") => false,
        _ if wide == narrow => true,
        _ => wide.strip_prefix('*').is_some_and(|suffix| {
            let narrow = narrow.trim_start_matches('*');
            narrow.len() > suffix.len() && narrow.ends_with(suffix)
        }),
    }
}

/// One entry per match; a prefix becomes two, one for what is below it and one for itself, the latter only where no
/// rule matches that path alone.
pub(super) fn entries(rules: &[Rc<Merged>], without: &[Quirk]) -> Vec<Entry> {
    let matches = || rules.iter().flat_map(|rule| rule.rule.matches.iter().map(move |found| (rule, found)));
    let path = |found: &Match| {
        found
            .path
            .as_ref()
            .map_or(("PathPrefix".to_owned(), "/".to_owned()), |path| (path.kind.clone(), path.value.clone()))
    };
    let exact: Vec<_> = matches().map(|(_, found)| path(found)).filter(|(kind, _)| kind == "Exact").collect();
    let mut entries = Vec::new();
    for (rule, found) in matches() {
        let mut add = |path: Path| entries.push(Entry { path, found: found.clone(), merged: rule.clone() });
        let (kind, value) = path(found);
        match kind.as_str() {
            "Exact" => add(Path::Exact(value, None)),
            "RegularExpression" => add(Path::Expression(value)),
            _ => {
                let prefix = value.trim_end_matches('/').to_owned();
                let by_parts = match (prefix.is_empty(), found.method.is_some()) {
                    (false, _) => without.contains(&Quirk::ExactHidesPrefix),
                    (true, true) if without.contains(&Quirk::MethodBeforeRoot) => true,
                    (true, _) => without.contains(&Quirk::PrefixIsRoot),
                };
                if by_parts {
                    add(Path::Parts(prefix));
                    continue;
                }
                add(Path::Prefix(format!("{prefix}/")));
                if !exact.iter().any(|(_, path)| *path == prefix) {
                    let itself = if prefix.is_empty() { "/" } else { &prefix };
                    let itself = itself.to_owned();
                    add(Path::Exact(itself, Some(prefix)));
                }
            }
        }
    }
    entries
}
