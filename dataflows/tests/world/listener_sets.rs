use dataflows::model::AllowedNamespaces::All;
use dataflows::model::{Age, Fact, Hostname, Kind, Listener, ListenerSet, Protocol, Update};

use super::{GatewayObject, named};

impl GatewayObject {
    /// Allows `ListenerSets` of all namespaces.
    pub(crate) fn for_listener_sets(mut self) -> Self {
        self.gateway.allowed_listeners = All;
        self
    }
}

/// A ListenerSet that adds HTTP listeners for these hosts, on port 80, to a Gateway.
pub(crate) fn listener_set(name: &str, gateway: &str, hostnames: &[&str]) -> Update {
    let (object, gateway) = (named(Kind::ListenerSet, name), named(Kind::Gateway, gateway).key());
    let age = Age::new(None, object.namespace.clone(), object.name.clone());
    let mut facts = vec![Fact::listener_set(ListenerSet { gateway, age }), Fact::generation(&object, 1)];
    let listener = |(index, hostname): (u32, &&str)| Listener {
        gateway,
        set: Some(object.name.clone()),
        namespace: object.namespace.clone(),
        index,
        name: format!("l{index}").into(),
        port: 80,
        protocol: Protocol::Http,
        hostname: Hostname::parse(hostname),
        namespaces: All,
        kinds: None,
        tls: None,
    };
    facts.extend((0..).zip(hostnames).map(listener).map(Fact::listener));
    Update { source: object.key(), facts }
}
