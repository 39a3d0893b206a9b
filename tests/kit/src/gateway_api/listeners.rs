use super::matching::seniority;
use super::objects::{GROUP, Listener, Metadata, Reference, Tls};
use super::{Cluster, Gateway, ListenerSet};

/// The object that a listener stands in.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) kind: &'static str,
    pub(super) metadata: &'a Metadata,
}

/// A listener of a Gateway, be it its own or one that a ListenerSet adds.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) holder: Holder<'a>,
    pub(super) listener: &'a Listener,
}

impl Cluster {
    /// The listeners that serve. Of those of one object that clash none does; of those of several the one does whose object
    /// comes first.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec> (`listeners`),
    /// <https://gateway-api.sigs.k8s.io/geps/gep-1713/#listener-precedence>
    pub(super) fn usable_listeners<'a>(&'a self, gateway: &'a Gateway) -> Vec<Entry<'a>> {
        let mut taken: Vec<&Listener> = Vec::new();
        let mut usable = Vec::new();
        for entries in self.by_precedence(gateway) {
            let is_free = |entry: &Entry<'_>| !taken.iter().any(|earlier| clash(earlier, entry.listener));
            let free: Vec<Entry<'_>> = entries.into_iter().filter(is_free).collect();
            taken.extend(free.iter().map(|entry| entry.listener));
            usable.extend(distinct(&free).filter(|entry| self.can_serve(gateway, entry)));
        }
        usable
    }

    /// The listeners object by object: those of the Gateway, then those of the `ListenerSets` that it allows, the oldest
    /// first. A Gateway is not accepted if no listener of its own could ever serve, and then has no others either.
    fn by_precedence<'a>(&'a self, gateway: &'a Gateway) -> Vec<Vec<Entry<'a>>> {
        let own = entries(Holder { kind: "Gateway", metadata: &gateway.metadata }, &gateway.spec.listeners);
        if !distinct(&own).any(|entry| self.is_sound(gateway, entry.listener)) {
            return vec![own];
        }
        let allowed = &gateway.spec.allowed_listeners.namespaces;
        let from = allowed.from.as_deref().unwrap_or("None");
        let of_gateway = self.listener_sets.iter().filter(|set| adds_to(set, gateway));
        let mut sets: Vec<_> = of_gateway
            .filter(|set| self.allows(from, allowed, &gateway.metadata.namespace, &set.metadata.namespace))
            .collect();
        sets.sort_by_key(|set| seniority(&set.metadata));
        let of_set = |set: &'a ListenerSet| {
            entries(Holder { kind: "ListenerSet", metadata: &set.metadata }, &set.spec.listeners)
        };
        std::iter::once(own).chain(sets.into_iter().map(of_set)).collect()
    }

    /// Whether a listener alone could serve, given certificates for what it terminates.
    fn is_sound(&self, gateway: &Gateway, listener: &Listener) -> bool {
        match (listener.protocol.as_str(), &listener.tls) {
            ("HTTP", None) => true,
            // Kuma lets other meshes come in by plain HTTP alone.
            _ if self.is_cross_mesh(gateway) => false,
            ("TCP", None) => true,
            ("TLS", Some(tls)) if tls.mode.as_deref() == Some("Passthrough") => true,
            ("HTTPS" | "TLS", Some(tls)) => {
                tls.mode.as_ref().is_none_or(|mode| mode == "Terminate") && !tls.certificate_refs.is_empty()
            }
            _ => false,
        }
    }

    /// The same with the certificates that there are: what a listener terminates needs at least one.
    fn can_serve(&self, gateway: &Gateway, entry: &Entry<'_>) -> bool {
        let passes = |tls: &Tls| tls.mode.as_deref() == Some("Passthrough");
        let secured = |tls: &Tls| passes(tls) || self.any_certificate(entry.holder, tls);
        self.is_sound(gateway, entry.listener) && entry.listener.tls.as_ref().is_none_or(secured)
    }

    fn is_cross_mesh(&self, gateway: &Gateway) -> bool {
        let class = self.classes.get(&gateway.spec.gateway_class_name);
        class.and_then(|class| self.parameters(class)).is_some_and(|found| found["spec"]["crossMesh"] == true)
    }

    /// "A grant for Gateways does not cover their `ListenerSets`, nor the other way round."
    fn any_certificate(&self, holder: Holder<'_>, tls: &Tls) -> bool {
        tls.certificate_refs.iter().any(|reference| {
            let core = |text: &Option<String>, default: &str| text.as_ref().is_none_or(|text| text == default);
            let here = &holder.metadata.namespace;
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
                && (namespace == here || self.is_granted(holder.kind, here, &target))
                && secret.is_some_and(pair)
        })
    }
}

fn entries<'a>(holder: Holder<'a>, listeners: &'a [Listener]) -> Vec<Entry<'a>> {
    listeners.iter().map(|listener| Entry { holder, listener }).collect()
}

/// Those that clash with no other of them.
fn distinct<'a, 'b>(entries: &'b [Entry<'a>]) -> impl Iterator<Item = Entry<'a>> + 'b {
    let meets =
        |one: &Listener| entries.iter().any(|other| !std::ptr::eq(other.listener, one) && clash(other.listener, one));
    entries.iter().filter(move |entry| !meets(entry.listener)).copied()
}

/// Whether no port can be shared by two listeners: they speak differently, or are for the same hosts.
fn clash(one: &Listener, other: &Listener) -> bool {
    let binds = |listener: &Listener| listener.protocol != "UDP";
    let hostname = |listener: &Listener| listener.hostname.clone().unwrap_or_default();
    binds(one)
        && binds(other)
        && one.port == other.port
        && (one.protocol != other.protocol || hostname(one) == hostname(other))
}

fn adds_to(set: &ListenerSet, gateway: &Gateway) -> bool {
    let parent = &set.spec.parent_ref;
    parent.group.as_ref().is_none_or(|group| group == GROUP)
        && parent.kind.as_ref().is_none_or(|kind| kind == "Gateway")
        && *parent.namespace.as_ref().unwrap_or(&set.metadata.namespace) == gateway.metadata.namespace
        && parent.name.as_ref() == Some(&gateway.metadata.name)
}
