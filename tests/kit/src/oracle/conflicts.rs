use std::collections::BTreeMap;

use dataflows::model::{Age, Hostname, Key, ParentProblem, ParentVerdict, Ref, RouteKind};
use dataflows::rules::hostname;

use super::attachment::JudgedParent;

/// A route on a listener.
#[derive(Clone)]
struct Standing {
    kind: RouteKind,
    age: Age,
    hostnames: Vec<Hostname>,
}

/// Takes the younger of an HTTPRoute and a GRPCRoute off a listener where hostnames of the two meet.
pub(super) fn settle(mut parents: Vec<JudgedParent>) -> Vec<JudgedParent> {
    let mut standings: BTreeMap<(Key, Key), Standing> = BTreeMap::new();
    for judged in &parents {
        let parent = &judged.verdict.parent;
        for (state, hostnames) in &judged.attached {
            let standing = Standing { kind: parent.route_kind, age: parent.age.clone(), hostnames: hostnames.clone() };
            standings.insert((state.key, parent.route), standing);
        }
    }
    for judged in &mut parents {
        let route = judged.verdict.parent.route;
        let before = judged.attached.len();
        judged.attached.retain(|(state, _)| {
            let own = &standings[&(state.key, route)];
            let here = standings.iter().filter(|((listener, _), _)| *listener == state.key);
            !here.map(|(_, other)| other).any(|other| excludes(other, own))
        });
        if before > 0 && judged.attached.is_empty() {
            let parent = judged.verdict.parent.clone();
            judged.verdict =
                Ref::new(ParentVerdict { parent, problem: Some(ParentProblem::Conflicted), not_http: Box::default() });
        }
    }
    parents
}

fn excludes(older: &Standing, own: &Standing) -> bool {
    let kinds = [older.kind, own.kind];
    let apart = kinds == [RouteKind::Http, RouteKind::Grpc] || kinds == [RouteKind::Grpc, RouteKind::Http];
    let first = (&older.age, older.kind) < (&own.age, own.kind);
    let all = older.hostnames.is_empty() || own.hostnames.is_empty();
    let meet = |name: &Hostname| own.hostnames.iter().any(|own| hostname::intersection(name, own).is_some());
    apart && first && (all || older.hostnames.iter().any(meet))
}
