use crate::model::{AnyRow, PlannedRule, Ref, ResolvedBackend, RouteRules, Rule};
use crate::operators::{Arrangement, Rows};

/// The rules of each route that Kuma can express, with their backends, as rows and indexed. Keyed by the route.
pub(crate) fn route_rules(
    rules_and_backends: Arrangement<'_, AnyRow>,
) -> (Rows<'_, RouteRules>, Arrangement<'_, RouteRules>) {
    let planned = rules_and_backends.group("planned rules by route", |_, group, planned| {
        let mut rules: Vec<_> = group.all::<Rule>().cloned().collect();
        if rules.is_empty() {
            return;
        }
        rules.sort_unstable_by_key(|rule| rule.index);
        let (kept, dropped): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| rule.problems.is_empty());
        let kept = kept.into_iter().map(|rule| {
            let backends = group.all::<ResolvedBackend>().filter(|found| found.backend.rule == rule.index);
            let mut backends: Vec<_> = backends.cloned().collect();
            backends.sort_unstable_by_key(|found| found.backend.slot);
            PlannedRule { rule, backends: backends.into() }
        });
        let problems = |rule: &Ref<Rule>| {
            let index = rule.index;
            rule.problems.clone().into_iter().map(move |problem| (index, problem))
        };
        planned.push(RouteRules { rules: kept.collect(), dropped: dropped.iter().flat_map(problems).collect() });
    });
    (planned.clone(), planned.arrange("planned rules by route"))
}
