use dataflows::model::Fact;
use dataflows::rules::expressible::express_connections;

use super::DecodeError;
use super::route::{DecodedRule, check_places, facts, written};
use super::source::Source;
use crate::kubernetes::ConnectionRouteSpec;

/// A route of connections: a TCPRoute, or a TLSRoute, whose hostnames are those that clients name in their greeting.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#tcproute>, <https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: ConnectionRouteSpec<'_> = source.section("spec")?;
    check_places(source, spec.parent_refs.len(), spec.rules.len())?;
    let rules = spec.rules.iter().enumerate().map(|(place, written)| {
        let backends: Vec<_> = written.backend_refs.iter().map(written::backend).collect();
        DecodedRule::of_connections(express_connections(place, &backends), &written.backend_refs)
    });
    facts(source, &spec.parent_refs, &spec.hostnames, rules.collect())
}

#[cfg(test)]
mod tests {
    use dataflows::model::{BackendRef, ParentRef, RouteKind, Rule};

    use crate::watch::decode::testing::{decoded, rows};

    const RULES: &str = "rules: [{backendRefs: [{name: a, port: 1}, {name: b, port: 2, weight: 0}]}, \
                         {backendRefs: [{name: c, port: 3}]}]";

    #[test]
    fn only_the_first_rule_is_kept() {
        let object = decoded(&format!(
            "{{apiVersion: gateway.networking.k8s.io/v1alpha2, kind: TCPRoute, \
             metadata: {{name: pg, namespace: shop}}, spec: {{parentRefs: [{{name: edge}}], {RULES}}}}}"
        ));
        assert_eq!(rows::<ParentRef>(&object)[0].route_kind, RouteKind::Tcp);
        let backends: Vec<_> = rows::<BackendRef>(&object).iter().map(|backend| backend.name.to_string()).collect();
        assert_eq!(backends, ["a", "b"]);
        let problems: Vec<_> = rows::<Rule>(&object).iter().map(|rule| rule.problems.len()).collect();
        assert_eq!(problems, [0, 1]);
    }

    #[test]
    fn tls_routes_have_hostnames_in_every_version() {
        for version in ["v1", "v1alpha3", "v1alpha2"] {
            let object = decoded(&format!(
                "{{apiVersion: gateway.networking.k8s.io/{version}, kind: TLSRoute, metadata: {{name: pg, namespace: \
                 shop}}, spec: {{hostnames: [A.example, '*.b.example'], parentRefs: [{{name: edge}}], {RULES}}}}}"
            ));
            let parents = rows::<ParentRef>(&object);
            let hostnames: Vec<_> = parents[0].hostnames.iter().map(ToString::to_string).collect();
            assert_eq!(
                (parents[0].route_kind, hostnames),
                (RouteKind::Tls, vec!["a.example".into(), "*.b.example".into()])
            );
        }
    }
}
