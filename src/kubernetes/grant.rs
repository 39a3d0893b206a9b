use serde::Deserialize;

/// `spec` of a ReferenceGrant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ReferenceGrantSpec<'a> {
    #[serde(borrow)]
    pub from: Vec<GrantFrom<'a>>,
    #[serde(borrow)]
    pub to: Vec<GrantTo<'a>>,
}

/// One entry of `spec.from`.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct GrantFrom<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub namespace: &'a str,
}

/// One entry of `spec.to`.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct GrantTo<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub name: Option<&'a str>,
}
