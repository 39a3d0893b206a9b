use crate::model::{Certificate, CertificateUse, FoundCertificate, Grant, GrantedCertificate, Listener};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// What the certificateRefs of listeners lead to, and which of those that leave their namespace are permitted. Both
/// keyed by the Gateway, whose listeners are judged together.
pub(crate) fn listener_certificates<'s>(
    listeners: Rows<'s, Listener>,
    certificates: Rows<'s, Certificate>,
    grants: Arrangement<'s, Grant>,
) -> (Rows<'s, FoundCertificate>, Rows<'s, GrantedCertificate>) {
    let uses = listeners.flat_map(|key, listener| rules::certificates::uses(key, listener));
    let granted = uses
        .clone()
        .rekey(|_, used| rules::certificates::edges(used))
        .arrange("certificateRefs by edge")
        .join(grants, |_, used, _| Some((used.gateway, GrantedCertificate { used: used.key() })));
    let found = uses.arrange("certificateRefs by secret").left_join(
        certificates.arrange("certificates"),
        |_, used: &crate::model::Ref<CertificateUse>, certificate| {
            Some((used.gateway, FoundCertificate { used: used.clone(), certificate: certificate.cloned() }))
        },
    );
    (found, granted)
}
