//! How rules that Kuma cannot tell apart are put in the order that Gateway API wants.
//!
//! Kuma orders the rules of a listener and hostname, or of a port of a Service, by their path, then by method, by the
//! number of header matches and by that of query parameters. Rules that tie in all of these come in an arbitrary
//! order, where Gateway API has the oldest route first. One more header match that is always true makes a rule more
//! specific without changing what it matches.

use crate::model::{Claim, Match, MatchKind, NamedMatch, Padded, PathMatch, Ref};
use crate::rules::precedence::{holders, rank};

/// The claims on one path that must get header matches which are always true, and how many.
///
/// From the least specific claim up, each gets as few as put it before all earlier ones that could match the same
/// request. So what outranks a padded claim is lifted with it, and claims that no request can match both are left alone.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule> (`matches`)
pub fn padded(claims: &[&Ref<Claim>]) -> Vec<Padded> {
    if claims.len() < 2 {
        return Vec::new();
    }
    let mut ordered: Vec<_> = holders(claims).into_values().collect();
    ordered.sort_by(|left, right| {
        let specificity = wanted(&left.matched).cmp(&wanted(&right.matched));
        specificity.then_with(|| rank(right).cmp(&rank(left)))
    });
    let mut placed: Vec<(&Ref<Claim>, usize)> = Vec::with_capacity(ordered.len());
    for claim in ordered {
        let below = placed.iter().filter(|(other, _)| overlap(&claim.matched, &other.matched));
        let headers = below.map(|(other, padding)| needed(&claim.matched, &other.matched, *padding)).max();
        placed.push((claim, headers.unwrap_or_default()));
    }
    let padded = placed.into_iter().filter(|(_, headers)| *headers > 0);
    padded
        .map(|(claim, headers)| Padded { claim: claim.clone(), headers: headers.try_into().unwrap_or(u16::MAX) })
        .collect()
}

/// What Gateway API compares among rules that meet, the most telling first. Where an exact path meets a prefix, it wins.
fn wanted(matched: &Match) -> (bool, (bool, usize, usize)) {
    (matches!(matched.path, PathMatch::Exact(_)), specificity(matched))
}

/// What Kuma compares among rules of one path, the most telling first.
fn specificity(matched: &Match) -> (bool, usize, usize) {
    (matched.method.is_some(), matched.headers.len(), matched.query_params.len())
}

/// How many headers put a match before another that it outranks, which may have got some itself. Before one that asks for a
/// method, only a method would put it; that is a prefix then, and known to be a deviation.
fn needed(matched: &Match, other: &Match, padding: usize) -> usize {
    if matched.method.is_none() && other.method.is_some() {
        return 0;
    }
    if padding == 0 && specificity(matched) > specificity(other) {
        return 0;
    }
    (other.headers.len() + padding + 1).saturating_sub(matched.headers.len())
}

/// Whether some request may match both, as far as anybody can tell. The paths have one in common.
fn overlap(left: &Match, right: &Match) -> bool {
    let methods = matches!((&left.method, &right.method), (Some(left), Some(right)) if left != right);
    !methods && !contradict(&left.headers, &right.headers) && !contradict(&left.query_params, &right.query_params)
}

/// Whether one name is asked to have two values.
fn contradict(left: &[NamedMatch], right: &[NamedMatch]) -> bool {
    left.iter().any(|one| {
        right.iter().any(|other| {
            let exact = one.kind == MatchKind::Exact && other.kind == MatchKind::Exact;
            exact && one.name == other.name && one.value != other.value
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Age, Key, Kind, PathMatch};

    /// `"<name> [=] [METHOD] [h:name=value] [q:name=value]"`; names are by age, and `=` is exactly `/` instead of the prefix.
    fn claim(text: &str) -> Ref<Claim> {
        let mut words = text.split(' ');
        let name = words.next().unwrap();
        let mut matched = Match {
            path: PathMatch::Prefix("/".into()),
            method: None,
            headers: vec![].into(),
            query_params: vec![].into(),
        };
        for word in words {
            match word.split_once(':') {
                None if word == "=" => matched.path = PathMatch::Exact("/".into()),
                None => matched.method = Some(word.into()),
                Some((list, rest)) => {
                    let (name, value) = rest.split_once('=').unwrap();
                    let (kind, value) = match value.strip_prefix('~') {
                        Some(pattern) => (MatchKind::RegularExpression, pattern),
                        None => (MatchKind::Exact, value),
                    };
                    let named = NamedMatch { name: name.into(), kind, value: value.into() };
                    if list == "h" { matched.headers.push(named) } else { matched.query_params.push(named) }
                }
            }
        }
        Ref::new(Claim {
            age: Age::new(Some(0), "shop".into(), name.into()),
            rule: 0,
            index: 0,
            route: Key::of(Kind::HttpRoute, "shop", name),
            point: Key::of(Kind::Gateway, "infra", "edge"),
            hostname: None,
            matched: matched.into(),
        })
    }

    #[track_caller]
    fn check(claims: &[&str], expected: &[(&str, u16)]) {
        let claims: Vec<_> = claims.iter().map(|text| claim(text)).collect();
        let forwards: Vec<_> = claims.iter().collect();
        let backwards: Vec<_> = claims.iter().rev().collect();
        for order in [forwards, backwards] {
            let mut shown: Vec<_> =
                padded(&order).iter().map(|row| (row.claim.age.name.to_string(), row.headers)).collect();
            shown.sort();
            let expected: Vec<_> = expected.iter().map(|(name, headers)| (name.to_string(), *headers)).collect();
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn ties_become_an_order_and_nothing_else_is_touched() {
        check(&["a"], &[]);
        check(&["a", "b"], &[]); // Equal matches: one of them loses, which is not a tie.
        check(&["a h:x=1", "b"], &[]);
        check(&["a h:x=1", "b h:y=1"], &[("a", 1)]);
        check(&["a h:x=1", "b h:x=2"], &[]); // No request has both.
        check(&["a h:x=1", "b h:x=~1.*"], &[("a", 1)]);
        check(&["a h:x=1", "b h:y=1", "c h:z=1"], &[("a", 2), ("b", 1)]);
        check(&["a q:x=1", "b q:y=1"], &[("a", 1)]);
        check(&["a GET", "b POST"], &[]);
        check(&["a GET h:x=1", "b GET h:y=1"], &[("a", 1)]);
        // What is more specific stays so: a method outranks headers, two headers outrank one.
        check(&["a h:x=1", "b h:y=1", "c GET"], &[("a", 1), ("c", 3)]);
        check(&["a h:x=1", "b h:y=1", "c h:y=1 h:z=1"], &[("a", 1), ("c", 1)]);
        check(&["a h:x=1", "b h:y=1", "c h:x=2 h:y=2"], &[("a", 1)]);
    }

    #[test]
    fn exactly_the_root_comes_before_the_prefix_of_everything() {
        check(&["a", "b ="], &[("b", 1)]);
        check(&["a =", "b"], &[("a", 1)]);
        check(&["a h:x=1", "b ="], &[("b", 2)]);
        check(&["a h:x=1", "b = h:x=2"], &[]); // No request has both.
        check(&["a", "b =", "c = h:x=1"], &[("b", 1), ("c", 1)]);
        check(&["a", "b = GET"], &[]);
        check(&["a GET", "b ="], &[]); // Nothing puts it before a method.
        check(&["a GET", "b = GET"], &[("b", 1)]);
    }
}
