//! Which of several routes holds a match.

use crate::model::{
    Attachment, AttachmentOutcome, Claim, Hostname, Key, Match, MatchKind, NamedMatch, ParentReport, ParentVerdict,
    PathMatch, Ref, RouteMatches, Serving, Shadowed,
};

/// What two matches have in common if and only if they match the same requests by the letter: header and query lists
/// are compared as sets, which decoding has sorted.
pub fn identity(listener: Key, hostname: Option<&Hostname>, found: &Match) -> Key {
    let listener = listener.bytes();
    let hostname = hostname.map(ToString::to_string).unwrap_or_default();
    let path: [&[u8]; 2] = match &found.path {
        PathMatch::Exact(path) => [b"=", path.as_bytes()],
        PathMatch::Prefix(path) => [b"/", path.as_bytes()],
        PathMatch::RegularExpression(path) => [b"~", path.as_bytes()],
    };
    let method = found.method.as_deref().unwrap_or_default();
    let mut fields: Vec<&[u8]> = vec![&listener, hostname.as_bytes(), path[0], path[1], method.as_bytes()];
    for (what, matches) in [(b"h", &found.headers), (b"q", &found.query_params)] {
        for NamedMatch { name, kind, value } in matches {
            let kind: &[u8] = match kind {
                MatchKind::Exact => b"=",
                MatchKind::RegularExpression => b"~",
            };
            fields.extend([what, name.as_bytes(), kind, value.as_bytes()]);
        }
    }
    Key::hash(&fields)
}

/// What a route claims on a listener: each of its matches, for each hostname it serves there.
pub fn claims(attachment: &Attachment, matches: &RouteMatches) -> Vec<(Key, Claim)> {
    let AttachmentOutcome::Attached(hostnames) = &attachment.outcome else {
        return Vec::new();
    };
    let hostnames: Vec<_> = if hostnames.is_empty() { vec![None] } else { hostnames.iter().map(Some).collect() };
    let (parent, listener) = (&attachment.parent, attachment.point.key);
    let mut claims = Vec::new();
    for hostname in hostnames {
        for (rule, matches) in &matches.rules {
            for (index, found) in (0..).zip(matches.iter()) {
                let claim = Claim {
                    age: parent.age.clone(),
                    rule: *rule,
                    index,
                    route: parent.route,
                    listener,
                    hostname: hostname.cloned(),
                };
                claims.push((identity(listener, hostname, found), claim));
            }
        }
    }
    claims
}

/// What one parent hears of the matches that others hold. Duplicates inside the route are not mentioned.
pub fn report(verdict: &Ref<ParentVerdict>, servings: &[&Ref<Serving>]) -> ParentReport {
    let here = servings.iter().filter(|serving| serving.parents.contains(&verdict.parent.index));
    let mut shadowed: Vec<_> =
        here.flat_map(|serving| &serving.shadowed).filter_map(|shadowed| shadowed.winner.clone()).collect();
    let shadowed_matches = u32::try_from(shadowed.len()).unwrap_or(u32::MAX);
    shadowed.sort_unstable();
    shadowed.dedup();
    ParentReport { verdict: verdict.clone(), shadowed, shadowed_matches }
}

/// Which claims on one match lose: all but that of the oldest route, then by namespace and name, then by the order of
/// rules. Kuma would blend equal rules instead.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule> (`matches`)
pub fn losers(claims: &[&Ref<Claim>]) -> Vec<Shadowed> {
    let rank = |claim: &Claim| (claim.age.clone(), claim.route, claim.rule, claim.index);
    let Some(winner) = claims.iter().min_by_key(|claim| rank(claim)) else {
        return Vec::new();
    };
    claims
        .iter()
        .filter(|claim| rank(claim) != rank(winner))
        .map(|claim| {
            let winner =
                (claim.route != winner.route).then(|| format!("{}/{}", winner.age.namespace, winner.age.name).into());
            Shadowed { claim: (*claim).clone(), winner }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Age, Kind};

    fn claim(created: Option<i64>, name: &str, rule: u16, index: u16) -> Ref<Claim> {
        Ref::new(Claim {
            age: Age { created, namespace: "shop".into(), name: name.into() },
            rule,
            index,
            route: Key::of(Kind::HttpRoute, "shop", name),
            listener: Key::of(Kind::Gateway, "infra", "edge"),
            hostname: None,
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
    fn identity_tells_matches_apart() {
        let listener = Key::of(Kind::Gateway, "infra", "edge");
        let with = |path: PathMatch| Match { path, method: None, headers: vec![], query_params: vec![] };
        let host = Hostname::parse("a.b");
        let root = with(PathMatch::Prefix("/".into()));
        assert_eq!(identity(listener, None, &root), identity(listener, None, &root.clone()));
        assert_ne!(identity(listener, None, &root), identity(listener, host.as_ref(), &root));
        assert_ne!(identity(listener, None, &root), identity(listener, None, &with(PathMatch::Exact("/".into()))));
    }
}
