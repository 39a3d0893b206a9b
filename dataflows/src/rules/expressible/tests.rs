use super::*;
use crate::model::{HeaderChange, HeaderValue, MatchKind, NamedMatch, PathMatch, PathRewrite, Percentage};

type Edit = fn(&mut WrittenRule<'_>);

/// A change to a rule that matches `/`, and the problems it brings.
#[track_caller]
fn check(edit: Edit, expected: &[&str]) {
    let expressed = express(&written(edit));
    let texts: Vec<String> =
        expressed.problems.iter().map(|problem| format!("{} {}", problem.field, problem.reason.text())).collect();
    assert_eq!(texts, expected);
    assert!(!expressed.matches.is_empty());
}

fn written(edit: Edit) -> WrittenRule<'static> {
    let backends = vec![WrittenBackend { port: Some(80), weight: 1, filters: false }];
    let mut rule = WrittenRule { matches: vec![matching("PathPrefix", "/")], backends, ..WrittenRule::default() };
    edit(&mut rule);
    rule
}

fn matching(path_type: &'static str, path: &'static str) -> WrittenMatch<'static> {
    WrittenMatch { path_type, path, rpc: None, method: None, headers: Vec::new(), query_params: Vec::new() }
}

fn empty() -> WrittenNamedMatch<'static> {
    WrittenNamedMatch { value: "", ..named("Exact", "a") }
}

const fn named(kind: &'static str, name: &'static str) -> WrittenNamedMatch<'static> {
    WrittenNamedMatch { kind, name, value: "v" }
}

fn change(
    set: &[(&'static str, &'static str)],
    add: &[(&'static str, &'static str)],
    remove: &[&'static str],
) -> WrittenHeaderChange<'static> {
    let values = |list: &[(&'static str, &'static str)]| {
        list.iter().map(|&(name, value)| WrittenHeader { name, value }).collect()
    };
    WrittenHeaderChange { set: values(set), add: values(add), remove: remove.to_vec() }
}

const REDIRECT: WrittenRedirect<'_> =
    WrittenRedirect { scheme: None, hostname: None, path: None, port: None, status_code: 302 };

fn redirect(rule: &mut WrittenRule<'_>, redirect: WrittenRedirect<'static>) {
    rule.backends.clear();
    rule.filters.push(WrittenFilter::Redirect(redirect));
}

fn rewrite_host(rule: &mut WrittenRule<'_>, hostname: &'static str) {
    rule.filters.push(WrittenFilter::Rewrite(WrittenRewrite { hostname: Some(hostname), path: None }));
}

fn rewrite_path(rule: &mut WrittenRule<'_>, kind: &'static str, text: Option<&'static str>) {
    let path = Some(WrittenPath { kind, full: text, prefix: text });
    rule.filters.push(WrittenFilter::Rewrite(WrittenRewrite { hostname: None, path }));
}

fn mirror(rule: &mut WrittenRule<'_>, percent: Option<i64>, fraction: Option<(i64, i64)>) {
    rule.filters.push(WrittenFilter::Mirror(WrittenMirror { port: Some(80), percent, fraction }));
}

fn set(rule: &mut WrittenRule<'_>, name: &'static str, value: &'static str) {
    rule.filters.push(WrittenFilter::RequestHeaders(change(&[(name, value)], &[], &[])));
}

#[test]
fn a_path_is_absolute_and_of_a_known_type() {
    check(|_| {}, &[]);
    check(|rule| rule.matches.clear(), &[]);
    check(|rule| rule.matches = vec![matching("PathPrefix", "/a/")], &[]);
    check(|rule| rule.matches = vec![matching("Exact", "/a//")], &[]);
    check(|rule| rule.matches = vec![matching("RegularExpression", "^a")], &[]);
    check(
        |rule| rule.matches = vec![matching("PathPrefix", "/a//")],
        &["matches[0].path.value must not end in more than one slash"],
    );
    check(
        |rule| rule.matches = vec![matching("PathPrefix", "//")],
        &["matches[0].path.value must not end in more than one slash"],
    );
    check(
        |rule| rule.matches = vec![matching("PathPrefix", "/"), matching("PathPrefix", "a")],
        &["matches[1].path.value must start with a slash"],
    );
    check(|rule| rule.matches = vec![matching("Exact", "")], &["matches[0].path.value must start with a slash"]);
    check(|rule| rule.matches = vec![matching("RegularExpression", "")], &["matches[0].path.value must not be empty"]);
    check(|rule| rule.matches = vec![matching("Glob", "/*")], &["matches[0].path.type has an unknown value"]);
}

#[test]
fn methods_headers_and_query_parameters_are_ones_that_kuma_knows() {
    check(|rule| rule.matches[0].method = Some("GET"), &[]);
    check(|rule| rule.matches[0].method = Some("get"), &["matches[0].method has an unknown value"]);
    check(|rule| rule.matches[0].method = Some("BREW"), &["matches[0].method has an unknown value"]);
    check(|rule| rule.matches[0].headers = vec![named("Exact", "X-Tenant"), named("RegularExpression", "b")], &[]);
    check(|rule| rule.matches[0].headers = vec![named("Exact", "a"), named("Exact", "A")], &[]);
    check(
        |rule| rule.matches[0].headers = vec![named("Present", "a")],
        &["matches[0].headers[0].type has an unknown value"],
    );
    check(
        |rule| rule.matches[0].headers = vec![named("Exact", "a b")],
        &["matches[0].headers[0].name is not a header name"],
    );
    check(
        |rule| rule.matches[0].headers = vec![named("Exact", "")],
        &["matches[0].headers[0].name is not a header name"],
    );
    check(|rule| rule.matches[0].headers = vec![named("Exact", long())], &["matches[0].headers[0].name is too long"]);
    check(|rule| rule.matches[0].headers = vec![empty()], &["matches[0].headers[0].value must not be empty"]);
    check(|rule| rule.matches[0].query_params = vec![empty()], &["matches[0].queryParams[0].value must not be empty"]);
    check(|rule| rule.matches[0].query_params = vec![named("Exact", "q"), named("Exact", "q")], &[]);
    check(
        |rule| rule.matches[0].query_params = vec![named("Prefix", "q")],
        &["matches[0].queryParams[0].type has an unknown value"],
    );
    check(
        |rule| rule.matches[0].query_params = vec![named("Exact", "")],
        &["matches[0].queryParams[0].name must not be empty"],
    );
}

fn long() -> &'static str {
    "x".repeat(257).leak()
}

#[test]
fn a_header_is_changed_once() {
    check(|rule| set(rule, "X-A", "1"), &[]);
    check(|rule| rule.filters.push(WrittenFilter::RequestHeaders(change(&[], &[], &[]))), &[]);
    check(
        |rule| rule.filters.push(WrittenFilter::RequestHeaders(change(&[("a", "1")], &[("A", "2")], &[]))),
        &["filters[0].requestHeaderModifier.add[0].name names one header more than once"],
    );
    check(
        |rule| rule.filters.push(WrittenFilter::ResponseHeaders(change(&[("a", "1")], &[], &["b", "A"]))),
        &["filters[0].responseHeaderModifier.remove[1] names one header more than once"],
    );
    check(
        |rule| rule.filters.push(WrittenFilter::ResponseHeaders(change(&[], &[], &[":path"]))),
        &["filters[0].responseHeaderModifier.remove[0] is not a header name"],
    );
    check(
        |rule| set(rule, "Host", "a.example"),
        &["filters[0].requestHeaderModifier.set[0].name names Host, which Envoy changes in no header modifier: use \
           urlRewrite.hostname"],
    );
    check(
        |rule| rule.filters.push(WrittenFilter::RequestHeaders(change(&[], &[("HOST", "1")], &[]))),
        &["filters[0].requestHeaderModifier.add[0].name names Host, which Envoy changes in no header modifier: use \
           urlRewrite.hostname"],
    );
    check(
        |rule| rule.filters.push(WrittenFilter::ResponseHeaders(change(&[], &[], &["host"]))),
        &["filters[0].responseHeaderModifier.remove[0] names Host, which Envoy changes in no header modifier: use \
           urlRewrite.hostname"],
    );
    check(|rule| set(rule, long(), "1"), &["filters[0].requestHeaderModifier.set[0].name is too long"]);
    check(|rule| set(rule, "a", "1\r\nb: 2"), &["filters[0].requestHeaderModifier.set[0].value has an unknown value"]);
    check(
        |rule| rule.filters.push(WrittenFilter::RequestHeaders(change(&[], &[], &["a"; 17]))),
        &["filters[0].requestHeaderModifier.remove is too long"],
    );
}

#[test]
fn a_redirect_leads_somewhere_and_stands_alone() {
    check(|rule| redirect(rule, REDIRECT), &[]);
    check(|rule| redirect(rule, WrittenRedirect { hostname: Some("Shop.Example.com"), ..REDIRECT }), &[]);
    check(
        |rule| redirect(rule, WrittenRedirect { hostname: Some("10.0.0.1"), ..REDIRECT }),
        &["filters[0].requestRedirect.hostname must be a hostname, not an IP address"],
    );
    check(
        |rule| redirect(rule, WrittenRedirect { hostname: Some("[::1]"), ..REDIRECT }),
        &["filters[0].requestRedirect.hostname must be a hostname, not an IP address"],
    );
    check(
        |rule| redirect(rule, WrittenRedirect { hostname: Some("*.example.com"), ..REDIRECT }),
        &["filters[0].requestRedirect.hostname is not a hostname"],
    );
    check(
        |rule| redirect(rule, WrittenRedirect { scheme: Some("ftp"), ..REDIRECT }),
        &["filters[0].requestRedirect.scheme has an unknown value"],
    );
    check(
        |rule| redirect(rule, WrittenRedirect { status_code: 304, ..REDIRECT }),
        &["filters[0].requestRedirect.statusCode has an unknown value"],
    );
    check(
        |rule| redirect(rule, WrittenRedirect { port: Some(0), ..REDIRECT }),
        &["filters[0].requestRedirect.port has an unknown value"],
    );
    check(
        |rule| rule.filters.push(WrittenFilter::Redirect(REDIRECT)),
        &["filters[0].requestRedirect cannot stand beside backendRefs"],
    );
    check(
        |rule| {
            rewrite_host(rule, "a.example");
            redirect(rule, REDIRECT);
        },
        &["filters[0].urlRewrite cannot stand beside a redirect"],
    );
    check(
        |rule| {
            mirror(rule, None, None);
            redirect(rule, REDIRECT);
        },
        &["filters[0].requestMirror cannot stand beside a redirect"],
    );
}

#[test]
fn a_prefix_is_rewritten_only_where_one_was_matched() {
    check(|rule| rewrite_path(rule, "ReplaceFullPath", Some("/a")), &[]);
    check(|rule| rewrite_path(rule, "ReplacePrefixMatch", Some("")), &[]);
    check(|rule| rule.filters.push(WrittenFilter::Rewrite(WrittenRewrite::default())), &[]);
    check(
        |rule| {
            rule.matches.push(matching("Exact", "/a"));
            rewrite_path(rule, "ReplacePrefixMatch", Some("/b"));
        },
        &["filters[0].urlRewrite.path.replacePrefixMatch needs every match of the rule to be a PathPrefix"],
    );
    check(
        |rule| rewrite_path(rule, "ReplaceFullPath", None),
        &["filters[0].urlRewrite.path.replaceFullPath must not be empty"],
    );
    check(
        |rule| rewrite_path(rule, "ReplaceFullPath", Some("/\n")),
        &["filters[0].urlRewrite.path.replaceFullPath has an unknown value"],
    );
    check(
        |rule| rewrite_path(rule, "ReplaceRegex", Some("a")),
        &["filters[0].urlRewrite.path.type has an unknown value"],
    );
    check(|rule| rewrite_host(rule, "::1"), &["filters[0].urlRewrite.hostname must be a hostname, not an IP address"]);
}

#[test]
fn one_mirror_with_one_share() {
    check(|rule| mirror(rule, None, None), &[]);
    check(|rule| mirror(rule, Some(100), None), &[]);
    check(|rule| mirror(rule, Some(101), None), &["filters[0].requestMirror.percent has an unknown value"]);
    check(|rule| mirror(rule, Some(-1), None), &["filters[0].requestMirror.percent has an unknown value"]);
    check(|rule| mirror(rule, Some(1), Some((1, 2))), &["filters[0].requestMirror.fraction has an unknown value"]);
    check(|rule| mirror(rule, None, Some((1, 0))), &["filters[0].requestMirror.fraction has an unknown value"]);
    check(|rule| mirror(rule, None, Some((3, 2))), &["filters[0].requestMirror.fraction has an unknown value"]);
    check(
        |rule| {
            mirror(rule, None, None);
            mirror(rule, None, None);
        },
        &["filters[1].requestMirror is a second mirror, and Kuma serves one per rule"],
    );
}

#[test]
fn what_kuma_has_no_words_for_is_named() {
    check(
        |rule| rule.unsupported = vec!["timeouts", "retry"],
        &["timeouts is not supported by Kuma", "retry is not supported by Kuma"],
    );
    check(|rule| rule.filters.push(WrittenFilter::Unsupported("cors")), &["filters[0].cors is not supported by Kuma"]);
    check(|rule| rule.filters.push(WrittenFilter::Absent("urlRewrite")), &["filters[0].urlRewrite must not be empty"]);
    check(|rule| rule.filters.push(WrittenFilter::Unknown), &["filters[0].type has an unknown value"]);
    check(|rule| rule.backends[0].filters = true, &["backendRefs[0].filters is not supported by Kuma"]);
    check(|rule| rule.backends[0].weight = 1_000_000, &[]);
    check(|rule| rule.backends[0].weight = 1_000_001, &["backendRefs[0].weight has an unknown value"]);
    check(|rule| rule.backends[0].weight = -1, &["backendRefs[0].weight has an unknown value"]);
    check(|rule| rule.backends[0].port = Some(65_536), &["backendRefs[0].port has an unknown value"]);
    check(|rule| rule.backends = vec![rule.backends[0]; 40_000], &["backendRefs is too long"]);
    check(|rule| rule.filters = vec![WrittenFilter::Unknown; 40_000], &["filters is too long"]);
    check(|rule| rule.matches = vec![matching("Exact", "/"); 70_000], &["matches is too long"]);
}

#[test]
fn matches_are_put_in_normal_form() {
    let expressed = express(&written(|rule| {
        rule.matches = vec![matching("PathPrefix", "/a/")];
        rule.matches[0].headers =
            vec![named("Exact", "X-B"), named("RegularExpression", "a"), named("RegularExpression", "x-b")];
        rule.matches[0].query_params = vec![named("Exact", "q"), named("Exact", "Q"), named("RegularExpression", "q")];
    }));
    let value = |name: &str, kind| NamedMatch { name: name.into(), kind, value: "v".into() };
    let expected = Match {
        path: PathMatch::Prefix("/a".into()),
        method: None,
        headers: vec![value("a", MatchKind::RegularExpression), value("x-b", MatchKind::Exact)].into(),
        query_params: vec![value("Q", MatchKind::Exact), value("q", MatchKind::Exact)].into(),
    };
    assert_eq!(expressed.matches, [expected]);
}

#[test]
fn filters_are_put_in_normal_form() {
    let expressed = express(&written(|rule| {
        rule.filters.push(WrittenFilter::RequestHeaders(WrittenHeaderChange::default()));
        rule.filters.push(WrittenFilter::ResponseHeaders(change(&[("X-A", "1")], &[], &["X-B"])));
        rewrite_path(rule, "ReplacePrefixMatch", Some("/b"));
        mirror(rule, None, Some((1, 3)));
    }));
    let headers = HeaderChange {
        set: vec![HeaderValue { name: "x-a".into(), value: "1".into() }],
        add: Vec::new(),
        remove: vec!["x-b".into()],
    };
    let path = Some(PathRewrite::Prefix("/b".into()));
    assert_eq!(
        expressed.filters,
        [
            Filter::ResponseHeaders(headers),
            Filter::Rewrite(crate::model::Rewrite { hostname: None, path }),
            Filter::Mirror { slot: BackendRef::MIRROR + 3, percentage: Some(Percentage(33_333)) },
        ]
    );
    assert_eq!(expressed.problems, []);
}

#[test]
fn a_share_never_becomes_none_by_rounding() {
    let percentage = |fraction| {
        let mut rule = written(|_| {});
        mirror(&mut rule, None, Some(fraction));
        match express(&rule).filters.as_slice() {
            [Filter::Mirror { percentage, .. }] => percentage.map(|Percentage(share)| share),
            filters => panic!("{filters:?}"),
        }
    };
    assert_eq!(percentage((0, 100)), Some(0));
    assert_eq!(percentage((1, 10_000_000)), Some(1));
    assert_eq!(percentage((2, 3)), Some(66_667));
    assert_eq!(percentage((i64::MAX, i64::MAX)), Some(100_000));
}

fn calling(kind: &'static str, service: &'static str, method: &'static str) -> WrittenMatch<'static> {
    let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let rpc = WrittenRpc { kind, service: given(service), method: given(method) };
    WrittenMatch { rpc: Some(rpc), ..matching("PathPrefix", "/") }
}

#[test]
fn calls_are_paths() {
    let exact = |path: &str| Ok(PathMatch::Exact(path.into()));
    let prefix = |path: &str| Ok(PathMatch::Prefix(path.into()));
    let expression = |path: &str| Ok(PathMatch::RegularExpression(path.into()));
    let table = [
        (("Exact", "shop.Cart", "Add"), exact("/shop.Cart/Add")),
        (("Exact", "shop.Cart", ""), prefix("/shop.Cart")),
        (("Exact", "", "Add"), expression("/[^/]+/Add")),
        (("Exact", "", ""), Err("matches[0].method must not be empty")),
        (("Exact", "shop/Cart", "Add"), Err("matches[0].method.service has an unknown value")),
        (("Exact", "Cart", "A.d"), Err("matches[0].method.method has an unknown value")),
        (("RegularExpression", "shop.*", "A|B"), expression("/(?:shop.*)/(?:A|B)")),
        (("RegularExpression", "shop.*", ""), expression("/(?:shop.*)/[^/]+")),
        (("RegularExpression", "", "Add"), expression("/[^/]+/(?:Add)")),
        (("Prefix", "shop", ""), Err("matches[0].method.type has an unknown value")),
    ];
    for ((kind, service, method), expected) in table {
        let backends = vec![WrittenBackend { port: Some(80), weight: 1, filters: false }];
        let matches = vec![calling(kind, service, method)];
        let expressed = express(&WrittenRule { matches, backends, ..WrittenRule::default() });
        let problem = expressed.problems.first();
        let shown = match problem {
            None => Ok(expressed.matches[0].path.clone()),
            Some(problem) => Err(format!("{} {}", problem.field, problem.reason.text())),
        };
        assert_eq!(shown, expected.map_err(str::to_owned), "{kind} {service} {method}");
        assert_eq!(expressed.matches[0].method, None);
    }
}

#[test]
fn connections_have_one_rule() {
    let backends = [WrittenBackend { port: Some(80), weight: 1, filters: false }];
    let problems = |place, backends: &[WrittenBackend]| -> Vec<String> {
        let expressed = express_connections(place, backends);
        assert_eq!(expressed.matches.len(), 1);
        expressed.problems.iter().map(|problem| format!("{} {:?}", problem.field, problem.reason)).collect()
    };
    assert_eq!(problems(0, &backends), [""; 0]);
    assert_eq!(problems(1, &backends), ["backendRefs SecondRule"]);
    let wrong = [WrittenBackend { port: Some(0), weight: -1, filters: false }];
    assert_eq!(problems(0, &wrong), ["backendRefs[0].weight UnknownValue", "backendRefs[0].port UnknownValue"]);
}
