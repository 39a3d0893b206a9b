use std::collections::BTreeMap;

use super::listeners::Entry;
use super::objects::{AllowedNamespaces, GROUP, Listener, Reference, Selector};
use super::{Cluster, Gateway, Route, matching};

impl Cluster {
    /// The routes that are attached to a listener: a parentRef asks for it, and the listener takes the kind, the
    /// namespace and at least one hostname. An HTTPRoute and a GRPCRoute whose hostnames meet do not both stay: each
    /// comes in the order of age, and is refused if it meets one that was accepted.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#parentreference>,
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute>
    pub(super) fn attached<'a>(&'a self, gateway: &Gateway, entry: &Entry<'_>) -> Vec<&'a Route> {
        let asking = self.routes.iter().filter(|route| self.may_attach(route, gateway, entry));
        let mut asking: Vec<&Route> = asking.collect();
        asking.sort_by_key(|route| (matching::seniority(&route.metadata), route.kind == "GRPCRoute"));
        let mut accepted: Vec<&Route> = Vec::new();
        for route in asking {
            if !accepted.iter().any(|older| excludes(older, route, entry.listener)) {
                accepted.push(route);
            }
        }
        accepted
    }

    fn may_attach(&self, route: &Route, gateway: &Gateway, entry: &Entry<'_>) -> bool {
        let Entry { holder, listener } = entry;
        let allowed = &listener.allowed_routes.namespaces;
        let from = allowed.from.as_deref().unwrap_or("Same");
        route.spec.parent_refs.iter().any(|parent| asks_for(parent, route, entry))
            && self.mesh_of(&route.metadata) == self.mesh_of(&gateway.metadata)
            && takes_kind(listener, &route.kind)
            && self.allows(from, allowed, &holder.metadata.namespace, &route.metadata.namespace)
            && !matching::shared_hostnames(route, listener).is_empty()
            && matching::serves_anything(route)
    }

    /// Whether an object of one namespace lets in one of another.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#fromnamespaces>
    pub(super) fn allows(&self, from: &str, allowed: &AllowedNamespaces, here: &str, there: &str) -> bool {
        match from {
            "All" => true,
            "Same" => here == there,
            "Selector" => self.namespaces.get(there).is_some_and(|found| selects(&allowed.selector, &found.labels)),
            _ => false,
        }
    }
}

/// Whether a parentRef names the object that a listener stands in, and no other listener of it.
fn asks_for(parent: &Reference, route: &Route, Entry { holder, listener }: &Entry<'_>) -> bool {
    parent.group.as_ref().is_none_or(|group| group == GROUP)
        && parent.kind.as_deref().unwrap_or("Gateway") == holder.kind
        && *parent.namespace.as_ref().unwrap_or(&route.metadata.namespace) == holder.metadata.namespace
        && parent.name.as_ref() == Some(&holder.metadata.name)
        && parent.section_name.as_ref().is_none_or(|name| *name == listener.name)
        && parent.port.is_none_or(|port| port == listener.port)
}

/// Whether an accepted route keeps another one off a listener.
fn excludes(older: &Route, route: &Route, listener: &Listener) -> bool {
    let hostnames = |route| matching::shared_hostnames(route, listener);
    older.kind != route.kind
        && hostnames(older).iter().any(|one| hostnames(route).iter().any(|other| matching::meets(*one, *other)))
}

/// <https://gateway-api.sigs.k8s.io/reference/spec/#allowedroutes> (`kinds`)
fn takes_kind(listener: &Listener, kind: &str) -> bool {
    let possible: &[&str] = match listener.protocol.as_str() {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        "TLS" => &["TLSRoute"],
        "TCP" => &["TCPRoute"],
        _ => &[],
    };
    if !possible.contains(&kind) {
        return false;
    }
    let kinds = &listener.allowed_routes.kinds;
    let named = |allowed: &Reference| {
        allowed.group.as_ref().is_none_or(|group| group == GROUP) && allowed.kind.as_deref() == Some(kind)
    };
    kinds.is_empty() || kinds.iter().any(named)
}

fn selects(selector: &Selector, labels: &BTreeMap<String, String>) -> bool {
    let expressions = selector.match_expressions.iter().all(|wanted| {
        let value = labels.get(&wanted.key);
        match wanted.operator.as_str() {
            "In" => value.is_some_and(|value| wanted.values.contains(value)),
            "NotIn" => value.is_none_or(|value| !wanted.values.contains(value)),
            "Exists" => value.is_some(),
            _ => value.is_none(),
        }
    });
    expressions && selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
}
