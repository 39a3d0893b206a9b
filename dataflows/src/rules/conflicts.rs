//! Which of two routes of different kinds stays on a listener.
//!
//! Both HTTPRoutes and GRPCRoutes become MeshHTTPRoutes, but their rules are ranked by different orders, so Gateway API
//! keeps the two kinds apart wherever their hostnames meet.

use std::collections::BTreeSet;

use crate::model::{Attachment, AttachmentOutcome, Hostname, HostnamePlace, Key, Ref, RouteKind};

/// The kind of a route that is attached, with the listener that it is attached to.
pub fn attached(attachment: &Attachment) -> Option<(RouteKind, Key)> {
    let attached = matches!(attachment.outcome, AttachmentOutcome::Attached(_));
    attached.then(|| (attachment.parent.route_kind, attachment.point.key))
}

/// Where an attachment is in the tree of hostnames of its listener: at each of its hostnames, and below all that these
/// are below of. Two hostnames meet if and only if one is the other or is below it.
pub fn places(attachment: &Ref<Attachment>) -> Vec<(Key, HostnamePlace)> {
    let AttachmentOutcome::Attached(hostnames) = &attachment.outcome else { return Vec::new() };
    let mut nodes = BTreeSet::new();
    for hostname in hostnames {
        nodes.insert((hostname.to_string(), true));
        nodes.extend(above(hostname).map(|node| (node, false)));
    }
    if hostnames.is_empty() {
        nodes.insert((String::new(), true));
    }
    let place = |(node, exact): (String, bool)| {
        let node = attachment.point.key.part("hostname", &node);
        (node, HostnamePlace { attachment: attachment.clone(), exact })
    };
    nodes.into_iter().map(place).collect()
}

/// The wildcards that a hostname is below of, then all hosts.
fn above(hostname: &Hostname) -> impl Iterator<Item = String> {
    let (Hostname::Exact(name) | Hostname::Wildcard(name)) = hostname;
    let dots = name.match_indices('.').map(|(dot, _)| format!("*.{}", &name[dot + 1..]));
    dots.chain([String::new()])
}

/// Which of two attachments of different kinds goes, where they meet: "the oldest Route based on creation timestamp"
/// stays, then "the Route appearing first in alphabetical order by `{namespace}/{name}`".
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute>
pub fn loser<'a>(one: &'a HostnamePlace, other: &'a HostnamePlace) -> Option<&'a Ref<Attachment>> {
    let rank = |place: &HostnamePlace| {
        let parent = &place.attachment.parent;
        (parent.age.clone(), parent.route_kind)
    };
    let meet = one.exact || other.exact;
    meet.then(|| if rank(one) > rank(other) { &one.attachment } else { &other.attachment })
}

/// The same attachment once it has gone.
pub fn conflicted(attachment: &Attachment) -> Attachment {
    Attachment { outcome: AttachmentOutcome::Conflicted, ..attachment.clone() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Age, AllowedNamespaces, ParentRef};
    use crate::rules::attachment::tests::{parent, point};
    use crate::rules::hostname;

    fn attachment(kind: RouteKind, created: i64, hostnames: &[&str]) -> Ref<Attachment> {
        let point = point("", AllowedNamespaces::All, &[RouteKind::Http, RouteKind::Grpc]);
        let parent = ParentRef::clone(&parent("shop", None, None, hostnames));
        let age = Age::new(Some(created), parent.age.namespace.clone(), parent.age.name.clone());
        let parent = ParentRef { route_kind: kind, age, ..parent };
        let outcome = AttachmentOutcome::Attached(parent.hostnames.to_vec());
        Attachment { parent: parent.into(), point, outcome }.into()
    }

    /// Who goes, if the two meet at all.
    fn meet(one: &Ref<Attachment>, other: &Ref<Attachment>) -> Option<RouteKind> {
        let others: BTreeMap<Key, Vec<HostnamePlace>> =
            places(other).into_iter().fold(BTreeMap::new(), |mut map, (key, place)| {
                map.entry(key).or_default().push(place);
                map
            });
        let places = places(one);
        let pairs = places.iter().flat_map(|(key, place)| {
            others.get(key).into_iter().flatten().filter_map(move |other| loser(place, other))
        });
        let losers: BTreeSet<_> = pairs.map(|attachment| attachment.parent.route_kind).collect();
        assert!(losers.len() < 2, "one of two goes, not both");
        losers.into_iter().next()
    }

    #[test]
    fn the_older_route_stays() {
        use RouteKind::{Grpc, Http};
        let table = [
            ((1, vec![]), (2, vec![]), Some(Grpc)),
            ((2, vec!["a.b"]), (1, vec!["a.b"]), Some(Http)),
            ((1, vec!["a.b"]), (1, vec!["a.b"]), Some(Grpc)),
            ((1, vec!["a.b"]), (2, vec!["*.b"]), Some(Grpc)),
            ((1, vec!["a.b"]), (2, vec!["c.b"]), None),
            ((1, vec!["x.y", "a.b"]), (2, vec!["q.r", "*.y"]), Some(Grpc)),
        ];
        for ((http_age, http), (grpc_age, grpc), expected) in table {
            let (http, grpc) = (attachment(Http, http_age, &http), attachment(Grpc, grpc_age, &grpc));
            assert_eq!(meet(&http, &grpc), expected, "{http:?} {grpc:?}");
        }
    }

    #[test]
    fn places_meet_where_hostnames_intersect() {
        let names = ["", "a.b.c", "*.b.c", "*.c", "b.c", "*.a.b.c", "x.y"];
        let hostnames = |name: &str| if name.is_empty() { vec![] } else { vec![name.to_owned()] };
        for left in names {
            for right in names {
                let [one, other] = [(RouteKind::Http, left), (RouteKind::Grpc, right)].map(|(kind, name)| {
                    let names = hostnames(name);
                    attachment(kind, 1, &names.iter().map(String::as_str).collect::<Vec<_>>())
                });
                let expected = match (Hostname::parse(left), Hostname::parse(right)) {
                    (Some(left), Some(right)) => hostname::intersection(&left, &right).is_some(),
                    _ => true,
                };
                assert_eq!(meet(&one, &other).is_some(), expected, "{left} {right}");
            }
        }
    }
}
