//! Which process of a cluster an object belongs to.

use crate::model::{Key, Kind, ObjectName};

/// One of several processes that do the work of one together: each reads and writes its share of all objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which one, from 0.
    pub process: usize,
    /// How many there are.
    pub processes: usize,
}

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self { process: 0, processes: 1 };

    /// Whether an object is read and written by this process.
    pub fn owns(self, object: &ObjectName) -> bool {
        self.processes == 1 || self.owner(object) == self.process
    }

    /// The process that reads and writes an object: that of its namespace. What is made in the control plane's namespace
    /// or outside of all is spread by name, or one process would write nearly everything.
    pub fn owner(self, object: &ObjectName) -> usize {
        let key = match object.kind {
            Kind::MeshGateway | Kind::MeshHttpRoute | Kind::MeshTcpRoute => object.key(),
            _ => Key::of(Kind::Namespace, "", &object.namespace),
        };
        // A remainder fits whatever the divisor did.
        #[allow(clippy::cast_possible_truncation)]
        let owner = (key.worker() % self.processes as u64) as usize;
        owner
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_object_belongs_to_exactly_one_process_and_users_objects_go_by_namespace() {
        let shares = [0, 1, 2].map(|process| Share { process, processes: 3 });
        for number in 0..64 {
            let (namespace, name) = (format!("team-{}", number % 16), format!("app-{number}"));
            for kind in [Kind::HttpRoute, Kind::Service, Kind::Gateway, Kind::MeshHttpRoute, Kind::MeshGateway] {
                let object = ObjectName::new(kind, if kind.namespaced() { &namespace } else { "" }, &name);
                assert_eq!(shares.iter().filter(|share| share.owns(&object)).count(), 1, "{object}");
                assert!(Share::WHOLE.owns(&object));
            }
        }
        let owners = |kind: Kind, namespace: &str| -> BTreeSet<usize> {
            (0..64).map(|name| shares[0].owner(&ObjectName::new(kind, namespace, &name.to_string()))).collect()
        };
        assert_eq!(owners(Kind::HttpRoute, "shop").len(), 1);
        assert_eq!(owners(Kind::HttpRoute, "shop"), owners(Kind::Service, "shop"));
        assert_eq!(owners(Kind::MeshHttpRoute, "kuma-system").len(), 3);
        assert_eq!(owners(Kind::GatewayClass, "").len(), 1);
    }
}
