//! Which of several routes holds a match.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Age, AttachPoint, Attachment, AttachmentOutcome, Claim, Hostname, Key, Match, ParentProblem, ParentReport,
    ParentVerdict, PathMatch, Ref, Rule, Serving, Shadowed, YieldedPort,
};

/// Where claims meet: one path of one hostname of one attach point. All regular expressions count as one path, since
/// nobody can tell what two of them have in common.
fn meeting_point(point: Key, hostname: Option<&Hostname>, path: &PathMatch) -> Key {
    let hostname = hostname.map(ToString::to_string).unwrap_or_default();
    let path: [&[u8]; 2] = match path {
        PathMatch::Exact(path) => [b"=", path.as_bytes()],
        PathMatch::Prefix(path) => [b"/", path.as_bytes()],
        PathMatch::RegularExpression(_) => [b"~", b""],
    };
    Key::hash(&[&point.bytes(), hostname.as_bytes(), path[0], path[1]])
}

/// The path as which one counts at an attach point. A gateway of Kuma's takes the prefix `/` for exactly `/` too, and does
/// not tell such rules from those for exactly `/`:
/// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/gateway/gateway_route_generator.go>.
fn counted_as<'a>(path: &'a PathMatch, point: &AttachPoint, root: &'a PathMatch) -> &'a PathMatch {
    match path {
        PathMatch::Prefix(prefix) if &**prefix == "/" && point.listener().is_some() => root,
        _ => path,
    }
}

/// What a rule claims at an attach point: each of its matches, for each hostname that its route serves there. A rule
/// that Kuma cannot express claims nothing.
pub fn claims(attachment: &Attachment, rule: &Rule) -> Vec<(Key, Claim)> {
    let AttachmentOutcome::Attached(hostnames) = &attachment.outcome else {
        return Vec::new();
    };
    if !rule.problems.is_empty() {
        return Vec::new();
    }
    let hostnames: Vec<_> = if hostnames.is_empty() { vec![None] } else { hostnames.iter().map(Some).collect() };
    let (parent, point) = (&attachment.parent, attachment.point.key);
    // A port of a Service can have routes of requests and of connections, which do not compete for matches.
    let contest = if parent.route_kind.is_of_connections() { point.part("connections", "") } else { point };
    let root = PathMatch::Exact("/".into());
    let mut claims = Vec::with_capacity(hostnames.len() * rule.matches.len());
    for hostname in hostnames {
        for (index, matched) in (0..).zip(&rule.matches) {
            let claim = Claim {
                age: parent.age.clone(),
                rule: rule.index,
                index,
                route: parent.route,
                point,
                hostname: hostname.cloned(),
                matched: matched.clone(),
            };
            let path = counted_as(&matched.path, &attachment.point, &root);
            claims.push((meeting_point(contest, hostname, path), claim));
        }
    }
    claims
}

/// By what claims are ranked that match the same requests: the oldest route first, then by namespace and name, then by
/// the order of rules.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule> (`matches`)
pub fn rank(claim: &Claim) -> (&Age, Key, u16, u16) {
    (&claim.age, claim.route, claim.rule, claim.index)
}

/// Who holds each match: the first by rank. Header and query lists are compared as sets, which decoding has sorted.
pub fn holders<'a>(claims: &[&'a Ref<Claim>]) -> BTreeMap<&'a Match, &'a Ref<Claim>> {
    let mut holders: BTreeMap<&Match, &Ref<Claim>> = BTreeMap::new();
    for claim in claims.iter().copied() {
        let holder = holders.entry(&claim.matched).or_insert(claim);
        if rank(claim) < rank(holder) {
            *holder = claim;
        }
    }
    holders
}

/// What one parent hears of the matches that others hold, and of ports that were yielded. Duplicates inside the route
/// are not mentioned.
pub fn report(verdict: &Ref<ParentVerdict>, servings: &[&Ref<Serving>], yielded: &[&Ref<YieldedPort>]) -> ParentReport {
    let index = verdict.parent.index;
    let here = servings.iter().filter(|serving| serving.parents.contains(&index));
    let mut shadowed: Vec<_> =
        here.flat_map(|serving| &serving.shadowed).filter_map(|shadowed| shadowed.winner.clone()).collect();
    let shadowed_matches = u32::try_from(shadowed.len()).unwrap_or(u32::MAX);
    shadowed.sort_unstable();
    shadowed.dedup();
    let here = yielded.iter().filter(|yielded| yielded.parents.contains(&index));
    let mut ports: Vec<_> = here.clone().map(|yielded| yielded.port).collect();
    ports.sort_unstable();
    ports.dedup();
    let verdict = judged(verdict, here.filter(|yielded| yielded.same_side).map(|yielded| yielded.port).collect());
    ParentReport { verdict, shadowed: shadowed.into(), shadowed_matches, yielded: ports.into() }
}

/// The verdict of a Service on a route that yields these ports to routes of the same side: it is not accepted once none is left.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1294/> (route types)
fn judged(verdict: &Ref<ParentVerdict>, yielded: BTreeSet<u16>) -> Ref<ParentVerdict> {
    let is_left = |port: &u16| !yielded.contains(port);
    if verdict.ports.is_empty() || verdict.ports.iter().any(is_left) {
        return verdict.clone();
    }
    ParentVerdict { problem: Some(ParentProblem::Conflicted), ..ParentVerdict::clone(verdict) }.into()
}

/// Which claims on one path lose: all that have the match of another which ranks before them. Kuma would blend equal
/// rules instead.
pub fn losers(claims: &[&Ref<Claim>]) -> Vec<Shadowed> {
    // Most paths have one claim, which has nobody to lose to.
    if claims.len() < 2 {
        return Vec::new();
    }
    let holders = holders(claims);
    let lost = claims.iter().filter_map(|claim| {
        let winner = *holders.get(&*claim.matched)?;
        let other = claim.route != winner.route;
        let name = other.then(|| format!("{}/{}", winner.age.namespace, winner.age.name).into());
        (rank(claim) != rank(winner)).then(|| Shadowed { claim: (*claim).clone(), winner: name })
    });
    lost.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AllowedNamespaces, Kind, ObjectName, Place, RouteKind, ServicePort};
    use crate::rules::attachment::tests as attachment;

    fn with(path: PathMatch) -> Match {
        Match { path, method: None, headers: vec![].into(), query_params: vec![].into() }
    }

    fn claim(created: Option<i64>, name: &str, rule: u16, index: u16) -> Ref<Claim> {
        Ref::new(Claim {
            age: Age::new(created, "shop".into(), name.into()),
            rule,
            index,
            route: Key::of(Kind::HttpRoute, "shop", name),
            point: Key::of(Kind::Gateway, "infra", "edge"),
            hostname: None,
            matched: with(PathMatch::Prefix("/".into())).into(),
        })
    }

    #[track_caller]
    fn check(claims: &[Ref<Claim>], expected: &[(&str, u16, Option<&str>)]) {
        let references: Vec<_> = claims.iter().collect();
        let mut backwards = references.clone();
        backwards.reverse();
        for order in [references, backwards] {
            let mut shown: Vec<_> = losers(&order)
                .iter()
                .map(|lost| {
                    (lost.claim.age.name.to_string(), lost.claim.rule, lost.winner.as_ref().map(ToString::to_string))
                })
                .collect();
            shown.sort();
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, rule, winner)| (name.to_string(), *rule, winner.map(ToString::to_string)))
                .collect();
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn the_oldest_route_keeps_the_match() {
        check(&[claim(Some(1), "b", 0, 0)], &[]);
        check(&[claim(Some(1), "b", 0, 0), claim(Some(2), "a", 0, 0)], &[("a", 0, Some("shop/b"))]);
        check(&[claim(Some(1), "b", 0, 0), claim(Some(1), "a", 0, 0)], &[("b", 0, Some("shop/a"))]);
        check(&[claim(None, "a", 0, 0), claim(Some(9), "b", 0, 0)], &[("a", 0, Some("shop/b"))]);
        check(&[claim(None, "a", 0, 0), claim(None, "a", 2, 0)], &[("a", 2, None)]);
    }

    #[test]
    fn claims_meet_on_a_path_of_a_hostname() {
        let listener = Key::of(Kind::Gateway, "infra", "edge");
        let host = Hostname::parse("a.b");
        let place = |hostname, path: &PathMatch| meeting_point(listener, hostname, path);
        let (prefix, exact) = (PathMatch::Prefix("/a".into()), PathMatch::Exact("/a".into()));
        assert_eq!(place(None, &prefix), place(None, &prefix.clone()));
        assert_ne!(place(None, &prefix), place(host.as_ref(), &prefix));
        assert_ne!(place(None, &prefix), place(None, &exact));
        let pattern = |text: &str| PathMatch::RegularExpression(text.into());
        assert_eq!(place(None, &pattern("/a.*")), place(None, &pattern("/b.*")));
    }

    #[test]
    fn on_a_gateway_the_prefix_of_everything_counts_as_the_root() {
        let listener = attachment::point("", AllowedNamespaces::All, &[RouteKind::Http]);
        let port = ObjectName::new(Kind::Service, "shop", "cart");
        let port = ServicePort { service: port, port: 80, section: "80".into(), tag: None, consumer: None };
        let service = AttachPoint { place: Place::ServicePort(port), ..AttachPoint::clone(&listener) };
        let (exact, prefix) = (PathMatch::Exact("/".into()), PathMatch::Prefix("/".into()));
        let longer = PathMatch::Prefix("/a".into());
        let table = [
            (&prefix, &*listener, &exact),
            (&exact, &*listener, &exact),
            (&longer, &*listener, &longer),
            (&prefix, &service, &prefix),
        ];
        for (path, point, expected) in table {
            assert_eq!(counted_as(path, point, &exact), expected, "{path:?} {point:?}");
        }
    }

    #[test]
    fn only_equal_matches_of_a_path_compete() {
        let other = |name: &str, method: Option<&str>| {
            let claim = claim(Some(1), name, 0, 0);
            let matched = Match { method: method.map(Into::into), ..Match::clone(&claim.matched) };
            Ref::new(Claim { matched: matched.into(), ..Claim::clone(&claim) })
        };
        check(&[other("a", None), other("b", Some("GET"))], &[]);
        check(&[other("a", Some("GET")), other("b", Some("GET"))], &[("b", 0, Some("shop/a"))]);
    }
}
