//! The fields of Kuma's objects that matter to traffic.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The label that each Dataplane has of the namespace of its pod.
const NAMESPACE_LABEL: &str = "k8s.kuma.io/namespace";

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

impl Metadata {
    pub(super) fn mesh(&self) -> &str {
        self.labels.get("kuma.io/mesh").map_or("default", String::as_str)
    }
}

#[derive(Deserialize)]
pub(super) struct MeshGateway {
    pub(super) metadata: Metadata,
    pub(super) mesh: String,
    pub(super) spec: MeshGatewaySpec,
}

#[derive(Deserialize)]
pub(super) struct MeshGatewaySpec {
    pub(super) selectors: Vec<Selector>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    pub(super) conf: Conf,
}

#[derive(Deserialize)]
pub(super) struct Selector {
    #[serde(rename = "match")]
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Conf {
    pub(super) listeners: Vec<Listener>,
}

#[derive(Deserialize)]
pub(super) struct Listener {
    #[serde(default)]
    pub(super) hostname: String,
    pub(super) port: u16,
    pub(super) protocol: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) tls: Tls,
}

#[derive(Default, Deserialize)]
pub(super) struct Tls {
    #[serde(default)]
    pub(super) certificates: Vec<Certificate>,
}

#[derive(Deserialize)]
pub(super) struct Certificate {
    pub(super) secret: String,
}

#[derive(Deserialize)]
pub(super) struct Instance {
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) spec: InstanceSpec,
}

#[derive(Default, Deserialize)]
pub(super) struct InstanceSpec {
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// A MeshHTTPRoute or MeshTCPRoute.
#[derive(Deserialize)]
pub(super) struct Policy {
    pub(super) metadata: Metadata,
    pub(super) spec: PolicySpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicySpec {
    #[serde(default)]
    pub(super) target_ref: TargetRef,
    #[serde(default)]
    pub(super) to: Vec<To>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TargetRef {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) section_name: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) proxy_types: Option<Vec<String>>,
    pub(super) port: Option<u16>,
    pub(super) weight: Option<u64>,
}

/// A policy without a target is for the whole mesh.
impl Default for TargetRef {
    fn default() -> Self {
        Self {
            kind: "Mesh".to_owned(),
            name: String::new(),
            namespace: None,
            section_name: None,
            tags: BTreeMap::new(),
            labels: BTreeMap::new(),
            proxy_types: None,
            port: None,
            weight: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct To {
    pub(super) target_ref: TargetRef,
    #[serde(default)]
    pub(super) hostnames: Vec<String>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Rule {
    /// Left out in MeshTCPRoutes.
    #[serde(default)]
    pub(super) matches: Vec<Match>,
    pub(super) default: RuleDefault,
}

/// What a rule does. A list that is left out is inherited from a weaker rule, one that is empty is not.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleDefault {
    pub(super) filters: Option<Vec<Filter>>,
    pub(super) backend_refs: Option<Vec<TargetRef>>,
}

#[derive(Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Match {
    pub(super) path: Option<Path>,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<Named>,
    pub(super) query_params: Vec<Named>,
}

#[derive(Clone, Deserialize, PartialEq)]
pub(super) struct Path {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: String,
}

#[derive(Clone, Deserialize, PartialEq)]
pub(super) struct Named {
    #[serde(rename = "type", default = "exact")]
    pub(super) kind: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: String,
}

fn exact() -> String {
    "Exact".to_owned()
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    #[serde(default)]
    pub(super) request_header_modifier: Option<Modifier>,
    #[serde(default)]
    pub(super) response_header_modifier: Option<Modifier>,
    #[serde(default)]
    pub(super) request_redirect: Option<Redirect>,
    #[serde(default)]
    pub(super) url_rewrite: Option<Rewrite>,
    #[serde(default)]
    pub(super) request_mirror: Option<Mirror>,
}

#[derive(Clone, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Modifier {
    pub(super) set: Vec<Named>,
    pub(super) add: Vec<Named>,
    pub(super) remove: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Redirect {
    pub(super) scheme: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) path: Option<PathModifier>,
    pub(super) port: Option<u16>,
    pub(super) status_code: Option<u16>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Rewrite {
    pub(super) hostname: Option<String>,
    pub(super) path: Option<PathModifier>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PathModifier {
    pub(super) replace_full_path: Option<String>,
    pub(super) replace_prefix_match: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mirror {
    pub(super) backend_ref: TargetRef,
    /// A number, or a number as text.
    pub(super) percentage: Option<Value>,
}

impl Policy {
    /// Whether the policy acts on a listener: it names the gateway and tags that the listener has, or it is for every
    /// proxy of the mesh. What targets Dataplanes does not reach built-in gateways.
    pub(super) fn applies(&self, gateway: &MeshGateway, listener: &Listener) -> bool {
        let target = &self.spec.target_ref;
        let has = |(key, value): (&String, &String)| {
            listener.tags.get(key).or_else(|| gateway.spec.tags.get(key)).is_some_and(|tag| tag == value)
        };
        let aimed = match target.kind.as_str() {
            "MeshGateway" => target.name == gateway.metadata.name && target.tags.iter().all(has),
            "Mesh" => target.proxy_types.as_ref().is_none_or(|types| types.iter().any(|kind| kind == "Gateway")),
            _ => false,
        };
        aimed && self.metadata.mesh() == gateway.mesh
    }

    /// Whether the policy acts on the sidecars of a namespace in a mesh.
    pub(super) fn applies_to_sidecars(&self, namespace: &str, mesh: &str) -> bool {
        let target = &self.spec.target_ref;
        let aimed = match target.kind.as_str() {
            "Dataplane" => target.labels.iter().all(|(key, value)| key == NAMESPACE_LABEL && value == namespace),
            "Mesh" => target.proxy_types.as_ref().is_none_or(|types| types.iter().any(|kind| kind == "Sidecar")),
            _ => false,
        };
        aimed && self.metadata.mesh() == mesh
    }

    /// Whether the policy is for some namespace alone.
    pub(super) fn is_of_consumers(&self) -> bool {
        self.spec.target_ref.labels.contains_key(NAMESPACE_LABEL)
    }

    /// What the policy says of all that goes through a gateway. On one that it names only what is said of everything
    /// counts.
    pub(super) fn on_gateway(&self) -> impl Iterator<Item = (&str, &To)> {
        let counts = |to: &&To| self.spec.target_ref.kind != "MeshGateway" || to.target_ref.kind == "Mesh";
        self.spec.to.iter().filter(counts).map(|to| (self.metadata.name.as_str(), to))
    }
}
