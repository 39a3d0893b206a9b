use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::route::exact;
use super::{BackendRef, ParentRef, RouteFilter, ValueMatch};

/// `spec` of a GRPCRoute.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct GrpcRouteSpec<'a> {
    #[serde(borrow)]
    pub parent_refs: Vec<ParentRef<'a>>,
    #[serde(borrow)]
    pub hostnames: Vec<&'a str>,
    #[serde(borrow)]
    pub rules: Vec<GrpcRule<'a>>,
}

/// One entry of `spec.rules`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
#[allow(clippy::zero_sized_map_values)] // Of what has no counterpart in Kuma, only the names of the fields are read.
pub struct GrpcRule<'a> {
    #[serde(borrow)]
    pub matches: Vec<GrpcMatch<'a>>,
    #[serde(borrow)]
    pub filters: Vec<RouteFilter<'a>>,
    #[serde(borrow)]
    pub backend_refs: Vec<BackendRef<'a>>,
    #[serde(borrow)]
    pub session_persistence: BTreeMap<&'a str, IgnoredAny>,
}

/// One entry of `matches`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct GrpcMatch<'a> {
    #[serde(borrow)]
    pub method: Option<MethodMatch<'a>>,
    #[serde(borrow)]
    pub headers: Vec<ValueMatch<'a>>,
}

/// `method` of a match.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MethodMatch<'a> {
    #[serde(rename = "type", default = "exact")]
    pub kind: &'a str,
    pub service: Option<&'a str>,
    pub method: Option<&'a str>,
}
