use std::collections::BTreeMap;

use serde::Deserialize;

/// `spec` of a MeshService or MeshMultiZoneService.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MeshServiceSpec<'a> {
    #[serde(borrow)]
    pub ports: Vec<MeshServicePort<'a>>,
}

/// One entry of `spec.ports`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MeshServicePort<'a> {
    pub port: i64,
    pub name: Option<&'a str>,
    #[serde(default = "tcp")]
    pub app_protocol: &'a str,
}

const fn tcp() -> &'static str {
    "tcp"
}

/// `spec` of a MeshExternalService.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MeshExternalServiceSpec<'a> {
    #[serde(borrow, rename = "match")]
    pub matching: ExternalMatch<'a>,
}

/// `spec.match` of a MeshExternalService.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ExternalMatch<'a> {
    pub port: i64,
    #[serde(default = "tcp")]
    pub protocol: &'a str,
}

/// `spec` of an ExternalService.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ExternalServiceSpec<'a> {
    #[serde(borrow)]
    pub networking: Networking<'a>,
    #[serde(borrow)]
    pub tags: BTreeMap<&'a str, &'a str>,
}

/// `spec.networking` of an ExternalService.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Networking<'a> {
    /// `host:port`
    pub address: &'a str,
}
