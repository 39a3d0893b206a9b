use dataflows::model::Fact;
use dataflows::rules::expressible::express;

use super::DecodeError;
use super::route::{DecodedRule, check_places, facts, written};
use super::source::Source;
use crate::kubernetes::{HttpRouteSpec, RouteRule};

/// A route in pieces: what its parents need to know, what it matches, and each rule with its backends.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httproute>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: HttpRouteSpec<'_> = source.section("spec")?;
    check_places(source, spec.parent_refs.len(), spec.rules.len())?;
    facts(source, &spec.parent_refs, &spec.hostnames, spec.rules.iter().map(rule).collect())
}

fn rule<'a>(written: &'a RouteRule<'_>) -> DecodedRule<'a> {
    let expressed = express(&written::http_rule(written));
    DecodedRule::of_requests(expressed, "path.value", &written.backend_refs, &written.filters)
}

#[cfg(test)]
mod tests;
