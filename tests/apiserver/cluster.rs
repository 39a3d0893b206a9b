//! The API servers, and requests to them in the plain form that the API documents.

use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use http::Method;
use kit::apiserver::{ApiServer, Channel, KumaCrds, User};
use kube::Client;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Everything that a test waits for happens within seconds on an idle machine.
pub(super) const LIMIT: Duration = Duration::from_secs(90);

/// Time between two looks.
const POLL: Duration = Duration::from_millis(50);

/// One runtime for all clients: a client must not outlive the runtime that it was made in.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a process can have one more runtime"));

/// The runtime in which everything of a test runs that does not block.
pub(super) fn runtime() -> &'static Runtime {
    &RUNTIME
}

static SHARED: LazyLock<Cluster> = LazyLock::new(|| {
    let cluster = Cluster::bare();
    cluster.server.install_gateway_api(Channel::Experimental).expect("the CRDs of Gateway API are valid");
    cluster.server.install_kuma(KumaCrds::Upstream).expect("the CRDs of Kuma are valid");
    cluster.apply(&mesh());
    cluster
});

static TROUBLED: LazyLock<Mutex<Cluster>> = LazyLock::new(|| {
    let cluster = Cluster::bare();
    cluster.server.install_gateway_api(Channel::Experimental).expect("the CRDs of Gateway API are valid");
    cluster.server.install_kuma(KumaCrds::Upstream).expect("the CRDs of Kuma are valid");
    cluster.apply(&mesh());
    Mutex::new(cluster)
});

/// The cluster that tests share. Nobody stops it or changes its CRDs: Kuma's own where they are at hand, else ours.
pub(super) fn shared() -> &'static Cluster {
    &SHARED
}

/// The cluster that tests may do anything to, one after the other.
pub(super) fn troubled() -> MutexGuard<'static, Cluster> {
    TROUBLED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The Mesh that everything belongs to.
pub(super) fn mesh() -> Value {
    json!({"apiVersion": "kuma.io/v1alpha1", "kind": "Mesh", "metadata": {"name": "default"}, "spec": {}})
}

/// A running API server with clients of the people who use it.
pub(super) struct Cluster {
    pub(super) server: ApiServer,
    admin: Client,
    other: Client,
}

/// An answer that is not a success.
#[derive(Debug)]
pub(super) struct Refused {
    /// HTTP status; 0 if there was no answer.
    pub(super) code: u16,
    /// In the words of the API server.
    pub(super) reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.code, self.reason)
    }
}

impl Cluster {
    /// One that knows the controller's permissions, and no CRD.
    pub(super) fn bare() -> Self {
        let server = ApiServer::start().expect("etcd and kube-apiserver start");
        server.apply_rbac().expect("deploy/rbac.yaml is valid");
        let client = |user| RUNTIME.block_on(server.client(user)).expect("the harness makes valid kubeconfigs");
        let (admin, other) = (client(User::Admin), client(User::Other));
        Self { server, admin, other }
    }

    /// Sends a request as the person who runs the cluster.
    pub(super) fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Refused> {
        send(&self.admin, method, "application/merge-patch+json", path, body)
    }

    /// Sends a request as another controller.
    pub(super) fn request_as_other(&self, method: Method, path: &str, body: &Value) -> Result<Value, Refused> {
        send(&self.other, method, "application/merge-patch+json", path, Some(body))
    }

    /// Applies an object as its user would.
    pub(super) fn apply(&self, object: &Value) -> Value {
        self.try_apply(object).unwrap_or_else(|refused| panic!("applying {object}: {refused}"))
    }

    pub(super) fn try_apply(&self, object: &Value) -> Result<Value, Refused> {
        let path = format!("{}?fieldManager=tests&force=true", path_of(object));
        send(&self.admin, Method::PATCH, "application/apply-patch+yaml", &path, Some(object))
    }

    /// Applies many objects, some at a time.
    pub(super) fn apply_all(&self, objects: &[Value]) {
        const AT_ONCE: usize = 8;
        thread::scope(|scope| {
            for part in objects.chunks(objects.len().div_ceil(AT_ONCE).max(1)) {
                scope.spawn(move || part.iter().for_each(|object| drop(self.apply(object))));
            }
        });
    }

    /// The object, if it is there.
    pub(super) fn get(&self, path: &str) -> Option<Value> {
        match self.request(Method::GET, path, None) {
            Ok(object) => Some(object),
            Err(refused) if refused.code == 404 => None,
            Err(refused) => panic!("reading {path}: {refused}"),
        }
    }

    /// All objects of a collection.
    pub(super) fn list(&self, path: &str) -> Vec<Value> {
        let list = self.get(path).unwrap_or_else(|| panic!("{path} is not served"));
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Changes fields of an object.
    pub(super) fn merge(&self, path: &str, change: &Value) -> Value {
        self.request(Method::PATCH, path, Some(change)).unwrap_or_else(|refused| panic!("patching {path}: {refused}"))
    }

    /// Deletes an object that is there.
    pub(super) fn delete(&self, path: &str) {
        self.request(Method::DELETE, path, None).unwrap_or_else(|refused| panic!("deleting {path}: {refused}"));
    }
}

fn send(client: &Client, method: Method, media: &str, path: &str, body: Option<&Value>) -> Result<Value, Refused> {
    let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let media = if method == Method::PATCH { media } else { "application/json" };
    let request = http::Request::builder().method(method).uri(path).header("content-type", media).body(body);
    let request = request.map_err(|error| Refused { code: 0, reason: error.to_string() })?;
    let answer = async { tokio::time::timeout(LIMIT, client.request::<Value>(request)).await };
    match RUNTIME.block_on(answer) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(kube::Error::Api(status))) => Err(Refused { code: status.code, reason: status.message.clone() }),
        Ok(Err(error)) => Err(Refused { code: 0, reason: error.to_string() }),
        Err(_) => Err(Refused { code: 0, reason: format!("no answer within {LIMIT:?}") }),
    }
}

/// Plural names of the kinds that tests use, and whether their objects live in namespaces.
const KINDS: &[(&str, &str, bool)] = &[
    ("ClusterRole", "clusterroles", false),
    ("ConfigMap", "configmaps", true),
    ("CustomResourceDefinition", "customresourcedefinitions", false),
    ("ExternalService", "externalservices", false),
    ("Gateway", "gateways", true),
    ("GatewayClass", "gatewayclasses", false),
    ("HTTPRoute", "httproutes", true),
    ("Mesh", "meshes", false),
    ("MutatingAdmissionPolicy", "mutatingadmissionpolicies", false),
    ("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", false),
    ("MeshGateway", "meshgateways", false),
    ("MeshGatewayInstance", "meshgatewayinstances", true),
    ("MeshHTTPRoute", "meshhttproutes", true),
    ("Namespace", "namespaces", false),
    ("ReferenceGrant", "referencegrants", true),
    ("Secret", "secrets", true),
    ("Service", "services", true),
    ("ValidatingAdmissionPolicy", "validatingadmissionpolicies", false),
    ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false),
];

/// Where the API server keeps an object.
fn path_of(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    path(text("/apiVersion"), text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// Where the API server keeps the object of that name, or with an empty name the collection.
pub(super) fn path(api_version: &str, kind: &str, namespace: &str, name: &str) -> String {
    let known = KINDS.iter().find(|(known, ..)| *known == kind);
    let (_, plural, namespaced) = known.unwrap_or_else(|| panic!("the table of kinds lacks {kind}"));
    let root = if api_version.contains('/') { "/apis" } else { "/api" };
    let scope = if *namespaced && !namespace.is_empty() { format!("namespaces/{namespace}/") } else { String::new() };
    format!("{root}/{api_version}/{scope}{plural}/{name}").trim_end_matches('/').to_owned()
}

/// Looks until the answer is `Ok`, and fails with the last `Err`.
pub(super) fn eventually<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if Instant::now() >= deadline => panic!("{what}: not within {LIMIT:?}; last seen: {seen}"),
            Err(_) => thread::sleep(POLL),
        }
    }
}
