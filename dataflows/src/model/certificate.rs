use serde::{Deserialize, Serialize};

use super::{CertificateRef, Key, Kind, Ref, Text};

/// A Secret of type `kubernetes.io/tls`. Keyed by the Secret.
///
/// The bytes of a key never come into a row: what a copy of it has to hold is known here by a hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Certificate {
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// [Hash](CopyContent) of what a copy holds, or why there can be none.
    pub content: Result<CopyContent, CertificateProblem>,
}

/// Hash over the `data.value` of a copy, as its base64 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CopyContent(pub Key);

impl CopyContent {
    /// The hash of a value.
    pub fn of(value: &str) -> Self {
        Self(Key::hash(&[b"secret copy", value.as_bytes()]))
    }
}

/// The two halves of a TLS Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Half {
    /// `tls.key`
    Key,
    /// `tls.crt`
    Certificate,
}

impl Half {
    /// The field of the Secret.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Key => "tls.key",
            Self::Certificate => "tls.crt",
        }
    }
}

/// Why a TLS Secret cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CertificateProblem {
    /// A half is missing or empty.
    Missing(Half),
    /// A half is not PEM, or what is in its blocks cannot be read.
    Malformed(Half),
    /// A half holds what belongs into the other one.
    Swapped(Half),
    /// The key is protected by a password.
    Encrypted,
    /// There is more than one key.
    SeveralKeys,
    /// The key is neither RSA nor ECDSA, or of a size that no proxy takes.
    UnsupportedKey,
    /// The key does not belong to the first certificate.
    Mismatch,
    /// More than a Secret can hold.
    TooLarge,
}

/// A certificateRef of a listener that terminates TLS. Keyed by the Secret it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CertificateUse {
    /// Key of the Gateway.
    pub gateway: Key,
    /// Kind of the object that the listener is an entry of, which a ReferenceGrant names.
    pub from: Kind,
    /// Namespace of that object.
    pub namespace: Text,
    /// Key of the listener.
    pub listener: Key,
    /// Place in the list of the listener.
    pub index: u16,
    /// The reference.
    pub reference: CertificateRef,
}

impl CertificateUse {
    /// The key of the reference itself.
    pub fn key(&self) -> Key {
        self.listener.item("certificateRef", u32::from(self.index))
    }

    /// Whether a ReferenceGrant is needed.
    pub fn crosses_namespaces(&self) -> bool {
        self.namespace != self.reference.namespace
    }
}

/// What a certificateRef leads to, whether or not it is permitted. Keyed by the Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FoundCertificate {
    /// The reference.
    pub used: Ref<CertificateUse>,
    /// The Secret, if it is there.
    pub certificate: Option<Ref<Certificate>>,
}

/// A certificateRef across namespaces that some ReferenceGrant permits. Keyed by the Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GrantedCertificate {
    /// Key of the reference.
    pub used: Key,
}

/// Why a certificateRef is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CertificateRefProblem {
    /// No ReferenceGrant permits it.
    NotPermitted,
    /// It names something else than a Secret.
    InvalidKind,
    /// There is no such Secret of type `kubernetes.io/tls`.
    NotFound,
    /// The Secret cannot be served.
    Invalid(CertificateProblem),
    /// The listener has as many as Kuma serves without it.
    TooMany,
}

/// A copy of a TLS Secret in one mesh, for whoever uses it there. Keyed by the copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretCopyPlan {
    /// The mesh that the copy is for.
    pub mesh: Text,
    /// The Secret.
    pub certificate: Ref<Certificate>,
    /// What the copy holds.
    pub content: CopyContent,
}

/// A Gateway that uses a copy. Keyed by the copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CopyUse {
    /// Key of the Gateway.
    pub gateway: Key,
}
