use serde::Deserialize;

use super::{BackendRef, ParentRef};

/// `spec` of a TCPRoute or a TLSRoute, in any version: they differ in how many rules and hostnames there may be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ConnectionRouteSpec<'a> {
    #[serde(borrow)]
    pub parent_refs: Vec<ParentRef<'a>>,
    #[serde(borrow)]
    pub hostnames: Vec<&'a str>,
    #[serde(borrow)]
    pub rules: Vec<ConnectionRule<'a>>,
}

/// One entry of `spec.rules`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ConnectionRule<'a> {
    #[serde(borrow)]
    pub backend_refs: Vec<BackendRef<'a>>,
}
