//! Regular expressions that a proxy would refuse.
//!
//! Envoy compiles all expressions of a listener together and takes none of its routes when one does not compile, so a
//! single typing error would freeze the gateway. Its dialect, RE2, is that of the parser used here, but for a few
//! notations that RE2 lacks.

use dataflows::model::{Match, MatchKind, PathMatch, RuleProblem, RuleReason};
use regex_syntax::hir::{Hir, HirKind};

/// The expressions that do not parse; `path_field` is where those of paths were written.
pub(super) fn problems(matches: &[Match], path_field: &str) -> Vec<RuleProblem> {
    let mut problems = Vec::new();
    for (place, found) in matches.iter().enumerate() {
        let mut check = |field: String, expression: &str| {
            if !is_valid(expression) {
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

/// Whether RE2 would compile the expression.
fn is_valid(expression: &str) -> bool {
    // Character class operations and word boundaries with names are not RE2's.
    let foreign = ["&&", "--", "~~", "\\b{", "\\<", "\\>"].iter().any(|notation| expression.contains(notation));
    !foreign
        && regex_syntax::Parser::new().parse(expression).is_ok_and(|parsed| repetitions(&parsed) <= REPETITIONS_MAX)
}

/// What RE2 takes at most, all repetitions inside of each other taken together.
const REPETITIONS_MAX: u64 = 1000;

/// How often the innermost part of an expression is repeated by numbers.
fn repetitions(expression: &Hir) -> u64 {
    match expression.kind() {
        HirKind::Repetition(repetition) => {
            let times = repetition.max.filter(|max| *max > 1).unwrap_or(repetition.min).max(1);
            u64::from(times).saturating_mul(repetitions(&repetition.sub))
        }
        HirKind::Capture(capture) => repetitions(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(repetitions).max().unwrap_or(1),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn what_compiles_and_what_does_not() {
        for good in ["/v[0-9]+/.*", "(?i)abc", "a{2,3}", "^/x$", "\\d+", ".*", "(a{30}){30}", "a{1000}"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["(", "[a", "a{3,2}", "(?=x)", "\\1", "*", "[a&&b]", "a{1001}", "a{1001,}", "(a{40}b?){40}"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
