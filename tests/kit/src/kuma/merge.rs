use super::Quirk;
use super::objects::{Match, Rule, To};

/// A rule for one hostname, all policies taken together.
pub(super) struct Merged {
    /// `*` for all.
    pub(super) hostname: String,
    pub(super) rule: Rule,
    /// The name of the strongest policy that has it, for messages.
    pub(super) policy: String,
}

/// The rules of a listener or of a port of a Service, from what policies say of it, each with its name, the strongest
/// first. Rules of one hostname whose match lists are equal become one: of each list the one of the strongest policy, and
/// in a policy of the first rule, that has the list at all.
pub(super) fn merge<'a>(said: impl IntoIterator<Item = (&'a str, &'a To)>) -> Vec<Merged> {
    let all = vec!["*".to_owned()];
    let mut merged: Vec<Merged> = Vec::new();
    for (policy, to) in said {
        for hostname in if to.hostnames.is_empty() { &all } else { &to.hostnames } {
            for rule in &to.rules {
                add(&mut merged, hostname, rule, policy);
            }
        }
    }
    merged
}

fn add(merged: &mut Vec<Merged>, hostname: &str, rule: &Rule, policy: &str) {
    let same = |other: &&mut Merged| other.hostname == hostname && other.rule.matches == rule.matches;
    match merged.iter_mut().find(same) {
        Some(stronger) => {
            let stronger = &mut stronger.rule.default;
            stronger.filters = stronger.filters.take().or_else(|| rule.default.filters.clone());
            stronger.backend_refs = stronger.backend_refs.take().or_else(|| rule.default.backend_refs.clone());
        }
        None => merged.push(Merged { hostname: hostname.to_owned(), rule: rule.clone(), policy: policy.to_owned() }),
    }
}

/// The query parameters that a match really asks for, as name, value and whether the value is an expression.
pub(super) fn queries<'a>(found: &'a Match, without: &[Quirk]) -> Vec<(&'a str, &'a str, bool)> {
    let mut exact: Vec<(&str, &str, bool)> = Vec::new();
    let mut expressions = Vec::new();
    for query in &found.query_params {
        if query.kind == "Exact" {
            exact.push((&query.name, &query.value, false));
        } else {
            if !without.contains(&Quirk::LastQueryExpression) {
                expressions.clear();
            }
            if !without.contains(&Quirk::ValuesAreExpressions) {
                expressions.extend(exact.iter().map(|(name, value, _)| (*name, *value, true)));
            }
            expressions.push((&query.name, &query.value, true));
        }
    }
    exact.extend(expressions);
    exact
}
