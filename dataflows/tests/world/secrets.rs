use dataflows::model::{
    Certificate, CertificateProblem, CertificateRef, CopyContent, Fact, Kind, Listener, ListenerTls, Protocol, TlsMode,
    Update,
};

use super::named;

/// A TLS Secret, with what a copy of it holds or what is wrong with it.
pub(crate) fn secret(name: &str, content: Result<&str, CertificateProblem>) -> Update {
    let object = named(Kind::Secret, name);
    let (namespace, name) = (object.namespace.clone(), object.name.clone());
    let certificate = Certificate { namespace, name, content: content.map(CopyContent::of) };
    Update { source: object.key(), facts: vec![Fact::certificate(certificate)] }
}

/// Makes a listener one for HTTPS with this certificate.
pub(crate) fn secured(namespace: &'static str, name: &'static str) -> impl FnOnce(&mut Listener) {
    move |listener| {
        let (group, kind) = ("".into(), "Secret".into());
        let reference = CertificateRef { group, kind, namespace: namespace.into(), name: name.into() };
        listener.protocol = Protocol::Https;
        let (mode, certificates) = (TlsMode::Terminate, vec![reference]);
        listener.tls = Some(ListenerTls { mode, certificates });
    }
}

/// Makes a listener one for TLS that passes connections on as they are.
pub(crate) fn passing_through(listener: &mut Listener) {
    listener.protocol = Protocol::Tls;
    listener.tls = Some(ListenerTls { mode: TlsMode::Passthrough, certificates: Vec::new() });
}
