//! Regular expressions that a proxy would refuse.
//!
//! Envoy compiles all expressions of a listener together and takes none of its routes when one does not compile, so a
//! single typing error would freeze the gateway.

mod properties;
mod re2;
#[cfg(test)]
mod tests;

use dataflows::model::{Match, MatchKind, PathMatch, RuleProblem, RuleReason};

/// The expressions that do not parse; `path_field` is where those of paths were written.
pub(super) fn problems(matches: &[Match], path_field: &str) -> Vec<RuleProblem> {
    let mut problems = Vec::new();
    for (place, found) in matches.iter().enumerate() {
        let mut check = |field: String, expression: &str| {
            if !re2::compiles(expression) {
                problems.push(RuleProblem { field: field.into(), reason: RuleReason::RegularExpression });
            }
        };
        if let PathMatch::RegularExpression(expression) = &found.path {
            check(format!("matches[{place}].{path_field}"), expression);
        }
        for (list, named) in [("headers", &found.headers), ("queryParams", &found.query_params)] {
            for value in named.iter().filter(|value| value.kind == MatchKind::RegularExpression) {
                check(format!("matches[{place}].{list}[{}].value", value.name), &value.value);
            }
        }
    }
    problems
}
