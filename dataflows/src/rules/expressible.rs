//! What of a rule of a route Kuma can express, and in which form.
//!
//! The Gateway API side is <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule>, Kuma's side is
//! <https://kuma.io/docs/2.14.x/policies/meshhttproute/>. What cannot be expressed is named, field by field; a rule of
//! which anything is named must not be served at all, for half a rule may let through what the other half would refuse.

mod filters;
mod matches;
mod names;
#[cfg(test)]
mod tests;
mod written;

pub use names::{hostname_problem, is_object_name};
pub use written::{
    WrittenBackend, WrittenFilter, WrittenHeader, WrittenHeaderChange, WrittenMatch, WrittenMirror, WrittenNamedMatch,
    WrittenPath, WrittenRedirect, WrittenRewrite, WrittenRpc, WrittenRule,
};

use crate::model::{BackendRef, Filter, Match, RuleProblem, RuleReason, Text};

/// A rule in the form in which it is served, and what is in the way of serving it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expressed {
    /// What the rule matches; never empty.
    pub matches: Vec<Match>,
    /// What the rule does, without filters that do nothing.
    pub filters: Vec<Filter>,
    /// What Kuma cannot express. Empty: the rule is kept.
    pub problems: Vec<RuleProblem>,
}

/// Puts a rule into the form in which it is served.
///
/// Total: whatever was written, there are matches to show, and a field that cannot be expressed is a problem. What
/// routes say then, `UnsupportedValue` or `PartiallyInvalid`, is
/// <https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason>.
pub fn express(rule: &WrittenRule<'_>) -> Expressed {
    let mut problems = Problems::default();
    for (what, count, most) in [
        ("matches", rule.matches.len(), MATCHES_MAX),
        ("filters", rule.filters.len(), SLOTS_MAX),
        ("backendRefs", rule.backends.len(), SLOTS_MAX),
    ] {
        if count > most {
            problems.add(what, RuleReason::TooLong);
        }
    }
    if !problems.0.is_empty() {
        return Expressed { matches: vec![matches::everything()], filters: Vec::new(), problems: problems.0 };
    }
    let matches = matches::matches(&rule.matches, &mut problems);
    let filters = filters::filters(rule, &mut problems);
    backends(&rule.backends, &mut problems);
    for &field in &rule.unsupported {
        problems.add(field, RuleReason::NotSupported);
    }
    Expressed { matches, filters, problems: problems.0 }
}

/// The same for a rule of a route of connections, by its place: only the first can be reached. It matches everything,
/// so that routes of connections compete for a listener or hostname as others do for a match.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#tcprouterule>
pub fn express_connections(place: usize, backends: &[WrittenBackend]) -> Expressed {
    let mut problems = Problems::default();
    if backends.len() > SLOTS_MAX {
        problems.add("backendRefs", RuleReason::TooLong);
    } else {
        self::backends(backends, &mut problems);
    }
    if place > 0 {
        problems.add("backendRefs", RuleReason::SecondRule);
    }
    Expressed { matches: vec![matches::everything()], filters: Vec::new(), problems: problems.0 }
}

/// Filters of a backendRef are implementation-specific: <https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref>.
/// Kuma's backendRefs have none, and Envoy refuses weights whose sum has more than 32 bits.
fn backends(written: &[WrittenBackend], problems: &mut Problems) {
    for (place, backend) in written.iter().enumerate() {
        if !(0..=WEIGHT_MAX).contains(&backend.weight) {
            problems.add(format!("backendRefs[{place}].weight"), RuleReason::UnknownValue);
        }
        if !is_port(backend.port) {
            problems.add(format!("backendRefs[{place}].port"), RuleReason::UnknownValue);
        }
        if backend.filters {
            problems.add(format!("backendRefs[{place}].filters"), RuleReason::NotSupported);
        }
    }
}

/// Whether a port, if there is one, is a port.
fn is_port(port: Option<i64>) -> bool {
    port.is_none_or(|port| (1..=65_535).contains(&port))
}

/// Largest weight: <https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref>.
const WEIGHT_MAX: i64 = 1_000_000;

/// Matches of one rule at most: what fits the rows that refer to them. Gateway API allows 64.
const MATCHES_MAX: usize = u16::MAX as usize;

/// Filters, and backendRefs, of one rule at most: what fits the slots of backendRefs. Gateway API allows 16.
const SLOTS_MAX: usize = BackendRef::MIRROR as usize;

/// The problems found so far, in the order of the fields.
#[derive(Debug, Default)]
struct Problems(Vec<RuleProblem>);

impl Problems {
    fn add(&mut self, field: impl Into<Text>, reason: RuleReason) {
        self.0.push(RuleProblem { field: field.into(), reason });
    }
}
