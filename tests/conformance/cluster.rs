//! The cluster that the suite finds, and what must be left of it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use kit::apiserver::{ApiServer, Channel, KumaCrds, User};
use kube::Client;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::kubelet;
use super::kuma;
use super::process::Deltagate;

/// Time for everything that is waited for here, on a machine that builds something else besides.
const LIMIT: Duration = Duration::from_secs(90);

/// How long nothing may be written once the suite has cleaned up.
const SILENCE: Duration = Duration::from_secs(30);

/// The class that the suite asks for.
const CLASS: &str = "gateway-conformance";

/// What everything is installed into, and the class under test.
const OBJECTS: &str = "
apiVersion: kuma.io/v1alpha1
kind: Mesh
metadata: {name: default}
spec: {}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: gateway-conformance}
spec: {controllerName: gateways.kuma.io/controller}
";

/// Where what the controller makes is found.
const GENERATED: &[&str] = &[
    "/apis/kuma.io/v1alpha1/meshgateways",
    "/apis/kuma.io/v1alpha1/meshgatewayinstances",
    "/apis/kuma.io/v1alpha1/meshhttproutes",
    "/apis/kuma.io/v1alpha1/meshtcproutes",
    "/api/v1/namespaces/kuma-system/secrets",
];

/// A running cluster with a stand-in for its nodes and one for Kuma.
pub(crate) struct Cluster {
    // Dropped in this order: who asks before who answers.
    _kubelet: kubelet::Kubelet,
    _kuma: kuma::Kuma,
    requests: Requests,
    server: ApiServer,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let server = ApiServer::start().expect("etcd and kube-apiserver start");
        server.apply_rbac().expect("deploy/rbac.yaml is valid");
        server.install_gateway_api(Channel::Experimental).expect("the CRDs of Gateway API are valid");
        server.install_kuma(KumaCrds::Upstream).expect("the CRDs of Kuma are valid");
        server.apply_yaml(User::Admin, OBJECTS).expect("the Mesh and the class are valid");
        server.start_controllers().expect("kube-controller-manager starts");
        let requests = || Requests::new(&server, User::Other);
        let (kubelet, kuma) = (kubelet::Kubelet::start(requests()), kuma::Kuma::start(requests()));
        Self { _kubelet: kubelet, _kuma: kuma, requests: requests(), server }
    }

    /// The same installation at each start, so that a restart finds what it wrote.
    pub(crate) fn start_controller(&self) -> Deltagate {
        let controller =
            Deltagate::start(&self.server.kubeconfig(User::Deltagate), &[], self.server.folder().join("deltagate.log"));
        controller.wait_until_ready();
        controller
    }

    pub(crate) fn kubeconfig(&self) -> std::path::PathBuf {
        self.server.kubeconfig(User::Admin)
    }

    /// Which features are tested, the suite reads from the class when it starts.
    pub(crate) fn wait_for_class(&self) {
        eventually("the GatewayClass claims its features", || {
            let class = self.requests.get(&format!("/apis/gateway.networking.k8s.io/v1/gatewayclasses/{CLASS}"))?;
            match class["status"]["supportedFeatures"].as_array() {
                Some(features) if !features.is_empty() => Ok(()),
                _ => Err(class["status"].to_string()),
            }
        });
    }

    /// The suite deletes what it made. Nothing that was made of it may stay, nothing may be pending, and nothing may be
    /// written any more.
    pub(crate) fn wait_until_nothing_is_left(&self, controller: &Deltagate) {
        eventually("the namespaces of the suite are gone", || {
            let left = self.requests.names("/api/v1/namespaces")?;
            let left: Vec<_> = left.into_iter().filter(|name| name.starts_with("gateway-")).collect();
            if left.is_empty() { Ok(()) } else { Err(left.join(", ")) }
        });
        eventually("nothing is left of what was generated", || {
            for path in GENERATED {
                let left = self.requests.names(path)?;
                if !left.is_empty() {
                    return Err(format!("{path}: {}", left.join(", ")));
                }
            }
            Ok(())
        });
        eventually("nothing is pending", || {
            let metrics = controller.ask("/metrics")?;
            let pending: Vec<_> = metrics.lines().filter(|line| line.starts_with("deltagate_pending")).collect();
            let none = !pending.is_empty() && pending.iter().all(|line| line.ends_with(" 0"));
            if none { Ok(()) } else { Err(pending.join("; ")) }
        });
        let audit = self.server.audit();
        let log = audit.since(audit.mark().expect("the audit log can be read"));
        thread::sleep(SILENCE);
        let writes = log.writes_of(User::Deltagate).expect("the audit log can be read");
        assert!(writes.is_empty(), "written within {SILENCE:?} after the suite: {writes:?}");
    }
}

/// Looks until the answer is `Ok`, and fails with the last `Err`.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if Instant::now() >= deadline => panic!("{what}: not within {LIMIT:?}; last seen: {seen}"),
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Requests in the plain form that the API documents.
pub(crate) struct Requests {
    client: Client,
    runtime: Runtime,
}

impl Requests {
    fn new(server: &ApiServer, user: User) -> Self {
        let runtime = Runtime::new().expect("a process can have one more runtime");
        let client = runtime.block_on(server.client(user)).expect("the harness makes valid kubeconfigs");
        Self { client, runtime }
    }

    /// The object or list at a path.
    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        self.send(http::Request::get(path).body(Vec::new()))
    }

    /// The objects of a list.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Value>, String> {
        Ok(self.get(path)?["items"].as_array().cloned().unwrap_or_default())
    }

    fn names(&self, path: &str) -> Result<Vec<String>, String> {
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        Ok(self.list(path)?.iter().map(name).collect())
    }

    /// Changes fields of an object.
    pub(crate) fn merge(&self, path: &str, change: &Value) -> Result<Value, String> {
        self.patch(path, "application/merge-patch+json", change)
    }

    /// Makes an object, or what a subresource stands for.
    pub(crate) fn create(&self, path: &str, object: &Value) -> Result<Value, String> {
        let request = http::Request::post(path).header("content-type", "application/json");
        self.send(request.body(object.to_string().into_bytes()))
    }

    /// Deletes an object at once.
    pub(crate) fn delete_now(&self, path: &str) -> Result<Value, String> {
        self.send(http::Request::delete(format!("{path}?gracePeriodSeconds=0")).body(Vec::new()))
    }

    /// Server-side apply.
    pub(crate) fn apply(&self, path: &str, object: &Value) -> Result<Value, String> {
        self.patch(&format!("{path}?fieldManager=kuma&force=true"), "application/apply-patch+yaml", object)
    }

    fn patch(&self, path: &str, media: &str, body: &Value) -> Result<Value, String> {
        let request = http::Request::patch(path).header("content-type", media);
        self.send(request.body(body.to_string().into_bytes()))
    }

    fn send(&self, request: http::Result<http::Request<Vec<u8>>>) -> Result<Value, String> {
        let request = request.map_err(|error| error.to_string())?;
        let answer = async { tokio::time::timeout(LIMIT, self.client.request::<Value>(request)).await };
        match self.runtime.block_on(answer) {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {LIMIT:?}")),
        }
    }
}

/// Namespace and name of an object.
pub(crate) fn place(object: &Value) -> (String, String) {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

/// The texts of a map of labels or annotations.
pub(crate) fn texts(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
