//! What is wrong with a certificateRef, in words.

use super::conditions::named_kind;
use crate::model::{CertificateProblem, CertificateRef, CertificateRefProblem, Half};

/// What is wrong with a certificateRef and what to do.
pub(super) fn text(reference: &CertificateRef, problem: CertificateRefProblem) -> String {
    let kind = named_kind(&reference.group, &reference.kind);
    let name = format!("{kind} \"{}/{}\"", reference.namespace, reference.name);
    match problem {
        CertificateRefProblem::NotPermitted => {
            format!(
                "reference to {name} is not permitted by any ReferenceGrant in namespace \"{}\"",
                reference.namespace
            )
        }
        CertificateRefProblem::InvalidKind => format!("{name} cannot be a certificate: name a Secret"),
        CertificateRefProblem::NotFound => format!("{name} of type kubernetes.io/tls does not exist"),
        CertificateRefProblem::Invalid(problem) => format!("{name} cannot be served: {}", content_text(problem)),
        CertificateRefProblem::TooMany => {
            format!("{name} is not served: Kuma serves at most two certificates on a listener")
        }
    }
}

fn content_text(problem: CertificateProblem) -> String {
    match problem {
        CertificateProblem::Missing(half) => format!("{} is missing or empty", half.field()),
        CertificateProblem::Malformed(Half::Key) => {
            "tls.key holds no private key in PEM form (PKCS#1, SEC1 or PKCS#8)".to_owned()
        }
        CertificateProblem::Malformed(Half::Certificate) => {
            "tls.crt holds no X.509 certificates in PEM form, or one of them cannot be read".to_owned()
        }
        CertificateProblem::Swapped(half) => {
            let other = if half == Half::Key { "a certificate" } else { "a private key" };
            format!("{} holds {other}: exchange tls.key and tls.crt", half.field())
        }
        CertificateProblem::Encrypted => "tls.key is protected by a password: store it without one".to_owned(),
        CertificateProblem::SeveralKeys => "tls.key holds more than one private key: leave one".to_owned(),
        CertificateProblem::UnsupportedKey => {
            "tls.key is not a key that Kuma serves: use RSA from 2048 bits on or ECDSA with P-256, P-384 or P-521"
                .to_owned()
        }
        CertificateProblem::Mismatch => {
            "tls.key does not belong to the first certificate of tls.crt: store the two halves of one pair, the \
             certificate before those of its issuers"
                .to_owned()
        }
        CertificateProblem::TooLarge => "tls.key and tls.crt are larger than a Secret can be".to_owned(),
    }
}
