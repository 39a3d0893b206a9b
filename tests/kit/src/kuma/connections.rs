use super::Kuma;
use super::answer::narrowest;
use super::objects::{Listener, MeshGateway, TargetRef};
use crate::traffic::{Answer, Destination, Forward, Request};

impl Kuma {
    /// What becomes of a connection to a TCP port, where the listeners of the port are one, or to a TLS port, where the
    /// server name chooses.
    pub(super) fn connection(&self, gateway: &MeshGateway, listeners: &[&Listener], request: &Request) -> Answer {
        let secure = listeners.iter().any(|listener| listener.protocol == "TLS");
        let listener = match (&request.server_name, secure) {
            (Some(name), true) => narrowest(listeners, name),
            (None, false) => listeners.first().copied(),
            _ => None,
        };
        let Some(listener) = listener else { return Answer::Closed };
        // Of several routes the backends of the strongest replace the others.
        let policies = Self::policies(&self.tcp_routes, gateway, listener);
        let mut backends = policies.iter().flat_map(|policy| &policy.spec.to).flat_map(|to| &to.rules);
        let backends = backends.find_map(|rule| rule.default.backend_refs.as_deref());
        let Some(backends) = backends else { return Answer::Closed };
        Forward::connection(self.shares(&gateway.mesh, backends))
    }

    /// Whether a backend of a TCP rule is a real reference that leads nowhere.
    pub(super) fn is_dangling(&self, mesh: &str, backend: &TargetRef) -> bool {
        super::destinations::is_real(backend)
            && matches!(self.destinations.find(&self.zone, mesh, backend), Destination::Nobody(_))
    }
}
