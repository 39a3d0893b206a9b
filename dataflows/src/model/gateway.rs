use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AllowedNamespaces, ClassParameters, Key, MeshServices, ParametersProblem, ParametersRef, Ref, Text};

/// A Gateway without its listeners and without its generation, so that editing one listener leaves this row alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gateway {
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// `metadata.uid`, for the owner reference of the MeshGatewayInstance. Unknown in plain files.
    pub uid: Option<Text>,
    /// Key of the GatewayClass it names.
    pub class: Key,
    /// Name of the GatewayClass it names.
    pub class_name: Text,
    /// The mesh that the object itself chooses, by label or annotation; past the view `object_meshes` also the one
    /// that its namespace chose for it. `None` is `default`.
    pub mesh: Option<Text>,
    /// `spec.infrastructure`
    pub infrastructure: Infrastructure,
    /// `spec.addresses`
    pub addresses: Vec<RequestedAddress>,
    /// `spec.allowedListeners`: the namespaces from which `ListenerSets` may add listeners.
    pub allowed_listeners: AllowedNamespaces,
    /// `spec.tls.frontend`: on which ports clients are asked for certificates, also by listeners of `ListenerSets`.
    pub client_certificates: ClientCertificates,
    /// `spec.tls.backend.clientCertificateRef`: the name of the certificate that backends are to be shown.
    pub backend_certificate: Option<Text>,
}

/// On which ports of a Gateway clients are asked for certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClientCertificates {
    /// On ports of which nothing else is said.
    pub default: bool,
    /// On ports of which something is said.
    pub by_port: BTreeMap<u16, bool>,
}

impl ClientCertificates {
    /// Whether a port asks for them: what is said of the port counts, else what is said of all.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewaytlsconfig>
    pub fn are_asked_on(&self, port: u16) -> bool {
        self.by_port.get(&port).copied().unwrap_or(self.default)
    }
}

/// `spec.infrastructure` of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Infrastructure {
    /// Labels for everything that is generated.
    pub labels: BTreeMap<Text, Text>,
    /// Annotations for everything that is generated.
    pub annotations: BTreeMap<Text, Text>,
    /// Parameters that are used instead of the class's.
    pub parameters: Option<ParametersRef>,
}

/// One entry of `spec.addresses`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestedAddress {
    /// `IPAddress`, `Hostname` or a name of somebody's own.
    pub kind: Text,
    /// The address, empty if any of that type will do.
    pub value: Text,
}

/// One address under which a Gateway can be reached: a row per address of its MeshGatewayInstance or Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GatewayAddress {
    /// Load balancer addresses come before cluster addresses and hide them.
    pub cluster: bool,
    /// Place in the list it was read from.
    pub index: u16,
    /// `IPAddress` or `Hostname`.
    pub kind: Text,
    /// The address.
    pub value: Text,
}

/// A Gateway of one of our classes, with all that its class, namespace and mesh say about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ManagedGateway {
    /// Key of the Gateway.
    pub key: Key,
    /// The Gateway.
    pub gateway: Ref<Gateway>,
    /// The mesh it is in.
    pub mesh: Text,
    /// How that mesh treats `MeshServices`; `None` if there is no such Mesh.
    pub mesh_services: Option<MeshServices>,
    /// The parameters in force; the default ones where there is a problem.
    pub parameters: Ref<ClassParameters>,
    /// Why it is not accepted, whatever its listeners are.
    pub problem: Option<GatewayProblem>,
}

/// Why a Gateway is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GatewayProblem {
    /// Its class has lost or never had usable parameters. What was generated before is held.
    ClassParameters(ParametersProblem),
    /// Its own `infrastructure.parametersRef` is not usable. What was generated before is held.
    OwnParameters(ParametersProblem),
    /// The control plane is the global one.
    GlobalControlPlane,
    /// There is no such Mesh.
    NoMesh,
    /// The Mesh treats `MeshServices` in a way that is not known. What was generated before is held.
    UnknownMeshMode,
    /// `spec.addresses` asks for what a MeshGatewayInstance cannot have.
    UnsupportedAddress,
    /// The mesh name cannot be a mesh name.
    InvalidMeshName,
}
