use std::collections::BTreeMap;

use super::objects::{Listener, Reference, Tls};
use super::{Cluster, Gateway};

impl Cluster {
    /// The listeners that serve. Of those of one port that clash none does.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec> (`listeners`)
    pub(super) fn usable_listeners<'a>(&self, gateway: &'a Gateway) -> Vec<&'a Listener> {
        let listeners = &gateway.spec.listeners;
        let mut protocols: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        let mut hostnames: BTreeMap<(u16, &str, &str), usize> = BTreeMap::new();
        for listener in listeners.iter().filter(|listener| listener.protocol != "UDP") {
            let of_port = protocols.entry(listener.port).or_default();
            of_port.push(&listener.protocol);
            of_port.dedup();
            *hostnames.entry(identity(listener)).or_default() += 1;
        }
        let distinct = |listener: &Listener| {
            protocols.get(&listener.port).is_some_and(|all| all.len() == 1)
                && hostnames.get(&identity(listener)) == Some(&1)
        };
        listeners.iter().filter(|listener| distinct(listener) && self.can_serve(gateway, listener)).collect()
    }

    /// Whether a listener alone could serve: what it terminates needs at least one certificate.
    fn can_serve(&self, gateway: &Gateway, listener: &Listener) -> bool {
        match (listener.protocol.as_str(), &listener.tls) {
            ("HTTP", None) => true,
            // Kuma lets other meshes come in by plain HTTP alone.
            _ if self.is_cross_mesh(gateway) => false,
            ("TCP", None) => true,
            ("TLS", Some(tls)) if tls.mode.as_deref() == Some("Passthrough") => true,
            ("HTTPS" | "TLS", Some(tls)) => {
                let terminates = tls.mode.as_ref().is_none_or(|mode| mode == "Terminate");
                terminates && self.any_certificate(gateway, tls)
            }
            _ => false,
        }
    }

    fn is_cross_mesh(&self, gateway: &Gateway) -> bool {
        let class = self.classes.get(&gateway.spec.gateway_class_name);
        class.and_then(|class| self.parameters(class)).is_some_and(|found| found["spec"]["crossMesh"] == true)
    }

    fn any_certificate(&self, gateway: &Gateway, tls: &Tls) -> bool {
        tls.certificate_refs.iter().any(|reference| {
            let core = |text: &Option<String>, default: &str| text.as_ref().is_none_or(|text| text == default);
            let here = &gateway.metadata.namespace;
            let namespace = reference.namespace.as_ref().unwrap_or(here);
            let name = reference.name.clone().unwrap_or_default();
            let secret = self.objects.get(&("Secret".to_owned(), namespace.clone(), name));
            let pair = |found: &serde_json::Value| {
                found["type"] == "kubernetes.io/tls"
                    && ["tls.crt", "tls.key"]
                        .iter()
                        .all(|it| found["data"][it].as_str().is_some_and(|it| !it.is_empty()))
            };
            let target = Reference {
                group: Some(String::new()),
                kind: Some("Secret".to_owned()),
                namespace: Some(namespace.clone()),
                ..reference.clone()
            };
            core(&reference.group, "")
                && core(&reference.kind, "Secret")
                && (namespace == here || self.is_granted("Gateway", here, &target))
                && secret.is_some_and(pair)
        })
    }
}

fn identity(listener: &Listener) -> (u16, &str, &str) {
    (listener.port, &listener.protocol, listener.hostname.as_deref().unwrap_or_default())
}
