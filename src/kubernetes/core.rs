use serde::Deserialize;

/// `spec` of a Service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceSpec<'a> {
    /// Type; empty is `ClusterIP`.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// First cluster address; `None` of a headless Service.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: &'a str,
    /// All cluster addresses.
    #[serde(borrow, rename = "clusterIPs")]
    pub cluster_ips: Vec<&'a str>,
    /// Ports.
    #[serde(borrow)]
    pub ports: Vec<ServicePort<'a>>,
}

/// One entry of `spec.ports`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ServicePort<'a> {
    pub port: i64,
    pub name: Option<&'a str>,
    pub app_protocol: Option<&'a str>,
    #[serde(default = "tcp")]
    pub protocol: &'a str,
}

const fn tcp() -> &'static str {
    "TCP"
}
