use serde::{Deserialize, Serialize};

use super::{Kind, ObjectName, Text, text};

/// Where the Kuma control plane beside us stands in a multi-zone deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ControlPlaneMode {
    /// A zone: Gateway API objects belong here.
    #[default]
    Zone,
    /// The global control plane, which has no proxies: nothing is converted.
    Global,
}

/// What an operator decides once, at start. Constant for the life of an engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// The `controllerName` whose `GatewayClasses` are ours.
    pub controller_name: Text,
    /// The namespace of the control plane, where routes and Secret copies are written.
    pub system_namespace: Text,
    /// The name of the zone, which keeps traffic in the local cluster.
    pub zone: Text,
    /// Zone or global.
    pub mode: ControlPlaneMode,
}

impl Settings {
    /// An object in the namespace of the control plane. It shares the text of that.
    pub fn system_object(&self, kind: Kind, name: &str) -> ObjectName {
        ObjectName { kind, namespace: self.system_namespace.clone(), name: name.into() }
    }

    /// An object by the names that it bears in the cluster: [`ObjectName::new`] with texts that are shared where they can be.
    pub fn named(&self, kind: Kind, namespace: &str, name: &str) -> ObjectName {
        if *self.system_namespace == *namespace {
            return self.system_object(kind, name);
        }
        ObjectName { kind, namespace: text(namespace), name: name.into() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            controller_name: "gateways.kuma.io/controller".into(),
            system_namespace: "kuma-system".into(),
            zone: "default".into(),
            mode: ControlPlaneMode::Zone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_called_what_it_is_called_and_shares_the_system_namespace() {
        let settings = Settings::default();
        for (kind, namespace, shared) in [
            (Kind::MeshHttpRoute, "kuma-system", true),
            (Kind::HttpRoute, "shop", false),
            (Kind::MeshGateway, "", false),
        ] {
            let named = settings.named(kind, namespace, "a");
            assert_eq!(named, ObjectName::new(kind, namespace, "a"));
            assert_eq!(Text::ptr_eq(&named.namespace, &settings.system_namespace), shared, "{named}");
        }
    }
}
