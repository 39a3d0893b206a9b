use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::{
    Claim, Few, Hostname, Key, Match, MatchKind, NamedMatch, Padded, PathMatch, Ref, RouteKind, Serving, Shadowed, Text,
};

use super::attachment::JudgedParent;
use super::cluster::Cluster;

/// All routes that are attached, by attach point and route.
pub(super) type Servings = BTreeMap<(Key, Key), Ref<Serving>>;

/// One row per route and attach point, with what older routes and earlier rules hold there and what has to be padded.
pub(super) fn servings(cluster: &Cluster, parents: &[JudgedParent]) -> Servings {
    let mut servings: BTreeMap<(Key, Key), Serving> = BTreeMap::new();
    for judged in parents {
        let parent = &judged.verdict.parent;
        for (point, hostnames) in &judged.attached {
            let serving = servings.entry((point.key, parent.route)).or_insert_with(|| Serving {
                route: parent.route,
                route_kind: parent.route_kind,
                age: parent.age.clone(),
                point: point.clone(),
                hostnames: hostnames.clone(),
                parents: Box::default(),
                shadowed: Few::new(),
                padded: Few::new(),
            });
            let parents = serving.parents.iter().copied().chain([parent.index]);
            serving.parents = parents.collect::<BTreeSet<_>>().into_iter().collect();
        }
    }
    let (of_requests, of_connections): (Vec<_>, Vec<_>) =
        servings.values().cloned().partition(|serving| matches!(serving.route_kind, RouteKind::Http | RouteKind::Grpc));
    let (won, lost) = contest(cluster, &of_requests);
    let (_, lost_connections) = contest(cluster, &of_connections);
    for lost in lost.into_iter().chain(lost_connections) {
        if let Some(serving) = servings.get_mut(&(lost.claim.point, lost.claim.route)) {
            serving.shadowed.push(Ref::new(lost));
        }
    }
    let on_listeners = of_requests.iter().filter(|serving| serving.point.listener().is_some());
    let listeners = on_listeners.map(|serving| serving.point.key).collect();
    for padded in padded(&won, &listeners) {
        if let Some(serving) = servings.get_mut(&(padded.claim.point, padded.claim.route)) {
            serving.padded.push(Ref::new(padded));
        }
    }
    for serving in servings.values_mut() {
        serving.shadowed.sort_by(|left, right| left.claim.cmp(&right.claim));
        serving.padded.sort_by(|left, right| left.claim.cmp(&right.claim));
    }
    servings.into_iter().map(|(place, serving)| (place, Ref::new(serving))).collect()
}

/// Who asks for one match of one hostname of one attach point.
type Contest<'a> = BTreeMap<(Key, Option<&'a Hostname>, &'a Match), Vec<Claim>>;

/// Who holds each match, and who lost it.
fn contest(cluster: &Cluster, servings: &[Serving]) -> (Vec<Claim>, Vec<Shadowed>) {
    let mut contest: Contest<'_> = BTreeMap::new();
    for serving in servings {
        let everywhere = serving.hostnames.is_empty().then_some(None);
        for hostname in serving.hostnames.iter().map(Some).chain(everywhere) {
            let rules = cluster.rules.iter().filter(|rule| rule.route == serving.route && rule.problems.is_empty());
            for (rule, (index, matched)) in rules.flat_map(|rule| (0..).zip(&rule.matches).map(move |one| (rule, one)))
            {
                let claim = Claim {
                    age: serving.age.clone(),
                    rule: rule.index,
                    index,
                    route: serving.route,
                    point: serving.point.key,
                    hostname: hostname.cloned(),
                    matched: matched.clone(),
                };
                contest.entry((serving.point.key, hostname, matched)).or_default().push(claim);
            }
        }
    }
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for mut claims in contest.into_values() {
        claims.sort_by_key(seniority);
        let winner = claims.remove(0);
        let name: Text = format!("{}/{}", winner.age.namespace, winner.age.name).into();
        for claim in claims {
            let other = (claim.route != winner.route).then(|| name.clone());
            lost.push(Shadowed { claim: Ref::new(claim), winner: other });
        }
        won.push(winner);
    }
    (won, lost)
}

/// Oldest route, then namespace and name, then the order in which the route is written. Routes of two kinds can have one
/// name: whichever of them comes first does so with all its rules.
fn seniority(claim: &Claim) -> (bool, Option<i64>, Text, Text, Key, u16, u16) {
    let Claim { age, route, rule, index, .. } = claim;
    (age.created.is_none(), age.created, age.namespace.clone(), age.name.clone(), *route, *rule, *index)
}

/// The least padding with which Kuma's order is the specified one, found by raising what comes too late until nothing
/// does.
fn padded(claims: &[Claim], listeners: &BTreeSet<Key>) -> Vec<Padded> {
    let mut padding = vec![0; claims.len()];
    let rivals = |first: &Claim, second: &Claim| {
        let here = first.point == second.point && first.hostname == second.hostname;
        let both_root = listeners.contains(&first.point) && is_root(first) && is_root(second);
        here && (both_root || same_path(&first.matched.path, &second.matched.path))
            && may_meet(&first.matched, &second.matched)
    };
    let telling = |claim: &Claim| {
        let Match { method, headers, query_params, .. } = &*claim.matched;
        (method.is_some(), headers.len(), query_params.len())
    };
    loop {
        let before = padding.clone();
        for (one, first) in claims.iter().enumerate() {
            for (other, second) in claims.iter().enumerate() {
                if one == other || !rivals(first, second) {
                    continue;
                }
                let (natural, tied) = (telling(first) > telling(second), telling(first) == telling(second));
                let senior = natural || (tied && seniority(first) < seniority(second));
                let comes_first = match (is_exact(first), is_exact(second)) {
                    (true, false) => true,
                    (false, true) => false,
                    _ => senior,
                };
                let hopeless = first.matched.method.is_none() && second.matched.method.is_some();
                if comes_first && !hopeless && !(natural && padding[other] == 0) {
                    let wanted = second.matched.headers.len() + padding[other] + 1;
                    padding[one] = padding[one].max(wanted.saturating_sub(first.matched.headers.len()));
                }
            }
        }
        if padding == before {
            break;
        }
    }
    let padded = claims.iter().zip(padding).filter(|(_, headers)| *headers > 0);
    let row = |(claim, headers): (&Claim, usize)| Padded {
        claim: Ref::new(claim.clone()),
        headers: u16::try_from(headers).unwrap_or(u16::MAX),
    };
    padded.map(row).collect()
}

fn is_exact(claim: &Claim) -> bool {
    matches!(claim.matched.path, PathMatch::Exact(_))
}

/// Whether a gateway of Kuma's takes a claim for one of exactly `/`.
fn is_root(claim: &Claim) -> bool {
    matches!(&claim.matched.path, PathMatch::Exact(path) | PathMatch::Prefix(path) if &**path == "/")
}

fn same_path(left: &PathMatch, right: &PathMatch) -> bool {
    let patterns = [left, right].map(|path| matches!(path, PathMatch::RegularExpression(_)));
    left == right || patterns == [true, true]
}

/// Whether nothing is asked to be two things at once.
fn may_meet(left: &Match, right: &Match) -> bool {
    let exact = |list: &[NamedMatch]| -> BTreeMap<Text, Text> {
        let exact = list.iter().filter(|one| one.kind == MatchKind::Exact);
        exact.map(|one| (one.name.clone(), one.value.clone())).collect()
    };
    let agree = |left: &[NamedMatch], right: &[NamedMatch]| {
        let right = exact(right);
        exact(left).iter().all(|(name, value)| right.get(name).is_none_or(|other| other == value))
    };
    let methods = [&left.method, &right.method].into_iter().flatten().collect::<std::collections::BTreeSet<_>>();
    methods.len() < 2 && agree(&left.headers, &right.headers) && agree(&left.query_params, &right.query_params)
}
