use dataflows::manifest::SECRET_TYPE;
use dataflows::model::{Certificate, CertificateProblem, Fact, Half, Text};
use k8s_openapi::ByteString;
use pem::{EncodeConfig, LineEnding, Pem};
use rustls::SignatureAlgorithm;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use serde::Deserialize;
use serde_json::{Value, json};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use zeroize::Zeroizing;

use super::source::Source;
use crate::vault::CopyValue;

/// The type of Secrets that listeners can name.
pub const TLS_SECRET: &str = "kubernetes.io/tls";

/// Bytes that the data of a Secret can have.
const SECRET_BYTES_MAX: usize = 1 << 20;

/// A TLS Secret, or what lies where a copy would. Of any other Secret nothing is known, as it is never asked for.
///
/// Its data is read field by field: an error that quotes what it found would give a key away.
pub(super) fn decode(source: &Source<'_>) -> (Vec<Fact>, Option<CopyValue>) {
    if source.object["type"] == TLS_SECRET {
        let (content, value) = match pair(&source.object["data"]) {
            Ok(value) => (Ok(value.content()), Some(value)),
            Err(problem) => (Err(problem), None),
        };
        let (namespace, name): (Text, Text) = (source.name.namespace.clone(), source.name.name.clone());
        return (vec![Fact::certificate(Certificate { namespace, name, content })], value);
    }
    let system = source.name.namespace == source.settings.system_namespace;
    let ours = || source.metadata.labels.contains_key("deltagate.io/owner");
    let shows = system && (source.object["type"] == SECRET_TYPE || ours());
    (if shows { source.observed() } else { Vec::new() }, None)
}

/// What the copy of a TLS Secret holds: the key, then the certificates, in the form that Kuma reads.
///
/// A certificate that has expired is served all the same: whoever rotates it may be late, and its clients know best
/// whether they mind. A listener that vanished instead would be refused by all of them.
///
/// <https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets>
fn pair(data: &Value) -> Result<CopyValue, CertificateProblem> {
    let key = field(data, Half::Key)?;
    let certificates = field(data, Half::Certificate)?;
    if key.len() + certificates.len() > SECRET_BYTES_MAX {
        return Err(CertificateProblem::TooLarge);
    }
    let key = private_key(&key)?;
    let certificates = chain(&certificates)?;
    check_pair(&key, &certificates)?;
    // Written anew, block by block: what Kuma's parser trips over, such as EC PARAMETERS, text between the blocks or a
    // missing newline, is not in it.
    let form = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let mut text = Zeroizing::new(pem::encode_config(&key, form).into_bytes());
    for certificate in &certificates {
        text.extend_from_slice(pem::encode_config(certificate, form).as_bytes());
    }
    match json!(ByteString(text.to_vec())) {
        Value::String(value) => Ok(CopyValue::new(value)),
        _ => Err(CertificateProblem::Malformed(Half::Key)),
    }
}

fn field(data: &Value, half: Half) -> Result<Zeroizing<Vec<u8>>, CertificateProblem> {
    let value = data.get(half.field()).filter(|value| *value != "").ok_or(CertificateProblem::Missing(half))?;
    let bytes = ByteString::deserialize(value);
    bytes.map(|bytes| Zeroizing::new(bytes.0)).map_err(|_| CertificateProblem::Malformed(half))
}

/// All PEM blocks of a half.
fn blocks(bytes: &[u8], half: Half) -> Result<Vec<Pem>, CertificateProblem> {
    let blocks = pem::parse_many(bytes).map_err(|_| CertificateProblem::Malformed(half))?;
    if blocks.is_empty() { Err(CertificateProblem::Malformed(half)) } else { Ok(blocks) }
}

fn is_key(block: &Pem) -> bool {
    block.tag().ends_with("PRIVATE KEY")
}

fn is_certificate(block: &Pem) -> bool {
    block.tag() == "CERTIFICATE"
}

fn private_key(bytes: &[u8]) -> Result<Pem, CertificateProblem> {
    let blocks = blocks(bytes, Half::Key)?;
    let swapped = blocks.iter().any(is_certificate);
    let mut keys = blocks.into_iter().filter(is_key);
    match (keys.next(), keys.next()) {
        (None, _) if swapped => Err(CertificateProblem::Swapped(Half::Key)),
        (None, _) => Err(CertificateProblem::Malformed(Half::Key)),
        (Some(_), Some(_)) => Err(CertificateProblem::SeveralKeys),
        (Some(key), None) if is_encrypted(&key) => Err(CertificateProblem::Encrypted),
        // Headers mean nothing on a key that is not encrypted.
        (Some(key), None) => Ok(Pem::new(key.tag(), key.contents())),
    }
}

fn is_encrypted(key: &Pem) -> bool {
    key.tag().starts_with("ENCRYPTED") || key.headers().get("Proc-Type").is_some_and(|kind| kind.contains("ENCRYPTED"))
}

fn chain(bytes: &[u8]) -> Result<Vec<Pem>, CertificateProblem> {
    let blocks = blocks(bytes, Half::Certificate)?;
    let swapped = blocks.iter().any(is_key);
    let certificates: Vec<_> = blocks.iter().filter(|block| is_certificate(block)).collect();
    let readable = certificates.iter().all(|block| read(block).is_some());
    match (certificates.is_empty(), swapped) {
        (true, true) => Err(CertificateProblem::Swapped(Half::Certificate)),
        (false, _) if readable => {
            Ok(certificates.into_iter().map(|block| Pem::new(block.tag(), block.contents())).collect())
        }
        _ => Err(CertificateProblem::Malformed(Half::Certificate)),
    }
}

/// Reads a certificate without judging it: versions and serial numbers that no authority would give work in proxies.
fn read(block: &Pem) -> Option<CertificateInner<Raw>> {
    CertificateInner::from_der(block.contents()).ok()
}

fn check_pair(key: &Pem, certificates: &[Pem]) -> Result<(), CertificateProblem> {
    let der = match key.tag() {
        "RSA PRIVATE KEY" => PrivateKeyDer::from(PrivatePkcs1KeyDer::from(key.contents())),
        "EC PRIVATE KEY" => PrivateKeyDer::from(PrivateSec1KeyDer::from(key.contents())),
        "PRIVATE KEY" => PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.contents())),
        _ => return Err(CertificateProblem::UnsupportedKey),
    };
    let key = any_supported_type(&der).map_err(|_| CertificateProblem::UnsupportedKey)?;
    if !matches!(key.algorithm(), SignatureAlgorithm::RSA | SignatureAlgorithm::ECDSA) {
        return Err(CertificateProblem::UnsupportedKey);
    }
    let public = key.public_key().ok_or(CertificateProblem::UnsupportedKey)?;
    let leaf = certificates.first().and_then(read).ok_or(CertificateProblem::Malformed(Half::Certificate))?;
    // Only the key itself: its algorithm can be written with and without parameters.
    let own = SubjectPublicKeyInfoOwned::from_der(&public).map_err(|_| CertificateProblem::UnsupportedKey)?;
    let certified = leaf.tbs_certificate().subject_public_key_info();
    let same = certified.subject_public_key == own.subject_public_key;
    if same { Ok(()) } else { Err(CertificateProblem::Mismatch) }
}

#[cfg(test)]
mod tests;
