use std::collections::BTreeMap;

use dataflows::model::{BackendRef, Few, Group, Key, PlannedRule, Ref, ResolvedBackend, RouteRules};
use dataflows::rules::backends;

use super::cluster::Cluster;

/// The rules of each route that has any, with what became of their backends.
pub(super) fn all(cluster: &Cluster) -> BTreeMap<Key, Ref<RouteRules>> {
    let mut rules = cluster.rules.clone();
    rules.sort_by_key(|rule| (rule.route, rule.index));
    let mut routes: BTreeMap<Key, (Vec<PlannedRule>, Few<_>)> = BTreeMap::new();
    for rule in rules {
        let (kept, dropped) = routes.entry(rule.route).or_default();
        if rule.problems.is_empty() {
            let of_rule = |backend: &&Ref<BackendRef>| backend.route == rule.route && backend.rule == rule.index;
            let of_rule = cluster.backends.iter().filter(of_rule);
            let mut backends: Vec<_> = of_rule.map(|backend| Ref::new(resolve(cluster, backend))).collect();
            backends.sort_by_key(|resolved| resolved.backend.slot);
            kept.push(PlannedRule { rule, backends: backends.into() });
        } else {
            dropped.extend(rule.problems.iter().map(|problem| (rule.index, problem.clone())));
        }
    }
    let rules = |(rules, dropped): (Vec<_>, _)| RouteRules { rules: rules.into(), dropped };
    routes.into_iter().map(|(key, route)| (key, Ref::new(rules(route)))).collect()
}

/// What a route without rules has.
pub(super) fn none() -> RouteRules {
    RouteRules::default()
}

fn resolve(cluster: &Cluster, backend: &Ref<BackendRef>) -> ResolvedBackend {
    let found = cluster.destinations.get(&backend.target()).map(|found| &**found);
    let mut resolved = backends::resolve(backend, found);
    resolved.permitted = !backend.crosses_namespaces() || granted(cluster, backend);
    resolved
}

fn granted(cluster: &Cluster, backend: &BackendRef) -> bool {
    let Some(kind) = backend.kind.kind() else { return false };
    cluster.grants.iter().any(|grant| {
        *grant.from_group == *Group::Gateway.name()
            && *grant.from_kind == *backend.route_kind.name()
            && grant.from_namespace == backend.route_namespace
            && *grant.to_group == *kind.group().name()
            && *grant.to_kind == *kind.name()
            && grant.to_namespace == backend.namespace
            && grant.to_name.as_ref().is_none_or(|name| *name == backend.name)
    })
}
