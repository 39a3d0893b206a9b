//! What users do, as requests.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use kube::Client;
use serde_json::Value;

use super::trouble::Trouble;

/// Time for one request, on a machine that does other things as well.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Who makes the load.
#[derive(Clone)]
pub(crate) struct Load {
    client: Client,
}

impl Load {
    pub(crate) const fn new(client: Client) -> Self {
        Self { client }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Applies an object as its user would.
    pub(crate) async fn apply(&self, object: &Value) -> Result<Value, Trouble> {
        let target = format!("{}?fieldManager=load&force=true", path_of(object));
        self.send(Method::PATCH, "application/apply-patch+yaml", &target, object).await
    }

    /// Changes fields of an object.
    pub(crate) async fn merge(&self, path: &str, change: &Value) -> Result<Value, Trouble> {
        self.send(Method::PATCH, "application/merge-patch+json", path, change).await
    }

    /// Deletes an object; that it is gone already is fine.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Trouble> {
        match self.send(Method::DELETE, "application/json", path, &Value::Null).await {
            Err(Trouble::Request { cause, .. }) if matches!(&*cause, kube::Error::Api(status) if status.code == 404) => {
                Ok(())
            }
            other => other.map(drop),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.send(Method::GET, "application/json", path, &Value::Null).await
    }

    /// Sends a request with a body, or without where it is null.
    pub(crate) async fn send(&self, method: Method, media: &str, path: &str, body: &Value) -> Result<Value, Trouble> {
        let what = format!("{method} {path}");
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = http::Request::builder().method(method).uri(path).header("content-type", media).body(bytes);
        let request = request.map_err(|error| Trouble::request(&what)(kube::Error::HttpError(error)))?;
        match tokio::time::timeout(ANSWER_MAX, self.client.request::<Value>(request)).await {
            Ok(answer) => answer.map_err(Trouble::request(what)),
            Err(_) => Err(Trouble::Late { what, limit: ANSWER_MAX }),
        }
    }

    /// Applies all objects, so many at once; how long each took.
    pub(crate) async fn apply_all(
        &self,
        objects: impl Iterator<Item = Value>,
        at_once: usize,
    ) -> Result<Vec<Duration>, Trouble> {
        let applied = stream::iter(objects).map(|object| async move {
            let begin = Instant::now();
            self.apply(&object).await.map(|_| begin.elapsed())
        });
        applied.buffer_unordered(at_once).try_collect().await
    }

    /// Deletes all objects, so many at once.
    pub(crate) async fn delete_all(&self, paths: impl Iterator<Item = String>, at_once: usize) -> Result<(), Trouble> {
        let deleted = stream::iter(paths).map(|path| async move { self.delete(&path).await });
        deleted.buffer_unordered(at_once).try_collect().await
    }
}

/// Plural names of the kinds of a benchmark, and whether their objects live in namespaces.
const KINDS: &[(&str, &str, bool)] = &[
    ("Gateway", "gateways", true),
    ("GatewayClass", "gatewayclasses", false),
    ("HTTPRoute", "httproutes", true),
    ("Mesh", "meshes", false),
    ("Namespace", "namespaces", false),
    ("Pod", "pods", true),
    ("ReferenceGrant", "referencegrants", true),
    ("Secret", "secrets", true),
    ("Service", "services", true),
];

/// Where the API server keeps an object.
pub(crate) fn path_of(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("/apiVersion"), text("/kind"));
    let known = KINDS.iter().find(|(known, ..)| *known == kind);
    let (_, plural, namespaced) = known.unwrap_or_else(|| panic!("the table of kinds lacks {kind}"));
    let root = if version.contains('/') { "/apis" } else { "/api" };
    let scope = if *namespaced { format!("namespaces/{}/", text("/metadata/namespace")) } else { String::new() };
    format!("{root}/{version}/{scope}{plural}/{}", text("/metadata/name"))
}
