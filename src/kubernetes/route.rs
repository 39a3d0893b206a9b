use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::gateway_group;

/// `spec` of an HTTPRoute.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct HttpRouteSpec<'a> {
    #[serde(borrow)]
    pub parent_refs: Vec<ParentRef<'a>>,
    #[serde(borrow)]
    pub hostnames: Vec<&'a str>,
    #[serde(borrow)]
    pub rules: Vec<RouteRule<'a>>,
}

impl Default for HttpRouteSpec<'_> {
    /// Where no rules were written there is one, that matches everything.
    fn default() -> Self {
        Self { parent_refs: Vec::new(), hostnames: Vec::new(), rules: vec![RouteRule::default()] }
    }
}

/// One entry of `spec.parentRefs`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ParentRef<'a> {
    #[serde(default = "gateway_group")]
    pub group: &'a str,
    #[serde(default = "gateway")]
    pub kind: &'a str,
    pub namespace: Option<&'a str>,
    pub name: &'a str,
    pub section_name: Option<&'a str>,
    pub port: Option<i64>,
}

const fn gateway() -> &'static str {
    "Gateway"
}

/// One entry of `spec.rules`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
#[allow(clippy::zero_sized_map_values)] // Of what has no counterpart in Kuma, only the names of the fields are read.
pub struct RouteRule<'a> {
    #[serde(borrow)]
    pub matches: Vec<RouteMatch<'a>>,
    #[serde(borrow)]
    pub filters: Vec<RouteFilter<'a>>,
    #[serde(borrow)]
    pub backend_refs: Vec<BackendRef<'a>>,
    #[serde(borrow)]
    pub timeouts: BTreeMap<&'a str, IgnoredAny>,
    #[serde(borrow)]
    pub retry: BTreeMap<&'a str, IgnoredAny>,
    #[serde(borrow)]
    pub session_persistence: BTreeMap<&'a str, IgnoredAny>,
}

/// One entry of `matches`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct RouteMatch<'a> {
    #[serde(borrow)]
    pub path: PathMatch<'a>,
    pub method: Option<&'a str>,
    #[serde(borrow)]
    pub headers: Vec<ValueMatch<'a>>,
    #[serde(borrow)]
    pub query_params: Vec<ValueMatch<'a>>,
}

/// `path` of a match.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct PathMatch<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub value: &'a str,
}

impl Default for PathMatch<'_> {
    fn default() -> Self {
        Self { kind: "PathPrefix", value: "/" }
    }
}

/// One entry of `headers` or `queryParams` of a match.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ValueMatch<'a> {
    #[serde(rename = "type", default = "exact")]
    pub kind: &'a str,
    pub name: &'a str,
    pub value: &'a str,
}

pub(super) const fn exact() -> &'static str {
    "Exact"
}

/// One entry of `backendRefs`, or the `backendRef` of a mirror.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct BackendRef<'a> {
    #[serde(default)]
    pub group: &'a str,
    #[serde(default = "service")]
    pub kind: &'a str,
    pub namespace: Option<&'a str>,
    pub name: &'a str,
    pub port: Option<i64>,
    #[serde(default = "one")]
    pub weight: i64,
    #[serde(default)]
    pub filters: Vec<IgnoredAny>,
}

const fn service() -> &'static str {
    "Service"
}

const fn one() -> i64 {
    1
}

/// One entry of `filters`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct RouteFilter<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    #[serde(borrow)]
    pub request_header_modifier: Option<HeaderModifier<'a>>,
    #[serde(borrow)]
    pub response_header_modifier: Option<HeaderModifier<'a>>,
    #[serde(borrow)]
    pub request_redirect: Option<Redirect<'a>>,
    #[serde(borrow)]
    pub url_rewrite: Option<Rewrite<'a>>,
    #[serde(borrow)]
    pub request_mirror: Option<Mirror<'a>>,
}

/// `requestHeaderModifier` or `responseHeaderModifier`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct HeaderModifier<'a> {
    #[serde(borrow)]
    pub set: Vec<Header<'a>>,
    #[serde(borrow)]
    pub add: Vec<Header<'a>>,
    #[serde(borrow)]
    pub remove: Vec<&'a str>,
}

/// A header with a value.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Header<'a> {
    pub name: &'a str,
    pub value: &'a str,
}

/// `requestRedirect`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Redirect<'a> {
    pub scheme: Option<&'a str>,
    pub hostname: Option<&'a str>,
    #[serde(borrow)]
    pub path: Option<PathModifier<'a>>,
    pub port: Option<i64>,
    #[serde(default = "found")]
    pub status_code: i64,
}

const fn found() -> i64 {
    302
}

/// `urlRewrite`
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Rewrite<'a> {
    pub hostname: Option<&'a str>,
    #[serde(borrow)]
    pub path: Option<PathModifier<'a>>,
}

/// `path` of a redirect or rewrite.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct PathModifier<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub replace_full_path: Option<&'a str>,
    pub replace_prefix_match: Option<&'a str>,
}

/// `requestMirror`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Mirror<'a> {
    #[serde(borrow)]
    pub backend_ref: BackendRef<'a>,
    pub percent: Option<i64>,
    pub fraction: Option<Fraction>,
}

/// `fraction` of a mirror.
#[derive(Clone, Copy, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Fraction {
    pub numerator: i64,
    #[serde(default = "hundred")]
    pub denominator: i64,
}

const fn hundred() -> i64 {
    100
}
