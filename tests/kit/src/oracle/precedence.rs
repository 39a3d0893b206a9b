use std::collections::BTreeMap;

use dataflows::model::{Claim, Hostname, Key, Match, Ref, Serving, Shadowed, Text};
use dataflows::rules::listeners;

use super::attachment::JudgedParent;
use super::cluster::Cluster;

/// All routes that are attached to a listener, by listener and route.
pub(super) type Servings = BTreeMap<(Key, Key), Ref<Serving>>;

/// One row per route and listener, with what older routes and earlier rules hold there.
pub(super) fn servings(cluster: &Cluster, parents: &[JudgedParent]) -> Servings {
    let mut servings: BTreeMap<(Key, Key), Serving> = BTreeMap::new();
    for judged in parents {
        let parent = &judged.verdict.parent;
        for (state, hostnames) in &judged.attached {
            let serving = servings.entry((state.key, parent.route)).or_insert_with(|| Serving {
                route: parent.route,
                route_kind: parent.route_kind,
                age: parent.age.clone(),
                point: Ref::new(listeners::attach_point(state)),
                hostnames: hostnames.clone(),
                parents: Vec::new(),
                shadowed: Vec::new(),
            });
            serving.parents.push(parent.index);
            serving.parents.sort_unstable();
        }
    }
    let lost = losers(cluster, &servings);
    for (place, lost) in lost {
        if let Some(serving) = servings.get_mut(&place) {
            serving.shadowed.extend(lost.into_iter().map(Ref::new));
            serving.shadowed.sort_by(|left, right| left.claim.cmp(&right.claim));
        }
    }
    servings.into_iter().map(|(place, serving)| (place, Ref::new(serving))).collect()
}

/// Who asks for one match of one hostname of one listener.
type Contest<'a> = BTreeMap<(Key, Option<&'a Hostname>, &'a Match), Vec<Claim>>;

fn losers(cluster: &Cluster, servings: &BTreeMap<(Key, Key), Serving>) -> BTreeMap<(Key, Key), Vec<Shadowed>> {
    let mut contest: Contest<'_> = BTreeMap::new();
    for serving in servings.values() {
        let everywhere = serving.hostnames.is_empty().then_some(None);
        for hostname in serving.hostnames.iter().map(Some).chain(everywhere) {
            let matches = cluster.matches.get(&serving.route);
            for (rule, matches) in matches.iter().flat_map(|matches| &matches.rules) {
                for (index, found) in (0..).zip(matches.iter()) {
                    let claim = Claim {
                        age: serving.age.clone(),
                        rule: *rule,
                        index,
                        route: serving.route,
                        listener: serving.point.key,
                        hostname: hostname.cloned(),
                    };
                    contest.entry((serving.point.key, hostname, found)).or_default().push(claim);
                }
            }
        }
    }
    let mut lost: BTreeMap<(Key, Key), Vec<Shadowed>> = BTreeMap::new();
    for mut claims in contest.into_values() {
        // Oldest route, then namespace and name, then the order in which the route is written.
        claims.sort_by_key(|claim| {
            let age = (claim.age.created.is_none(), claim.age.created, claim.age.namespace.clone());
            (age, claim.age.name.clone(), claim.rule, claim.index)
        });
        let winner = claims.remove(0);
        let name: Text = format!("{}/{}", winner.age.namespace, winner.age.name).into();
        for claim in claims {
            let other = (claim.route != winner.route).then(|| name.clone());
            let shadowed = Shadowed { claim: Ref::new(claim.clone()), winner: other };
            lost.entry((claim.listener, claim.route)).or_default().push(shadowed);
        }
    }
    lost
}
