use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Key, Ref, Text};

/// A GatewayClass with our controllerName. Classes of other controllers have no row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Class {
    /// Name of the class.
    pub name: Text,
    /// `spec.parametersRef`, if any.
    pub parameters: Option<ParametersRef>,
    /// Being deleted without [our finalizer](crate::manifest::CLASS_FINALIZER), which nobody can put on any more.
    pub leaving: bool,
}

/// A `parametersRef` as it was written, of a class or of a Gateway's infrastructure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParametersRef {
    /// API group.
    pub group: Text,
    /// Kind.
    pub kind: Text,
    /// Name.
    pub name: Text,
    /// Namespace, which a MeshGatewayConfig does not have.
    pub namespace: Option<Text>,
}

/// A MeshGatewayConfig: how the generated `MeshGatewayInstances` look.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassParameters {
    /// Extra tags for the MeshGatewayInstance and the selector of the MeshGateway.
    pub tags: BTreeMap<Text, Text>,
    /// Whether other meshes may reach the gateway.
    pub cross_mesh: bool,
    /// The part that MeshGatewayConfig and MeshGatewayInstance have in common.
    pub common: CommonConfig,
}

/// The shared part of MeshGatewayConfig and MeshGatewayInstance.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommonConfig {
    /// Number of pods; Kuma's default is 1.
    pub replicas: Option<i64>,
    /// `LoadBalancer`, `ClusterIP` or `NodePort`; Kuma's default is `LoadBalancer`.
    pub service_type: Option<Text>,
    /// `resources`, as canonical JSON: carried through, never looked into.
    pub resources: Option<Text>,
    /// `serviceTemplate.metadata.labels`
    pub service_labels: BTreeMap<Text, Text>,
    /// `serviceTemplate.metadata.annotations`
    pub service_annotations: BTreeMap<Text, Text>,
    /// `serviceTemplate.spec.loadBalancerIP`
    pub load_balancer_ip: Option<Text>,
    /// `podTemplate.metadata.labels`
    pub pod_labels: BTreeMap<Text, Text>,
    /// `podTemplate.metadata.annotations`
    pub pod_annotations: BTreeMap<Text, Text>,
    /// `podTemplate.spec`, as canonical JSON: carried through, never looked into.
    pub pod_spec: Option<Text>,
}

/// Why parameters cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ParametersProblem {
    /// The reference names another kind than MeshGatewayConfig of kuma.io.
    WrongKind {
        /// Group of the reference.
        group: Text,
        /// Kind of the reference.
        kind: Text,
    },
    /// The reference names a namespace, but a MeshGatewayConfig has none.
    Namespaced,
    /// No such MeshGatewayConfig.
    Missing {
        /// The name that was looked for.
        name: Text,
    },
    /// `tags` holds `kuma.io/service`, which Kuma's admission refuses on a MeshGatewayInstance.
    ServiceTag {
        /// The MeshGatewayConfig.
        name: Text,
    },
    /// The key or the value of a tag is one that Kuma's admission refuses.
    Tag {
        /// The MeshGatewayConfig.
        name: Text,
        /// The key of the tag.
        tag: Text,
    },
    /// `podTemplate` or `serviceTemplate` sets a label or annotation by which Kuma finds or configures the pods.
    Reserved {
        /// The MeshGatewayConfig.
        name: Text,
        /// The label or annotation.
        key: Text,
    },
    /// `serviceType` is a word that Kuma does not know.
    ServiceType {
        /// The MeshGatewayConfig.
        name: Text,
        /// The word.
        service_type: Text,
    },
    /// `replicas` is none that the schema of a MeshGatewayInstance takes.
    Replicas {
        /// The MeshGatewayConfig.
        name: Text,
        /// The number.
        replicas: i64,
    },
}

/// What became of a class of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassVerdict {
    /// The class.
    pub class: Key,
    /// Name of the class.
    pub name: Text,
    /// The parameters to use, or why there are none to be had.
    pub parameters: Result<Ref<ClassParameters>, ParametersProblem>,
    /// See [`Class::leaving`].
    pub leaving: bool,
}

/// That some Gateway uses a class. Keyed by the class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassUse {}
