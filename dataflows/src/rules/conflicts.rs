//! Which of two routes of different kinds stays on a listener, or on a port of a Service.
//!
//! Both HTTPRoutes and GRPCRoutes become MeshHTTPRoutes, but their rules are ranked by different orders, so Gateway API
//! keeps the two kinds apart wherever their hostnames meet, and on Services, where hostnames mean nothing, altogether.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Age, Attachment, AttachmentOutcome, Hostname, HostnamePlace, Key, Ref, RouteConflict, RouteKind, YieldedPort,
};

/// The listener or port that a route is attached to, if it is.
pub fn attached(attachment: &Attachment) -> Option<Key> {
    matches!(attachment.outcome, AttachmentOutcome::Attached(_)).then(|| attachment.point.key)
}

/// Where an attachment is in the tree of hostnames of its listener, if it is on one: once for each of its hostnames, and once
/// for each wildcard above them. Two hostnames meet if and only if one is the other or is below it.
pub fn places(attachment: &Ref<Attachment>) -> Vec<(Key, HostnamePlace)> {
    let (Some(_), AttachmentOutcome::Attached(hostnames)) = (attachment.point.listener(), &attachment.outcome) else {
        return Vec::new();
    };
    let mut nodes = BTreeSet::new();
    for hostname in &**hostnames {
        nodes.insert((hostname.to_string(), true));
        nodes.extend(above(hostname).map(|node| (node, false)));
    }
    if hostnames.is_empty() {
        nodes.insert((String::new(), true));
    }
    let place = |(node, exact): (String, bool)| {
        let node = Key::hash(&[&attachment.point.key.bytes(), node.as_bytes()]);
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

/// Which of two attachments of different kinds stands in the way of the other, where they meet: "the oldest Route based on
/// creation timestamp", then "the Route appearing first in alphabetical order by `{namespace}/{name}`".
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute>
pub fn conflict(one: &HostnamePlace, other: &HostnamePlace) -> Option<RouteConflict> {
    let meet = one.exact || other.exact;
    let (older, younger) = if rank(&one.attachment) < rank(&other.attachment) { (one, other) } else { (other, one) };
    meet.then(|| RouteConflict { older: older.attachment.clone(), younger: younger.attachment.clone() })
}

fn rank(attachment: &Attachment) -> (&Age, RouteKind, Key) {
    let parent = &attachment.parent;
    (&parent.age, parent.route_kind, parent.key())
}

/// Who goes of all that conflict on one listener: a route that has gone itself stands in nobody's way, so they are judged
/// by age.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute> ("accept exactly one of these Routes")
pub fn losers<'a>(conflicts: impl Iterator<Item = &'a Ref<RouteConflict>>) -> Vec<&'a Ref<Attachment>> {
    let mut by_age: BTreeMap<_, (&Ref<Attachment>, Vec<Key>)> = BTreeMap::new();
    for conflict in conflicts {
        let (_, older) = by_age.entry(rank(&conflict.younger)).or_insert_with(|| (&conflict.younger, Vec::new()));
        older.push(conflict.older.parent.key());
    }
    let mut gone = BTreeSet::new();
    let mut losers = Vec::new();
    for ((.., key), (attachment, older)) in by_age {
        if older.iter().any(|older| !gone.contains(older)) {
            gone.insert(key);
            losers.push(attachment);
        }
    }
    losers
}

/// The same attachment once it has gone.
pub fn conflicted(attachment: &Attachment) -> Attachment {
    Attachment { outcome: AttachmentOutcome::Conflicted, ..attachment.clone() }
}

/// The port of a Service that an HTTPRoute gives up to GRPCRoutes of the same side, whichever is older, by the route.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1294/> (route types)
pub fn yielded(attachment: &Attachment) -> Option<(Key, YieldedPort)> {
    let port = attachment.point.service_port()?.port;
    let parents = [attachment.parent.index].into();
    Some((attachment.parent.route, YieldedPort { parents, port, same_side: true }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AllowedNamespaces, AttachPoint, Kind, ObjectName, ParentRef, Place, ServicePort};
    use crate::rules::attachment::tests::{parent, point};
    use crate::rules::hostname;

    fn attachment(kind: RouteKind, created: i64, hostnames: &[&str]) -> Ref<Attachment> {
        let point = point("", AllowedNamespaces::All, &[RouteKind::Http, RouteKind::Grpc]);
        let parent = ParentRef::clone(&parent("shop", None, None, hostnames));
        let age = Age::new(Some(created), parent.age.namespace.clone(), parent.age.name.clone());
        let parent = ParentRef { route_kind: kind, age, ..parent };
        let outcome = AttachmentOutcome::Attached(parent.hostnames.clone());
        Attachment { parent: parent.into(), point, outcome }.into()
    }

    /// An attachment of a route that is called after its age.
    fn named(kind: RouteKind, created: i64, hostname: &str) -> Ref<Attachment> {
        let attachment = Attachment::clone(&attachment(kind, created, &[hostname]));
        let route = Key::of(Kind::HttpRoute, "shop", &created.to_string());
        let parent = ParentRef { route, ..ParentRef::clone(&attachment.parent) };
        Attachment { parent: parent.into(), ..attachment }.into()
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
            others.get(key).into_iter().flatten().filter_map(move |other| conflict(place, other))
        });
        let conflicts: Vec<_> = pairs.map(Ref::new).collect();
        let losers: BTreeSet<_> =
            losers(conflicts.iter()).iter().map(|attachment| attachment.parent.route_kind).collect();
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

    /// The same on a port of a Service.
    fn on_service(attachment: &Ref<Attachment>) -> Ref<Attachment> {
        let service = ObjectName::new(Kind::Service, "shop", "cart");
        let port = ServicePort { service, port: 80, section: "80".into(), tag: None, consumer: None };
        let point = AttachPoint { place: Place::ServicePort(port), ..AttachPoint::clone(&attachment.point) };
        Attachment { point: point.into(), ..Attachment::clone(attachment) }.into()
    }

    #[test]
    fn a_port_of_a_service_is_given_up_whatever_the_hostnames() {
        for hostnames in [&[][..], &["a.b"]] {
            let on_listener = attachment(RouteKind::Http, 1, hostnames);
            let on_service = on_service(&on_listener);
            assert_eq!((places(&on_listener).is_empty(), yielded(&on_listener)), (false, None));
            assert!(places(&on_service).is_empty(), "{hostnames:?}");
            assert_eq!(yielded(&on_service).map(|(_, yielded)| (yielded.port, yielded.same_side)), Some((80, true)));
        }
    }

    #[test]
    fn who_has_gone_stands_in_nobodys_way() {
        use RouteKind::{Grpc, Http};
        /// Routes by age, and which of them go.
        type Case<'a> = (&'a [(RouteKind, &'a str)], &'a [usize]);
        let table: [Case<'_>; 5] = [
            (&[(Http, "a.x"), (Grpc, "*.x"), (Http, "b.x")], &[1]),
            (&[(Http, "a.x"), (Grpc, "*.x"), (Http, "b.x"), (Grpc, "b.x")], &[1, 3]),
            (&[(Http, "a.x"), (Grpc, "*.x"), (Http, "a.x")], &[1]),
            (&[(Grpc, "*.x"), (Http, "a.x"), (Http, "b.x"), (Grpc, "a.x")], &[1, 2]),
            (&[(Http, "a.x"), (Grpc, "b.x"), (Http, "c.x")], &[]),
        ];
        for (routes, expected) in table {
            let routes: Vec<_> = (0..).zip(routes).map(|(age, (kind, name))| named(*kind, age, name)).collect();
            let places: Vec<_> = routes.iter().flat_map(places).collect();
            let pairs = places.iter().flat_map(|one| places.iter().map(move |other| (one, other)));
            let apart = pairs.filter(|((at, one), (other_at, other))| {
                let kind = |place: &HostnamePlace| place.attachment.parent.route_kind;
                at == other_at && kind(one) < kind(other)
            });
            let conflicts: Vec<_> =
                apart.filter_map(|((_, one), (_, other))| conflict(one, other)).map(Ref::new).collect();
            let gone = losers(conflicts.iter());
            let at = |loser: &&Ref<Attachment>| routes.iter().position(|route| route == *loser);
            assert_eq!(gone.iter().filter_map(at).collect::<Vec<_>>(), expected, "{routes:?}");
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
