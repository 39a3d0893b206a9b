use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `spec` of a Mesh.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MeshSpec<'a> {
    #[serde(borrow)]
    pub mesh_services: MeshServicesSpec<'a>,
}

/// `spec.meshServices` of a Mesh.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MeshServicesSpec<'a> {
    pub mode: &'a str,
}

impl Default for MeshServicesSpec<'_> {
    fn default() -> Self {
        Self { mode: "Disabled" }
    }
}

/// `spec` of a MeshGatewayConfig.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MeshGatewayConfigSpec<'a> {
    #[serde(borrow)]
    pub tags: BTreeMap<&'a str, &'a str>,
    pub cross_mesh: bool,
    pub replicas: Option<i64>,
    pub service_type: Option<&'a str>,
    pub resources: Option<Value>,
    #[serde(borrow)]
    pub service_template: ServiceTemplate<'a>,
    #[serde(borrow)]
    pub pod_template: PodTemplate<'a>,
}

/// `spec.serviceTemplate`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ServiceTemplate<'a> {
    #[serde(borrow)]
    pub metadata: Template<'a>,
    #[serde(borrow)]
    pub spec: ServiceTemplateSpec<'a>,
}

/// `spec.serviceTemplate.spec`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct ServiceTemplateSpec<'a> {
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<&'a str>,
}

/// `spec.podTemplate`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct PodTemplate<'a> {
    #[serde(borrow)]
    pub metadata: Template<'a>,
    pub spec: Option<Value>,
}

/// `metadata` of a template.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct Template<'a> {
    #[serde(borrow)]
    pub labels: BTreeMap<&'a str, &'a str>,
    #[serde(borrow)]
    pub annotations: BTreeMap<&'a str, &'a str>,
}

/// `status` of a MeshGatewayInstance.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct MeshGatewayInstanceStatus<'a> {
    #[serde(borrow)]
    pub load_balancer: LoadBalancer<'a>,
}

/// `status.loadBalancer`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct LoadBalancer<'a> {
    #[serde(borrow)]
    pub ingress: Vec<LoadBalancerIngress<'a>>,
}

/// One entry of `status.loadBalancer.ingress`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Each field is the one whose name it bears.
pub struct LoadBalancerIngress<'a> {
    pub ip: &'a str,
    pub hostname: &'a str,
}
