//! A part of a cluster that is one test's own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use kit::apiserver::{Mark, Request, User};
use serde_json::{Value, json};

use super::cluster::{Cluster, LIMIT, eventually, path};
use super::objects::{GATEWAY_API, KUMA, class, conditions, entries, namespace, owner};
use super::process::Deltagate;
use super::proxy::Proxy;

/// How long nothing may be written until a world counts as settled. Longer than one reaction takes on a busy machine.
pub(super) const QUIET: Duration = Duration::from_millis(1_500);

/// The names of all worlds, so that a write in nobody's is found.
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// Names that nobody else uses: a namespace, a GatewayClass and a system namespace.
pub(super) struct World<'a> {
    pub(super) cluster: &'a Cluster,
    /// The namespace and the GatewayClass. All other names of this world hold it.
    pub(super) name: &'static str,
    pub(super) controller: String,
    system: String,
}

impl<'a> World<'a> {
    /// Makes the namespaces and the class. No name may hold another world's name.
    pub(super) fn new(cluster: &'a Cluster, name: &'static str) -> Self {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!names.iter().any(|known| known.contains(name) || name.contains(known)), "{name} is not a new name");
        names.push(name);
        drop(names);
        let (controller, system) = (format!("tests.example/{name}"), format!("{name}-system"));
        let world = Self { cluster, name, controller, system };
        cluster.apply(&namespace(name));
        cluster.apply(&namespace(&world.system));
        world
    }

    /// The same with its GatewayClass.
    pub(super) fn with_class(cluster: &'a Cluster, name: &'static str) -> Self {
        let world = Self::new(cluster, name);
        cluster.apply(&class(name, &world.controller));
        world
    }

    /// Gives the controller the rights on Secrets that `deploy/rbac.yaml` gives it in the system namespace.
    pub(super) fn permit_copies(&self) {
        const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
        let role = self.cluster.get(&format!("{RBAC}/namespaces/kuma-system/roles/deltagate"));
        let rules = role.expect("deploy/rbac.yaml has a Role")["rules"].clone();
        let (version, metadata) = ("rbac.authorization.k8s.io/v1", json!({"name": "deltagate"}));
        let role = json!({"apiVersion": version, "kind": "Role", "metadata": metadata, "rules": rules});
        let binding = json!({
            "apiVersion": version,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deltagate"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": User::Deltagate.name()}],
        });
        for (plural, object) in [("roles", role), ("rolebindings", binding)] {
            let path = format!("{RBAC}/namespaces/{}/{plural}", self.system);
            let made = self.cluster.request(http::Method::POST, &path, Some(&object));
            made.unwrap_or_else(|refused| panic!("making {object}: {refused}"));
        }
    }

    /// The copies of certificates of this world.
    pub(super) fn copies(&self) -> Vec<Value> {
        self.cluster.list(&path("v1", "Secret", &self.system, ""))
    }

    /// Starts the controller of this world.
    pub(super) fn launch(&self) -> Deltagate {
        self.launch_with(&self.cluster.server.kubeconfig(User::Deltagate), &[])
    }

    /// The same with more flags.
    pub(super) fn launch_flagged(&self, flags: &[&str]) -> Deltagate {
        self.launch_with(&self.cluster.server.kubeconfig(User::Deltagate), flags)
    }

    fn launch_with(&self, kubeconfig: &Path, flags: &[&str]) -> Deltagate {
        let log = self.cluster.server.folder().join(format!("{}.log", self.name));
        let arguments = ["--controller-name", &self.controller, "--system-namespace", &self.system];
        Deltagate::start(kubeconfig, &[&arguments[..], flags].concat(), log)
    }

    /// Starts the controller of this world behind a proxy, and waits until it is ready.
    pub(super) fn start_behind(&self, proxy: &Proxy) -> Deltagate {
        let controller = self.launch_with(proxy.kubeconfig(), &[]);
        controller.wait_until_ready();
        controller
    }

    /// The same, and waits until it is ready.
    pub(super) fn start(&self) -> Deltagate {
        let controller = self.launch();
        controller.wait_until_ready();
        controller
    }

    pub(super) fn apply(&self, object: &Value) -> Value {
        self.cluster.apply(object)
    }

    pub(super) fn gateway_path(&self, name: &str) -> String {
        path(GATEWAY_API, "Gateway", self.name, name)
    }

    pub(super) fn route_path(&self, name: &str) -> String {
        path(GATEWAY_API, "HTTPRoute", self.name, name)
    }

    pub(super) fn instance_path(&self, name: &str) -> String {
        path(KUMA, "MeshGatewayInstance", self.name, name)
    }

    /// Of the MeshGateway of a Gateway.
    pub(super) fn mesh_gateway_path(&self, gateway: &str) -> String {
        path(KUMA, "MeshGateway", "", &format!("{gateway}.{}", self.name))
    }

    pub(super) fn mesh_route_path(&self, name: &str) -> String {
        path(KUMA, "MeshHTTPRoute", &self.system, name)
    }

    /// The `MeshHTTPRoutes` of this world.
    pub(super) fn mesh_routes(&self) -> Vec<Value> {
        self.cluster.list(&path(KUMA, "MeshHTTPRoute", &self.system, ""))
    }

    /// The one MeshHTTPRoute that was made for an object, like `HTTPRoute/cart`.
    pub(super) fn mesh_route_of(&self, kind: &str, name: &str) -> Value {
        let wanted = format!("{kind}/{}/{name}", self.name);
        eventually(&format!("a MeshHTTPRoute of {wanted} is there"), || {
            let mut found = self.mesh_routes();
            found.retain(|route| owner(route) == wanted);
            if found.len() == 1 { found.pop().ok_or_else(String::new) } else { Err(format!("{found:?}")) }
        })
    }

    /// Waits until an object is there and shows what is asked for.
    pub(super) fn eventually(&self, path: &str, what: &str, shows: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{path} {what}"), || match self.cluster.get(path) {
            Some(object) if shows(&object) => Ok(object),
            Some(object) => Err(object.to_string()),
            None => Err("nothing".to_owned()),
        })
    }

    /// Waits until the conditions of a Gateway are these.
    pub(super) fn gateway_says(&self, name: &str, wanted: &BTreeMap<String, String>) -> Value {
        let what = format!("says {wanted:?}");
        self.eventually(&self.gateway_path(name), &what, |gateway| conditions(&gateway["status"]) == *wanted)
    }

    /// Waits until our one entry of a route has these conditions.
    pub(super) fn route_says(&self, name: &str, wanted: &BTreeMap<String, String>) -> Value {
        let what = format!("says {wanted:?}");
        self.eventually(&self.route_path(name), &what, |route| {
            let ours = entries(route, &self.controller);
            ours.len() == 1 && conditions(ours[0]) == *wanted
        })
    }

    /// Waits until the path leads nowhere.
    pub(super) fn eventually_gone(&self, path: &str) {
        eventually(&format!("{path} is gone"), || {
            self.cluster.get(path).map_or(Ok(()), |object| Err(object.to_string()))
        });
    }

    /// The present end of the audit log.
    pub(super) fn mark(&self) -> Mark {
        self.cluster.server.audit().mark().expect("the audit log can be read")
    }

    /// What this world's controller wrote, successfully or not. Writes of nobody's world fail the test.
    pub(super) fn writes_since(&self, mark: Mark) -> Vec<Request> {
        let log = self.cluster.server.audit().since(mark);
        let mut writes = log.writes_of(User::Deltagate).expect("the audit log can be read");
        let within = |write: &Request, name: &str| write.namespace.contains(name) || write.name.contains(name);
        let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for write in &writes {
            assert!(names.iter().any(|name| within(write, name)), "a write in nobody's world: {write:?}");
        }
        writes.retain(|write| within(write, self.name));
        writes
    }

    /// Waits until nothing was written for a while, and returns what was written since the mark.
    pub(super) fn settled_since(&self, mark: Mark) -> Vec<String> {
        let (deadline, mut seen, mut since) = (Instant::now() + LIMIT, 0, Instant::now());
        loop {
            let writes = self.writes_since(mark);
            if writes.len() > seen {
                (seen, since) = (writes.len(), Instant::now());
            } else if since.elapsed() >= QUIET {
                return writes.iter().map(line).collect();
            }
            assert!(Instant::now() < deadline, "{} does not settle: {:?}", self.name, writes.last());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until nothing was written for a while, and marks that time.
    pub(super) fn settle(&self) -> Mark {
        let mark = self.mark();
        self.settled_since(mark);
        self.mark()
    }
}

/// A write as tests spell it: verb, resource with subresource, and the answer if it was no success.
fn line(write: &Request) -> String {
    let slash = if write.subresource.is_empty() { "" } else { "/" };
    let code = if (200..300).contains(&write.code) { String::new() } else { format!(" {}", write.code) };
    format!("{} {}{slash}{}{code}", write.verb, write.resource, write.subresource)
}

/// Writes without their order, which is not promised between kinds.
pub(super) fn sorted(mut writes: Vec<String>) -> Vec<String> {
    writes.sort();
    writes
}
