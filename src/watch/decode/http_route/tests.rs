use dataflows::model::{BackendRef, Filter, Generation, ParentRef, PathMatch, Percentage, Rule, status_source};

use crate::watch::decode::testing::{decoded, error, rows};
use crate::watch::decode::{Decoded, gone};

fn route(spec: &str) -> String {
    format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, \
         metadata: {{name: cart, namespace: shop, creationTimestamp: '1970-01-02T00:00:00Z'}}, spec: {spec}}}"
    )
}

/// The paths of the rules that are kept, by the place of the rule.
fn kept(object: &Decoded) -> Vec<String> {
    let path = |path: &PathMatch| match path {
        PathMatch::Exact(text) => format!("= {text}"),
        PathMatch::Prefix(text) => text.to_string(),
        PathMatch::RegularExpression(text) => format!("~ {text}"),
    };
    let rules = rows::<Rule>(object);
    let kept = rules.iter().filter(|rule| rule.problems.is_empty());
    kept.flat_map(|rule| rule.matches.iter().map(|one| format!("{} {}", rule.index, path(&one.path)))).collect()
}

/// The backends of a route, as `rule/slot kind namespace/name:port weight`; slots of mirrors count from `m0`.
fn backends(object: &Decoded) -> Vec<String> {
    let text = |backend: &BackendRef| {
        let slot = match backend.slot.checked_sub(BackendRef::MIRROR) {
            Some(place) => format!("m{place}"),
            None => backend.slot.to_string(),
        };
        let BackendRef { rule, kind, namespace, name, port, weight, .. } = backend;
        format!("{rule}/{slot} {kind:?} {namespace}/{name}:{} {weight}", port.unwrap_or(0))
    };
    rows::<BackendRef>(object).iter().map(text).collect()
}

#[test]
fn a_route_without_rules_matches_everything() {
    for spec in
        ["null", "{}", "{rules: null}", "{rules: [{}]}", "{rules: [{matches: []}]}", "{rules: [{matches: [{}]}]}"]
    {
        let object = decoded(&route(spec));
        assert_eq!(kept(&object), ["0 /"], "{spec}");
        assert_eq!(rows::<Rule>(&object).len(), 1, "{spec}");
        assert_eq!(rows::<Generation>(&object)[0].generation, 1, "{spec}");
    }
    assert_eq!(kept(&decoded(&route("{rules: []}"))), Vec::<String>::new());
}

#[test]
fn matches_have_defaults() {
    let matches = "{rules: [{matches: [{path: {value: /a/}}, {path: {type: Exact}}, {path: null, method: GET, \
                   headers: [{name: X, value: y}], queryParams: [{name: q, value: r}]}]}]}";
    let object = decoded(&route(matches));
    assert_eq!(kept(&object), ["0 /a", "0 = /", "0 /"]);
    let rules = rows::<Rule>(&object);
    let last = &rules[0].matches[2];
    assert_eq!((&*last.headers[0].name, &*last.query_params[0].name), ("x", "q"));
}

#[test]
fn backends_have_defaults() {
    #[track_caller]
    fn check(rule: &str, expected: &[&str]) {
        assert_eq!(backends(&decoded(&route(&format!("{{rules: [{rule}]}}")))), expected);
    }
    check("{backendRefs: null}", &[]);
    check("{backendRefs: [{name: a, port: 80}]}", &["0/0 Service shop/a:80 1"]);
    check(
        "{backendRefs: [{name: a}, {name: b, namespace: other, weight: 0, port: 81, filters: []}]}",
        &["0/0 Service shop/a:0 1", "0/1 Service other/b:81 0"],
    );
    check("{backendRefs: [{group: kuma.io, kind: MeshService, name: a, port: 80}]}", &["0/0 MeshService shop/a:80 1"]);
    check("{backendRefs: [{kind: Pod, name: a}]}", &[r#"0/0 Other(OtherKind { group: "", kind: "Pod" }) shop/a:0 1"#]);
    check(
        "{backendRefs: [{name: a, port: 80}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {}}, \
         {type: RequestMirror, requestMirror: {backendRef: {name: b, port: 81}}}]}",
        &["0/0 Service shop/a:80 1", "0/m1 Service shop/b:81 1"],
    );
}

#[test]
fn a_mirror_says_how_much() {
    #[track_caller]
    fn check(mirror: &str, expected: Option<u32>) {
        let filter = format!("{{type: RequestMirror, requestMirror: {{backendRef: {{name: a, port: 80}}, {mirror}}}}}");
        let rules = rows::<Rule>(&decoded(&route(&format!("{{rules: [{{filters: [{filter}]}}]}}"))));
        let percentage = expected.map(Percentage);
        assert_eq!(rules[0].filters, [Filter::Mirror { slot: BackendRef::MIRROR, percentage }]);
    }
    check("percent: null", None);
    check("percent: 5", Some(5_000));
    check("fraction: {numerator: 1}", Some(1_000));
    check("fraction: {numerator: 1, denominator: 1000}", Some(100));
}

#[test]
fn a_rule_that_cannot_be_expressed_is_dropped_with_its_backends() {
    #[track_caller]
    fn check(rule: &str, problem: &str) {
        let good = "{matches: [{path: {value: /good}}], backendRefs: [{name: good, port: 80}]}";
        let parents = "parentRefs: [{name: edge}]";
        let object = decoded(&route(&format!("{{{parents}, rules: [{rule}, {good}]}}")));
        let problems: Vec<String> = rows::<Rule>(&object)
            .iter()
            .flat_map(|rule| &rule.problems)
            .map(|problem| format!("{} {}", problem.field, problem.reason.text()))
            .collect();
        assert_eq!(problems, [problem]);
        assert_eq!(kept(&object), ["1 /good"]);
        assert_eq!(backends(&object), ["1/0 Service shop/good:80 1"]);
        assert!(rows::<ParentRef>(&object)[0].expressible);
        let alone = decoded(&route(&format!("{{{parents}, rules: [{rule}]}}")));
        assert!(!rows::<ParentRef>(&alone)[0].expressible);
    }
    check("{timeouts: {request: 1s}, backendRefs: [{name: a}]}", "timeouts is not supported by Kuma");
    check("{retry: {attempts: 2}}", "retry is not supported by Kuma");
    check("{sessionPersistence: {type: Cookie}}", "sessionPersistence is not supported by Kuma");
    check("{filters: [{type: CORS, cors: {}}]}", "filters[0].cors is not supported by Kuma");
    check("{filters: [{type: ExternalAuth}]}", "filters[0].externalAuth is not supported by Kuma");
    check(
        "{filters: [{type: ExtensionRef, extensionRef: {group: a, kind: b, name: c}}]}",
        "filters[0].extensionRef is not supported by Kuma",
    );
    check("{filters: [{type: Teleport}]}", "filters[0].type has an unknown value");
    check("{filters: [{type: URLRewrite, urlRewrite: null}]}", "filters[0].urlRewrite must not be empty");
    check("{backendRefs: [{name: a, weight: 3000000000}]}", "backendRefs[0].weight has an unknown value");
    check("{backendRefs: [{name: a, filters: [{type: X}]}]}", "backendRefs[0].filters is not supported by Kuma");
    check(
        "{backendRefs: [{name: a}], filters: [{type: RequestRedirect, requestRedirect: {}}]}",
        "filters[0].requestRedirect cannot stand beside backendRefs",
    );
}

#[test]
fn empty_sections_ask_for_nothing() {
    let object =
        decoded(&route("{rules: [{timeouts: {}, retry: {attempts: null}, sessionPersistence: null, filters: []}]}"));
    assert_eq!(kept(&object), ["0 /"]);
}

#[test]
fn parents_of_other_kinds_count_but_have_no_row() {
    let object = decoded(&route(
        "{hostnames: [Shop.Example.com, '*.example.org'], parentRefs: [
          {group: example.com, kind: Gateway, name: x},
          {name: edge, namespace: infra, sectionName: web, port: 80},
          {kind: Service, group: '', name: cart, namespace: null},
          {kind: Service, name: cart},
          {group: '', kind: Gateway, name: x},
          {group: kuma.io, kind: MeshService, name: cart, sectionName: ''}]}",
    ));
    let parents: Vec<String> = rows::<ParentRef>(&object)
        .iter()
        .map(|parent| {
            let reference = &parent.reference;
            let namespace = reference.namespace.as_deref().unwrap_or("-");
            let section = reference.section_name.as_deref().unwrap_or("-");
            let port = reference.port.unwrap_or(0);
            assert_eq!(parent.age.created, Some(86_400));
            let hostnames: Vec<String> = parent.hostnames.iter().map(ToString::to_string).collect();
            assert_eq!(hostnames, ["shop.example.com", "*.example.org"]);
            format!("{} {:?} {namespace}/{}/{section}/{port}", parent.index, parent.parent_kind, reference.name)
        })
        .collect();
    assert_eq!(
        parents,
        ["1 Gateway infra/edge/web/80", "2 Service -/cart/-/0", "3 Service -/cart/-/0", "5 MeshService -/cart/-/0",]
    );
    let parents = rows::<ParentRef>(&object);
    assert_eq!(parents[1].parent, parents[2].parent);
    assert_eq!(parents[2].reference.group, dataflows::model::Group::Gateway);
}

#[test]
fn a_hostname_for_all_hosts_makes_the_others_idle() {
    #[track_caller]
    fn check(hostnames: &str, expected: &[&str]) {
        let object = decoded(&route(&format!("{{parentRefs: [{{name: edge}}], hostnames: {hostnames}}}")));
        let found: Vec<String> = rows::<ParentRef>(&object)[0].hostnames.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }
    check("null", &[]);
    check("[]", &[]);
    check("[a.example, '*']", &[]);
    check("[a.example, B.example]", &["a.example", "b.example"]);
    check("[a_b, '*.x y']", &["a_b", "*.x y"]);
}

#[test]
fn a_route_says_what_is_wrong() {
    #[track_caller]
    fn check(object: &str, expected: &str) {
        assert_eq!(error(object), format!("HTTPRoute/shop/cart: {expected}"));
    }
    let schema = "write the field as the schema of its kind has it";
    check(&route("[]"), &format!("spec: invalid type: sequence, expected an object; {schema}"));
    check(
        &route("{rules: [{}, {backendRefs: [{name: a, port: http}]}]}"),
        &format!("spec.rules[1].backendRefs[0].port: invalid type: string \"http\", expected i64; {schema}"),
    );
    check(
        &route("{rules: [{backendRefs: [null]}]}"),
        &format!("spec.rules[0].backendRefs[0]: missing field `name`; {schema}"),
    );
    check(&route("{parentRefs: [{}]}"), &format!("spec.parentRefs[0]: missing field `name`; {schema}"));
    check(
        &route("{parentRefs: [{name: a, port: 70000}]}"),
        "spec.parentRefs[0].port: 70000 is not a port; write a number from 1 to 65535",
    );
    check(
        &route("{}").replace("1970-01-02T00:00:00Z", "yesterday"),
        "metadata.creationTimestamp: \"yesterday\" is not a time; write it like 2026-01-31T12:00:00Z",
    );
}

#[test]
fn a_route_may_be_very_large() {
    let rule = "{matches: [{path: {value: /a}}], backendRefs: [{name: a, port: 80}]}";
    let object = decoded(&route(&format!("{{rules: [{}]}}", vec![rule; 10_000].join(","))));
    assert_eq!(rows::<Rule>(&object).len(), 10_000);
    assert_eq!(rows::<BackendRef>(&object).len(), 10_000);
    assert!(error(&route(&format!("{{rules: [{}]}}", vec!["{}"; 70_000].join(",")))).contains("use several routes"));
}

#[test]
fn a_route_that_is_gone_takes_back_both_sources() {
    let object = decoded(&route("{}"));
    let sources = [object.object.key(), status_source(object.object.key())];
    assert_eq!(object.updates.iter().map(|update| update.source).collect::<Vec<_>>(), sources);
    let gone = gone(&object.object);
    assert_eq!(gone.iter().map(|update| update.source).collect::<Vec<_>>(), sources);
    assert!(gone.iter().all(|update| update.facts.is_empty()));
}
