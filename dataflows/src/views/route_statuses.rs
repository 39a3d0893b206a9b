use crate::model::{Generation, ParentVerdict, Pending, RouteRules, RouteStatus, Serving, YieldedPort};
use crate::operators::{Group, Rows, cogroup};
use crate::rules;

/// What each route should say to its parents of ours. Keyed by the route. A route without such parents says nothing;
/// one without rules has no row of rules, and says what its parents make of it all the same.
pub(crate) fn route_statuses<'s>(
    verdicts: Rows<'s, ParentVerdict>,
    route_rules: Rows<'s, RouteRules>,
    (servings, yielded): (Rows<'s, Serving>, Rows<'s, YieldedPort>),
    generations: Rows<'s, Generation>,
    pending: Rows<'s, Pending>,
) -> Rows<'s, RouteStatus> {
    let shadowed = servings.rekey(|_, serving| (!serving.shadowed.is_empty()).then_some(serving.route));
    let refused = pending.rekey(|_, row| rules::order::refused_route_of(row));
    let of_effect = shadowed.any().concat(yielded.any());
    let inputs = [verdicts.any(), route_rules.any(), of_effect, generations.any(), refused.any()];
    cogroup("route statuses by route", inputs, |_, group, statuses| statuses.extend(status(group)))
}

fn status(group: &Group<'_>) -> Option<RouteStatus> {
    let row = group.one::<Generation>()?;
    let kept = group.one::<RouteRules>().cloned().unwrap_or_default();
    let mut verdicts: Vec<_> = group.all::<ParentVerdict>().collect();
    verdicts.sort_unstable_by_key(|verdict| verdict.parent.index);
    let servings: Vec<_> = group.all::<Serving>().collect();
    let yielded: Vec<_> = group.all::<YieldedPort>().collect();
    let report = |verdict| rules::precedence::report(verdict, &servings, &yielded);
    let parents: Box<[_]> = verdicts.into_iter().map(report).collect();
    let mut refused: Vec<_> = group.all::<Pending>().cloned().collect();
    refused.sort_unstable_by(|left, right| left.object.cmp(&right.object));
    (!parents.is_empty()).then(|| RouteStatus { of: row.clone(), parents, rules: kept, refused: refused.into() })
}
