use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{ParentRef, gateway_group};

/// `spec` of a GatewayClass.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayClassSpec<'a> {
    /// Whose class it is.
    pub controller_name: &'a str,
    /// Where its settings are.
    #[serde(borrow)]
    pub parameters_ref: Option<ParametersRef<'a>>,
}

/// `spec.parametersRef` of a GatewayClass.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ParametersRef<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub name: &'a str,
    pub namespace: Option<&'a str>,
}

/// `spec` of a Gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec<'a> {
    /// Name of its GatewayClass.
    pub gateway_class_name: &'a str,
    /// Its listeners.
    #[serde(borrow, default)]
    pub listeners: Vec<Listener<'a>>,
    /// The addresses it asks for.
    #[serde(borrow, default)]
    pub addresses: Vec<GatewayAddress<'a>>,
    /// What is asked of all that is generated.
    #[serde(borrow, default)]
    pub infrastructure: Infrastructure<'a>,
    /// What is asked of TLS on all listeners.
    #[serde(borrow, default)]
    pub tls: GatewayTls<'a>,
    /// Whose `ListenerSets` may add listeners.
    #[serde(borrow)]
    pub allowed_listeners: Option<AllowedListeners<'a>>,
}

/// `spec.tls` of a Gateway: what is asked of clients, and what is shown to backends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct GatewayTls<'a> {
    pub frontend: FrontendTls,
    #[serde(borrow)]
    pub backend: BackendTls<'a>,
}

/// `spec.tls.backend`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct BackendTls<'a> {
    #[serde(borrow)]
    pub client_certificate_ref: Option<CertificateRef<'a>>,
}

/// `spec.tls.frontend`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct FrontendTls {
    pub default: PortTls,
    pub per_port: Vec<OnePortTls>,
}

/// What is asked of clients of a port.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct PortTls {
    pub validation: Option<IgnoredAny>,
}

/// One entry of `spec.tls.frontend.perPort`.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct OnePortTls {
    pub port: i64,
    #[serde(default)]
    pub tls: PortTls,
}

/// `spec.allowedListeners` of a Gateway.
#[derive(Clone, Debug, Deserialize)]
pub struct AllowedListeners<'a> {
    /// Namespaces of the `ListenerSets`.
    #[serde(borrow, default = "no_namespaces")]
    pub namespaces: RouteNamespaces<'a>,
}

const fn no_namespaces<'a>() -> RouteNamespaces<'a> {
    RouteNamespaces { from: "None", selector: None }
}

/// `spec` of a ListenerSet.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerSetSpec<'a> {
    /// The Gateway that it adds to.
    #[serde(borrow)]
    pub parent_ref: ParentRef<'a>,
    /// Its listeners.
    #[serde(borrow, default)]
    pub listeners: Vec<Listener<'a>>,
}

/// One entry of `spec.addresses`.
#[derive(Clone, Debug, Deserialize)]
pub struct GatewayAddress<'a> {
    /// Type of the address.
    #[serde(rename = "type", default = "ip_address")]
    pub kind: &'a str,
    /// The address; empty for any of that type.
    #[serde(default)]
    pub value: &'a str,
}

const fn ip_address() -> &'static str {
    "IPAddress"
}

/// `spec.infrastructure` of a Gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Infrastructure<'a> {
    #[serde(borrow)]
    pub labels: BTreeMap<&'a str, &'a str>,
    #[serde(borrow)]
    pub annotations: BTreeMap<&'a str, &'a str>,
    #[serde(borrow)]
    pub parameters_ref: Option<LocalParametersRef<'a>>,
}

/// `spec.infrastructure.parametersRef`
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct LocalParametersRef<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub name: &'a str,
}

/// One entry of `spec.listeners`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Listener<'a> {
    pub name: &'a str,
    pub port: i64,
    pub protocol: &'a str,
    #[serde(default)]
    pub hostname: &'a str,
    #[serde(borrow)]
    pub tls: Option<ListenerTls<'a>>,
    #[serde(borrow, default)]
    pub allowed_routes: AllowedRoutes<'a>,
}

/// `tls` of a listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ListenerTls<'a> {
    #[serde(default = "terminate")]
    pub mode: &'a str,
    #[serde(borrow, default)]
    pub certificate_refs: Vec<CertificateRef<'a>>,
}

const fn terminate() -> &'static str {
    "Terminate"
}

/// One entry of `tls.certificateRefs`.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct CertificateRef<'a> {
    #[serde(default)]
    pub group: &'a str,
    #[serde(default = "secret")]
    pub kind: &'a str,
    pub name: &'a str,
    pub namespace: Option<&'a str>,
}

const fn secret() -> &'static str {
    "Secret"
}

/// `allowedRoutes` of a listener.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct AllowedRoutes<'a> {
    #[serde(borrow)]
    pub namespaces: RouteNamespaces<'a>,
    #[serde(borrow)]
    pub kinds: Vec<RouteGroupKind<'a>>,
}

/// `allowedRoutes.namespaces`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct RouteNamespaces<'a> {
    pub from: &'a str,
    #[serde(borrow)]
    pub selector: Option<LabelSelector<'a>>,
}

impl Default for RouteNamespaces<'_> {
    fn default() -> Self {
        Self { from: "Same", selector: None }
    }
}

/// A label selector.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct LabelSelector<'a> {
    #[serde(borrow)]
    pub match_labels: BTreeMap<&'a str, &'a str>,
    #[serde(borrow)]
    pub match_expressions: Vec<LabelRequirement<'a>>,
}

/// One entry of `matchExpressions`.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct LabelRequirement<'a> {
    pub key: &'a str,
    pub operator: &'a str,
    #[serde(borrow, default)]
    pub values: Vec<&'a str>,
}

/// One entry of `allowedRoutes.kinds`.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct RouteGroupKind<'a> {
    #[serde(default = "gateway_group")]
    pub group: &'a str,
    pub kind: &'a str,
}
