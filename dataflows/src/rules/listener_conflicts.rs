//! Which listeners of a Gateway clash with one another, and which merely overlap.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Hostname, Key, Listener, ListenerProblem, Protocol, Ref, Text};
use crate::rules::hostname;

/// What the listeners of one port have taken.
#[derive(Default)]
struct Taken {
    protocols: BTreeSet<Protocol>,
    hostnames: BTreeSet<Option<Hostname>>,
}

impl Taken {
    fn problem(&self, listener: &Listener) -> Option<ListenerProblem> {
        if self.protocols.iter().any(|protocol| *protocol != listener.protocol) {
            Some(ListenerProblem::ProtocolConflict)
        } else if self.hostnames.contains(&hostname_of(listener).cloned()) {
            Some(ListenerProblem::HostnameConflict)
        } else {
            None
        }
    }
}

/// Which listeners clash, by key. They come object by object, in the order of precedence: the Gateway, then its
/// `ListenerSets` from the oldest on. What an object has, a later one cannot take; inside of one object there is no winner.
///
/// Kuma binds one protocol per port, so listeners on one port must agree on it; those that do must differ in hostname.
/// UDP shares no port space with the others.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1713/#listener-precedence>
pub fn conflicts(objects: &[Vec<Ref<Listener>>]) -> BTreeMap<Key, ListenerProblem> {
    let mut ports: BTreeMap<u16, Taken> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for listeners in objects {
        let mut left = Vec::new();
        for listener in listeners.iter().filter(|listener| binds(listener)) {
            match ports.get(&listener.port).and_then(|taken| taken.problem(listener)) {
                Some(problem) => drop(found.insert(listener.key(), problem)),
                None => left.push(listener),
            }
        }
        found.extend(within(&left));
        for listener in left {
            let taken = ports.entry(listener.port).or_default();
            taken.protocols.insert(listener.protocol.clone());
            taken.hostnames.insert(hostname_of(listener).cloned());
        }
    }
    found
}

/// The clashes inside of one object. Every member of one is told.
fn within(listeners: &[&Ref<Listener>]) -> Vec<(Key, ListenerProblem)> {
    let clash = |one: &Listener, other: &Listener| match one.port == other.port {
        true if one.protocol != other.protocol => Some(ListenerProblem::ProtocolConflict),
        true if hostname_of(one) == hostname_of(other) => Some(ListenerProblem::HostnameConflict),
        _ => None,
    };
    let of_all = |one: &Ref<Listener>| {
        let others = listeners.iter().filter(|other| other.key() != one.key());
        let clashes: Vec<_> = others.filter_map(|other| clash(one, other)).collect();
        let worst = clashes.iter().find(|problem| **problem == ListenerProblem::ProtocolConflict).or(clashes.first());
        worst.cloned()
    };
    listeners.iter().filter_map(|one| Some((one.key(), of_all(one)?))).collect()
}

/// Which listeners for TLS share hosts with others of their port, and with which, by key. A client that reuses a connection
/// can reach the wrong one, so all of them are told.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenerconditiontype> (`OverlappingTLSConfig`)
pub fn overlaps<'a>(listeners: impl Iterator<Item = &'a Ref<Listener>>) -> BTreeMap<Key, Vec<Text>> {
    let for_tls = |listener: &&Ref<Listener>| matches!(listener.protocol, Protocol::Https | Protocol::Tls);
    let listeners: Vec<_> = listeners.filter(for_tls).collect();
    let meets = |one: &Listener, other: &Listener| match (&one.hostname, &other.hostname) {
        (Some(left), Some(right)) => hostname::intersection(left, right).is_some(),
        _ => true,
    };
    let of_all = |one: &Listener| -> Vec<Text> {
        let others = listeners.iter().filter(|other| other.port == one.port && other.key() != one.key());
        others.filter(|other| meets(one, other)).map(|other| full_name(other)).collect()
    };
    let found = listeners.iter().map(|one| (one.key(), of_all(one)));
    found.filter(|(_, others)| !others.is_empty()).collect()
}

/// The name of a listener among all of its Gateway, for people.
fn full_name(listener: &Listener) -> Text {
    let Listener { set, namespace, name, .. } = listener;
    set.as_ref().map_or_else(|| name.clone(), |set| format!("{name} of ListenerSet {namespace}/{set}").into())
}

const fn binds(listener: &Listener) -> bool {
    listener.port > 0 && matches!(listener.protocol, Protocol::Http | Protocol::Https | Protocol::Tls | Protocol::Tcp)
}

/// The hostname by which a listener is told from others of its port. Bare connections name no host.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listener> (`hostname`)
pub fn hostname_of(listener: &Listener) -> Option<&Hostname> {
    listener.hostname.as_ref().filter(|_| listener.protocol != Protocol::Tcp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AllowedNamespaces, Kind};

    /// `"<port> <protocol> <hostname>"`
    fn object(set: Option<&str>, listeners: &[&str]) -> Vec<Ref<Listener>> {
        let listener = |(index, text): (u32, &&str)| {
            let words: Vec<_> = text.split(' ').collect();
            Ref::new(Listener {
                gateway: Key::of(Kind::Gateway, "infra", "edge"),
                set: set.map(Into::into),
                namespace: "infra".into(),
                index,
                name: format!("l{index}").into(),
                port: words[0].parse().unwrap(),
                protocol: Protocol::parse(words[1]),
                hostname: words.get(2).and_then(|name| Hostname::parse(name)),
                namespaces: AllowedNamespaces::Same,
                kinds: None,
                tls: None,
            })
        };
        (0..).zip(listeners).map(listener).collect()
    }

    #[track_caller]
    fn check(objects: &[&[&str]], expected: &[&[&str]]) {
        let objects: Vec<_> = objects
            .iter()
            .enumerate()
            .map(|(at, listeners)| object((at > 0).then(|| format!("set{at}")).as_deref(), listeners))
            .collect();
        let found = conflicts(&objects);
        let word = |listener: &Ref<Listener>| match found.get(&listener.key()) {
            None => "fine",
            Some(ListenerProblem::HostnameConflict) => "hostname",
            Some(_) => "protocol",
        };
        let words: Vec<Vec<_>> = objects.iter().map(|listeners| listeners.iter().map(word).collect()).collect();
        assert_eq!(words, expected, "{objects:?}");
    }

    #[test]
    fn what_comes_first_keeps_what_it_has() {
        check(&[&["80 HTTP a.b"], &["80 HTTP a.b", "80 HTTP c.d"]], &[&["fine"], &["hostname", "fine"]]);
        check(&[&["80 HTTP a.b"], &["80 HTTP c.d"], &["80 HTTP c.d"]], &[&["fine"], &["fine"], &["hostname"]]);
        check(&[&["80 HTTP"], &["80 TCP", "80 HTTP c.d"]], &[&["fine"], &["protocol", "fine"]]);
        check(&[&["80 HTTP"], &["81 TCP"], &["81 HTTP"]], &[&["fine"], &["fine"], &["protocol"]]);
        check(&[&["80 HTTP", "80 HTTP"], &["80 HTTP"]], &[&["hostname", "hostname"], &["hostname"]]);
        check(&[&["80 HTTP a.b"], &["80 HTTP a.b"], &["80 HTTP a.b"]], &[&["fine"], &["hostname"], &["hostname"]]);
        check(&[&["80 UDP"], &["80 TCP"]], &[&["fine"], &["fine"]]);
    }

    #[test]
    fn listeners_for_tls_overlap_where_their_hostnames_meet() {
        let check = |listeners: &[&str], expected: &[bool]| {
            let listeners = object(None, listeners);
            let found = overlaps(listeners.iter());
            let found: Vec<_> = listeners.iter().map(|listener| found.contains_key(&listener.key())).collect();
            assert_eq!(found, expected, "{listeners:?}");
        };
        check(&["443 HTTPS a.b", "443 HTTPS c.d"], &[false, false]);
        check(&["443 HTTPS a.b", "443 HTTPS *.b", "443 HTTPS c.d"], &[true, true, false]);
        check(&["443 HTTPS a.b", "443 HTTPS"], &[true, true]);
        check(&["443 TLS a.b", "443 TLS *.b"], &[true, true]);
        check(&["443 HTTPS a.b", "444 HTTPS a.b"], &[false, false]);
        check(&["80 HTTP a.b", "80 HTTP"], &[false, false]);
    }
}
