//! Which certificates a listener serves.

use crate::model::{
    Certificate, CertificateRefProblem, CertificateUse, CopyUse, FoundCertificate, Key, Kind, Listener,
    ListenerProblem, ListenerState, Protocol, Ref, SecretCopyPlan, Settings, TlsMode,
};
use crate::rules::{grants, names};

/// Certificates that one listener of a MeshGateway can have: Kuma's admission refuses a third.
const SERVED_MAX: usize = 2;

/// Whether the listener ends TLS itself, so that it needs certificates.
pub fn terminates(listener: &Listener) -> bool {
    let over_tls = matches!(listener.protocol, Protocol::Https | Protocol::Tls);
    over_tls && listener.tls.as_ref().is_some_and(|tls| tls.mode == TlsMode::Terminate)
}

/// The certificateRefs of a listener, by the Secret that each names.
pub fn uses(key: Key, listener: &Listener) -> Vec<(Key, CertificateUse)> {
    let references = listener.tls.iter().filter(|_| terminates(listener)).flat_map(|tls| &tls.certificates);
    (0..)
        .zip(references)
        .map(|(index, reference)| {
            let secret = Key::of(Kind::Secret, &reference.namespace, &reference.name);
            let from = if listener.set.is_some() { Kind::ListenerSet } else { Kind::Gateway };
            let (gateway, namespace, reference) = (listener.gateway, listener.namespace.clone(), reference.clone());
            (secret, CertificateUse { gateway, from, namespace, listener: key, index, reference })
        })
        .collect()
}

/// The edges of which one must be granted for a certificateRef; none if it stays in its namespace.
pub fn edges(used: &CertificateUse) -> Vec<Key> {
    let reference = &used.reference;
    let (group, kind, namespace) = (&reference.group, &reference.kind, &reference.namespace);
    if used.crosses_namespaces() {
        grants::edges(used.from, &used.namespace, group, kind, namespace, &reference.name).to_vec()
    } else {
        Vec::new()
    }
}

/// What the certificateRefs of a Gateway lead to, and which of those that leave its namespace are permitted.
#[derive(Clone, Debug, Default)]
pub struct References<'a> {
    /// What each leads to.
    pub found: Vec<&'a FoundCertificate>,
    /// Keys of those that are permitted.
    pub granted: Vec<Key>,
}

/// The certificates that a listener serves, and what is wrong with those that it does not.
///
/// What can be served is served: a broken reference beside a good one is told, but does not take the listener away.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig> (`certificateRefs`)
pub fn served(listener: Key, references: &References<'_>) -> (Vec<Ref<Certificate>>, Vec<ListenerProblem>) {
    let mut found: Vec<_> = references.found.iter().filter(|found| found.used.listener == listener).collect();
    found.sort_unstable_by_key(|found| found.used.index);
    let (mut served, mut problems) = (Vec::new(), Vec::new());
    for found in found {
        let problem = match judge(found, references.granted.contains(&found.used.key())) {
            Ok(certificate) if served.contains(certificate) => continue,
            Ok(certificate) if served.len() < SERVED_MAX => {
                served.push(certificate.clone());
                continue;
            }
            Ok(_) => CertificateRefProblem::TooMany,
            Err(problem) => problem,
        };
        problems.push(ListenerProblem::CertificateRef { reference: found.used.reference.clone(), problem });
    }
    (served, problems)
}

/// The certificate that a reference leads to. Whether it exists is not told where a grant is missing.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant>
fn judge(found: &FoundCertificate, granted: bool) -> Result<&Ref<Certificate>, CertificateRefProblem> {
    let reference = &found.used.reference;
    if found.used.crosses_namespaces() && !granted {
        return Err(CertificateRefProblem::NotPermitted);
    }
    if Kind::find(&reference.group, &reference.kind) != Some(Kind::Secret) {
        return Err(CertificateRefProblem::InvalidKind);
    }
    let certificate = found.certificate.as_ref().ok_or(CertificateRefProblem::NotFound)?;
    certificate.content.map(|_| certificate).map_err(CertificateRefProblem::Invalid)
}

/// The copies that a listener needs in its mesh: those of a listener that is part of the MeshGateway.
pub fn copies(state: &ListenerState) -> impl Iterator<Item = SecretCopyPlan> {
    let certificates = state.certificates.iter().filter(|_| state.usable);
    certificates.filter_map(|certificate| {
        let content = certificate.content.ok()?;
        Some(SecretCopyPlan { mesh: state.managed.mesh.clone(), certificate: certificate.clone(), content })
    })
}

/// The key of a copy.
pub fn copy_key(settings: &Settings, plan: &SecretCopyPlan) -> Key {
    let certificate = &plan.certificate;
    let name = names::secret_copy(settings, &plan.mesh, &certificate.namespace, &certificate.name);
    Key::of(Kind::Secret, &settings.system_namespace, &name)
}

/// The copies that a listener needs, each with the Gateway that uses it.
pub fn copy_uses(settings: &Settings, state: &ListenerState) -> Vec<(Key, CopyUse)> {
    let gateway = state.managed.key;
    copies(state).map(|plan| (copy_key(settings, &plan), CopyUse { gateway })).collect()
}

/// The reason that a listener gives for certificateRefs that it does not serve.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenerconditionreason>
pub fn reason(problems: impl IntoIterator<Item = CertificateRefProblem>) -> &'static str {
    let mut problems = problems.into_iter();
    if problems.any(|problem| problem == CertificateRefProblem::NotPermitted) {
        "RefNotPermitted"
    } else {
        "InvalidCertificateRef"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CertificateProblem, CertificateRef, CopyContent};

    fn certificate(name: &str, content: Result<CopyContent, CertificateProblem>) -> Ref<Certificate> {
        Ref::new(Certificate { namespace: "infra".into(), name: name.into(), content })
    }

    /// `name`, or `namespace/name`, or `kind:name`
    fn reference(text: &str) -> CertificateRef {
        let (kind, text) = text.split_once(':').unwrap_or(("Secret", text));
        let (namespace, name) = text.split_once('/').unwrap_or(("infra", text));
        CertificateRef { group: "".into(), kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    /// Which certificates are served, and what is told of the others. `good*` are valid, `bad` is not, `none` is not
    /// there.
    #[track_caller]
    fn check(references: &[&str], granted: bool, expected: &[&str], problems: &[CertificateRefProblem]) {
        let listener = Key::of(Kind::Gateway, "infra", "edge").part("listener", "tls");
        let found: Vec<_> = (0..)
            .zip(references)
            .map(|(index, text)| {
                let reference = reference(text);
                let content = Ok(CopyContent::of(&reference.name));
                let certificate = match &*reference.name {
                    "none" => None,
                    "bad" => Some(certificate("bad", Err(CertificateProblem::Mismatch))),
                    name => Some(certificate(name, content)),
                };
                let (gateway, namespace) = (Key::of(Kind::Gateway, "infra", "edge"), "infra".into());
                let used =
                    CertificateUse { gateway, from: Kind::Gateway, namespace, listener, index, reference }.into();
                FoundCertificate { used, certificate }
            })
            .collect();
        let granted = if granted { found.iter().map(|found| found.used.key()).collect() } else { Vec::new() };
        let references = References { found: found.iter().rev().collect(), granted };
        let (served, told) = served(listener, &references);
        let served: Vec<_> = served.iter().map(|certificate| &*certificate.name).collect();
        let told: Vec<_> = told
            .into_iter()
            .filter_map(|problem| match problem {
                ListenerProblem::CertificateRef { problem, .. } => Some(problem),
                _ => None,
            })
            .collect();
        assert_eq!((served.as_slice(), told.as_slice()), (expected, problems), "{references:?}");
    }

    #[test]
    fn the_first_two_valid_certificates_are_served() {
        use CertificateRefProblem::{Invalid, InvalidKind, NotFound, NotPermitted, TooMany};
        let mismatch = Invalid(CertificateProblem::Mismatch);
        check(&["good"], false, &["good"], &[]);
        check(&["good2", "good1"], false, &["good2", "good1"], &[]);
        check(&["good1", "good2", "good3"], false, &["good1", "good2"], &[TooMany]);
        check(&["bad", "good1", "good2"], false, &["good1", "good2"], &[mismatch]);
        check(&["good", "good"], false, &["good"], &[]);
        check(&["none"], false, &[], &[NotFound]);
        check(&["ConfigMap:good"], false, &[], &[InvalidKind]);
        check(&["bad", "none"], false, &[], &[mismatch, NotFound]);
        // Without a grant nothing is told of what is there.
        check(&["db/good"], false, &[], &[NotPermitted]);
        check(&["db/none"], false, &[], &[NotPermitted]);
        check(&["ConfigMap:db/good"], false, &[], &[NotPermitted]);
        check(&["db/good"], true, &["good"], &[]);
        check(&["db/none"], true, &[], &[NotFound]);
        check(&["ConfigMap:db/good"], true, &[], &[InvalidKind]);
    }

    #[test]
    fn a_missing_grant_is_told_before_anything_else() {
        use CertificateRefProblem::{NotFound, NotPermitted};
        assert_eq!(reason([NotFound, NotPermitted]), "RefNotPermitted");
        assert_eq!(reason([NotFound]), "InvalidCertificateRef");
    }
}
