//! The fields of Gateway API's objects that matter to traffic, with the defaults of their CRDs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

pub(super) const GROUP: &str = "gateway.networking.k8s.io";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) creation_timestamp: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Object<Spec> {
    #[serde(default)]
    pub(super) kind: String,
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClassSpec {
    pub(super) controller_name: String,
    #[serde(default)]
    pub(super) parameters_ref: Option<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GatewaySpec {
    pub(super) gateway_class_name: String,
    pub(super) listeners: Vec<Listener>,
    #[serde(default)]
    pub(super) allowed_listeners: AllowedListeners,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AllowedListeners {
    pub(super) namespaces: AllowedNamespaces,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListenerSetSpec {
    pub(super) parent_ref: Reference,
    pub(super) listeners: Vec<Listener>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) protocol: String,
    #[serde(default)]
    pub(super) hostname: Option<String>,
    #[serde(default)]
    pub(super) allowed_routes: AllowedRoutes,
    #[serde(default)]
    pub(super) tls: Option<Tls>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Tls {
    pub(super) mode: Option<String>,
    pub(super) certificate_refs: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AllowedRoutes {
    pub(super) namespaces: AllowedNamespaces,
    pub(super) kinds: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AllowedNamespaces {
    pub(super) from: Option<String>,
    pub(super) selector: Selector,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Selector {
    pub(super) match_labels: BTreeMap<String, String>,
    pub(super) match_expressions: Vec<Expression>,
}

#[derive(Deserialize)]
pub(super) struct Expression {
    pub(super) key: String,
    pub(super) operator: String,
    #[serde(default)]
    pub(super) values: Vec<String>,
}

/// A reference to an object: parentRef, backendRef, certificateRef, or an entry of a grant.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) group: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) section_name: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) weight: Option<u64>,
    pub(super) filters: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteSpec {
    #[serde(default)]
    pub(super) parent_refs: Vec<Reference>,
    #[serde(default)]
    pub(super) hostnames: Vec<String>,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) matches: Vec<Match>,
    pub(super) filters: Vec<Filter>,
    pub(super) backend_refs: Vec<Reference>,
    pub(super) timeouts: Option<Value>,
    pub(super) retry: Option<Value>,
    pub(super) session_persistence: Option<Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Match {
    pub(super) path: Path,
    pub(super) method: Option<Method>,
    pub(super) headers: Vec<Named>,
    pub(super) query_params: Vec<Named>,
}

/// The method of a request, or in GRPCRoutes of a call.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Method {
    Http(String),
    Call(Call),
}

/// What a call is matched by.
#[derive(Clone, Deserialize)]
pub(super) struct Call {
    #[serde(rename = "type", default = "exact")]
    pub(super) kind: String,
    pub(super) service: Option<String>,
    pub(super) method: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(default)]
pub(super) struct Path {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: String,
}

impl Default for Path {
    fn default() -> Self {
        Self { kind: "PathPrefix".to_owned(), value: "/".to_owned() }
    }
}

#[derive(Clone, Deserialize)]
pub(super) struct Named {
    #[serde(rename = "type", default = "exact")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) value: String,
}

fn exact() -> String {
    "Exact".to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) request_header_modifier: Modifier,
    #[serde(default)]
    pub(super) response_header_modifier: Modifier,
    #[serde(default)]
    pub(super) request_redirect: Redirect,
    #[serde(default, rename = "urlRewrite")]
    pub(super) url_rewrite: Rewrite,
    #[serde(default)]
    pub(super) request_mirror: Mirror,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Modifier {
    pub(super) set: Vec<Header>,
    pub(super) add: Vec<Header>,
    pub(super) remove: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Redirect {
    pub(super) scheme: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) path: Option<PathModifier>,
    pub(super) port: Option<u16>,
    pub(super) status_code: Option<u16>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Rewrite {
    pub(super) hostname: Option<String>,
    pub(super) path: Option<PathModifier>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PathModifier {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) replace_full_path: String,
    #[serde(default)]
    pub(super) replace_prefix_match: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Mirror {
    pub(super) backend_ref: Reference,
    pub(super) percent: Option<u32>,
    pub(super) fraction: Option<Fraction>,
}

#[derive(Deserialize)]
pub(super) struct Fraction {
    pub(super) numerator: u64,
    #[serde(default = "hundred")]
    pub(super) denominator: u64,
}

fn hundred() -> u64 {
    100
}

#[derive(Deserialize)]
pub(super) struct GrantSpec {
    pub(super) from: Vec<Reference>,
    pub(super) to: Vec<Reference>,
}
