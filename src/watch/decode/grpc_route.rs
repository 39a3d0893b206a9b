use dataflows::model::Fact;
use dataflows::rules::expressible::express;

use super::DecodeError;
use super::route::{DecodedRule, check_places, facts, written};
use super::source::Source;
use crate::kubernetes::{GrpcRouteSpec, GrpcRule};

/// A route of calls: its rules become rules of requests.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: GrpcRouteSpec<'_> = source.section("spec")?;
    check_places(source, spec.parent_refs.len(), spec.rules.len())?;
    facts(source, &spec.parent_refs, &spec.hostnames, spec.rules.iter().map(rule).collect())
}

fn rule<'a>(written: &'a GrpcRule<'_>) -> DecodedRule<'a> {
    let expressed = express(&written::grpc_rule(written));
    DecodedRule::of_requests(expressed, "method", &written.backend_refs, &written.filters)
}

#[cfg(test)]
mod tests {
    use dataflows::model::{BackendRef, Filter, Match, ParentRef, PathMatch, RouteKind, Rule};

    use crate::watch::decode::testing::{decoded, rows};

    fn rules(written: &str) -> Vec<Rule> {
        let object = decoded(&format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {{name: cart, namespace: shop}}, \
             spec: {{parentRefs: [{{name: edge}}], rules: [{written}]}}}}"
        ));
        assert_eq!(rows::<ParentRef>(&object)[0].route_kind, RouteKind::Grpc);
        rows::<Rule>(&object)
    }

    fn first(written: &str) -> Match {
        Match::clone(&rules(written)[0].matches[0])
    }

    #[test]
    fn calls_and_headers_are_matched() {
        assert_eq!(first("{}").path, PathMatch::Prefix("/".into()));
        assert_eq!(first("{matches: [{headers: [{name: X, value: y}]}]}").path, PathMatch::Prefix("/".into()));
        let call = first("{matches: [{method: {service: a.B, method: C}, headers: [{name: X, value: y}]}]}");
        assert_eq!(call.path, PathMatch::Exact("/a.B/C".into()));
        assert_eq!((&*call.headers[0].name, call.method), ("x", None));
    }

    #[test]
    fn what_calls_cannot_have_is_named() {
        #[track_caller]
        fn check(written: &str, expected: &str) {
            let problems: Vec<_> = rules(written)[0].problems.iter().map(|problem| problem.field.to_string()).collect();
            assert_eq!(problems.join(" "), expected);
        }
        check("{sessionPersistence: {type: Cookie}}", "sessionPersistence");
        check(
            "{filters: [{type: ExtensionRef, extensionRef: {group: a, kind: b, name: c}}]}",
            "filters[0].extensionRef",
        );
        check("{filters: [{type: URLRewrite, urlRewrite: {hostname: a.b}}]}", "filters[0].type");
        check("{matches: [{method: {type: RegularExpression, service: '('}}]}", "matches[0].method");
        check("{matches: [{method: {}}]}", "matches[0].method");
    }

    #[test]
    fn mirrors_are_backends_too() {
        let object = decoded(
            "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: cart, namespace: shop}, spec: \
             {rules: [{backendRefs: [{name: a, port: 1}], filters: [{type: RequestMirror, requestMirror: {backendRef: \
             {name: b, port: 2}}}]}]}}",
        );
        let backends: Vec<_> =
            rows::<BackendRef>(&object).into_iter().map(|backend| (backend.slot, backend.port)).collect();
        assert_eq!(backends, [(0, Some(1)), (BackendRef::MIRROR, Some(2))]);
        assert!(matches!(rows::<Rule>(&object)[0].filters[..], [Filter::Mirror { .. }]));
    }
}
