use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dataflows::model::{Age, Hostname, Key, ParentProblem, ParentVerdict, Ref, RouteKind};
use dataflows::rules::hostname;

use super::attachment::JudgedParent;

/// A route on a listener, or on a port of a Service.
#[derive(Clone)]
struct Standing {
    on_service: bool,
    kind: RouteKind,
    age: Age,
    hostnames: Arc<[Hostname]>,
}

/// Takes the younger of an HTTPRoute and a GRPCRoute off a listener where hostnames of the two meet, and HTTPRoutes off ports
/// of Services where GRPCRoutes are: the routes come one after the other, and each stays that does not meet one that stays.
pub(super) fn settle(mut parents: Vec<JudgedParent>) -> Vec<JudgedParent> {
    let mut standings: BTreeMap<(Key, Key), Standing> = BTreeMap::new();
    for judged in &parents {
        let parent = &judged.verdict.parent;
        for (state, hostnames) in &judged.attached {
            let on_service = state.service_port().is_some();
            let (kind, age, hostnames) = (parent.route_kind, parent.age.clone(), hostnames.clone());
            let standing = Standing { on_service, kind, age, hostnames };
            standings.insert((state.key, parent.route), standing);
        }
    }
    let mut by_age: Vec<_> = standings.iter().collect();
    let comes_last = |standing: &Standing| standing.on_service && standing.kind == RouteKind::Http;
    by_age.sort_by_key(|(key, standing)| (comes_last(standing), &standing.age, standing.kind, *key));
    let mut staying: Vec<(&(Key, Key), &Standing)> = Vec::new();
    for (key, standing) in by_age {
        if !staying.iter().any(|(other, older)| other.0 == key.0 && meet(older, standing)) {
            staying.push((key, standing));
        }
    }
    let staying: BTreeSet<(Key, Key)> = staying.into_iter().map(|(key, _)| *key).collect();
    for judged in &mut parents {
        let route = judged.verdict.parent.route;
        let before = judged.attached.len();
        judged.attached.retain(|(state, _)| staying.contains(&(state.key, route)));
        if before > 0 && judged.attached.is_empty() {
            let problem = Some(ParentProblem::Conflicted);
            judged.verdict = Ref::new(ParentVerdict { problem, ..ParentVerdict::clone(&judged.verdict) });
        }
    }
    parents
}

/// Whether two routes of the two kinds have hostnames that meet.
fn meet(older: &Standing, own: &Standing) -> bool {
    let kinds = [older.kind, own.kind];
    let apart = kinds == [RouteKind::Http, RouteKind::Grpc] || kinds == [RouteKind::Grpc, RouteKind::Http];
    let all = older.hostnames.is_empty() || own.hostnames.is_empty();
    let meet = |name: &Hostname| own.hostnames.iter().any(|own| hostname::intersection(name, own).is_some());
    apart && (all || older.hostnames.iter().any(meet))
}
