//! Hostnames of listeners and routes.

use std::sync::Arc;

use crate::model::Hostname;
use crate::model::Hostname::{Exact, Wildcard};

/// The narrower of two hostnames, or `None` if no request could match both.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec> (`hostnames`)
pub fn intersection<'a>(left: &'a Hostname, right: &'a Hostname) -> Option<&'a Hostname> {
    match (left, right) {
        (Exact(a), Exact(b)) => (a == b).then_some(left),
        (Exact(name), Wildcard(suffix)) => is_below(name, suffix).then_some(left),
        (Wildcard(suffix), Exact(name)) => is_below(name, suffix).then_some(right),
        (Wildcard(a), Wildcard(b)) if a == b || is_below(a, b) => Some(left),
        (Wildcard(a), Wildcard(b)) => is_below(b, a).then_some(right),
    }
}

/// The hostnames that a route serves on a listener, sorted; empty means all. `None` if nothing intersects. What is no
/// hostname, no request can have. Where they are those of the route, they are shared with it.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listener> (`hostname`)
pub fn effective(listener: Option<&Hostname>, route: &Arc<[Hostname]>) -> Option<Arc<[Hostname]>> {
    // Most routes on most listeners, without a list of their own.
    if listener.is_none() && route.is_sorted_by(|one, next| one < next) && route.iter().all(is_valid) {
        return Some(route.clone());
    }
    let valid = route.iter().filter(|name| is_valid(name));
    let mut hostnames: Vec<Hostname> = match (listener, &**route) {
        (listener, []) => listener.cloned().into_iter().collect(),
        (None, _) => some(valid.cloned())?,
        (Some(listener), _) => some(valid.filter_map(|name| intersection(listener, name).cloned()))?,
    };
    hostnames.sort_unstable();
    hostnames.dedup();
    Some(if *hostnames == **route { route.clone() } else { hostnames.into() })
}

/// All of them, if there are any.
fn some(hostnames: impl Iterator<Item = Hostname>) -> Option<Vec<Hostname>> {
    let hostnames: Vec<_> = hostnames.collect();
    (!hostnames.is_empty()).then_some(hostnames)
}

/// The hostnames of a route that are none.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#hostname>
pub fn invalid(route: &[Hostname]) -> impl Iterator<Item = &Hostname> {
    route.iter().filter(|name| !is_valid(name))
}

/// Whether `name` has at least one label in front of `suffix`.
fn is_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'))
}

/// Whether Kuma and DNS take the hostname: lower-case labels of letters, digits and dashes.
pub fn is_valid(hostname: &Hostname) -> bool {
    let (Exact(name) | Wildcard(name)) = hostname;
    is_dns_name(name)
}

/// Whether a text is a DNS-1123 subdomain.
pub fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    !name.is_empty() && name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_hostname_serves_nothing_and_never_everything() {
        check("", &["a_b"], None);
        check("*.b", &["a_b"], None);
        check("", &["a_b", "a.b"], Some(&["a.b"]));
        check("*.b", &["a_b.b", "a.b"], Some(&["a.b"]));
    }

    #[track_caller]
    fn check(listener: &str, route: &[&str], expected: Option<&[&str]>) {
        let listener = Hostname::parse(listener);
        let route: Arc<[_]> = route.iter().filter_map(|name| Hostname::parse(name)).collect();
        let shown =
            effective(listener.as_ref(), &route).map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
        let expected = expected.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_list_of_a_route_is_shared_where_it_is_what_is_served() {
        let list = |names: &[&str]| names.iter().filter_map(|name| Hostname::parse(name)).collect::<Arc<[Hostname]>>();
        let wildcard = Hostname::parse("*.b");
        for (listener, names, shared) in [
            (None, list(&["a.b", "c.b"]), true),
            (None, list(&["c.b", "a.b"]), false),
            (None, list(&["a.b", "a_b"]), false),
            (wildcard.as_ref(), list(&["a.b"]), true),
            (wildcard.as_ref(), list(&["a.b", "a.c"]), false),
        ] {
            let served = effective(listener, &names).unwrap();
            assert_eq!(Arc::ptr_eq(&served, &names), shared, "{names:?}");
        }
    }

    #[test]
    fn the_table_of_the_specification() {
        check("", &[], Some(&[]));
        check("", &["a.example.com"], Some(&["a.example.com"]));
        check("test.example.com", &[], Some(&["test.example.com"]));
        check("test.example.com", &["test.example.com"], Some(&["test.example.com"]));
        check("test.example.com", &["*.example.com"], Some(&["test.example.com"]));
        check("test.example.com", &["*.com"], Some(&["test.example.com"]));
        check("test.example.com", &["other.example.com"], None);
        check("test.example.com", &["example.com"], None);
        check("test.example.com", &["*.test.example.com"], None);
        check("*.example.com", &[], Some(&["*.example.com"]));
        check("*.example.com", &["*.com"], Some(&["*.example.com"]));
        check("*.example.com", &["foo.test.example.com"], Some(&["foo.test.example.com"]));
        check("*.example.com", &["*.foo.example.com"], Some(&["*.foo.example.com"]));
        check("*.example.com", &["example.com"], None);
        check("*.example.com", &["*.example.net"], None);
        check("*.example.com", &["notexample.com"], None);
        check(
            "*.example.com",
            &["x.net", "b.example.com", "a.example.com", "B.example.com"],
            Some(&["a.example.com", "b.example.com"]),
        );
    }

    #[test]
    fn intersection_is_symmetric() {
        let names = ["a.b.c", "*.b.c", "*.c", "b.c", "*.a.b.c", "x.y"].map(|name| Hostname::parse(name).unwrap());
        for left in &names {
            for right in &names {
                assert_eq!(intersection(left, right), intersection(right, left), "{left} {right}");
            }
        }
    }

    #[test]
    fn dns_names() {
        for good in ["a", "a.b", "a-b.c0"] {
            assert!(is_dns_name(good), "{good}");
        }
        for bad in ["", "a..b", "-a", "a-", "A", "a_b", "a.*", &"a".repeat(64), &["a."; 130].concat()] {
            assert!(!is_dns_name(bad), "{bad}");
        }
    }
}
