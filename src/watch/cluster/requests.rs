//! Counts what is asked of the API server, where it leaves the process: also what no answer comes to.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Method, Request, Response, Uri};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tower::{Layer, Service};

/// What a request was, in the words of the API server's own audit log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// `get`, `list`, `watch`, `create`, `update`, `patch` or `delete`.
    pub verb: &'static str,
    /// The plural name of the kind; empty for discovery.
    pub resource: String,
    /// For example `status`, empty for the object itself.
    pub subresource: String,
    /// HTTP status of the answer, 0 if there was none.
    pub code: u16,
}

/// The counters of one process.
#[derive(Clone, Debug, Default)]
pub struct Requests(Family<RequestLabels, Counter>);

impl Requests {
    /// Adds the counters to a registry, which gives them their prefix.
    pub fn register(&self, registry: &mut Registry) {
        let help =
            "Requests to the API server by verb, resource and code (0 without an answer); a watch counts at its start";
        registry.register("requests", help, self.0.clone());
    }

    fn count(&self, asked: Asked, code: u16) {
        let Asked { verb, resource, subresource } = asked;
        self.0.get_or_create(&RequestLabels { verb, resource, subresource, code }).inc();
    }
}

impl<S> Layer<S> for Requests {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, requests: self.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Clone, Debug)]
pub struct Counted<S> {
    inner: S,
    requests: Requests,
}

impl<S, In, Out> Service<Request<In>> for Counted<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let (asked, requests) = (Asked::of(request.method(), request.uri()), self.requests.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            requests.count(asked, answer.as_ref().map_or(0, |answer| answer.status().as_u16()));
            answer
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    verb: &'static str,
    resource: String,
    subresource: String,
}

impl Asked {
    fn of(method: &Method, uri: &Uri) -> Self {
        let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let below_version = match parts.as_slice() {
            ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
            _ => &[],
        };
        let (resource, name, subresource) = match below_version {
            // A namespace is an object as well as where others are.
            ["namespaces", _, resource, rest @ ..] if !matches!(*resource, "status" | "finalize") => {
                split(resource, rest)
            }
            [resource, rest @ ..] => split(resource, rest),
            [] => ("", None, ""),
        };
        let watches = uri.query().is_some_and(|query| query.split('&').any(|field| field == "watch=true"));
        let verb = match *method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ if watches => "watch",
            _ if name.is_none() && !resource.is_empty() => "list",
            _ => "get",
        };
        Self { verb, resource: resource.to_owned(), subresource: subresource.to_owned() }
    }
}

/// The resource with the name and the subresource that follow it.
fn split<'a>(resource: &'a str, rest: &[&'a str]) -> (&'a str, Option<&'a str>, &'a str) {
    (resource, rest.first().copied(), rest.get(1).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_named_as_in_the_audit_log() {
        for (method, path, verb, resource, subresource) in [
            (Method::GET, "/api", "get", "", ""),
            (Method::GET, "/apis/kuma.io/v1alpha1", "get", "", ""),
            (Method::GET, "/api/v1/namespaces?limit=500", "list", "namespaces", ""),
            (Method::GET, "/api/v1/namespaces?watch=true&resourceVersion=7", "watch", "namespaces", ""),
            (Method::GET, "/api/v1/namespaces/a", "get", "namespaces", ""),
            (Method::GET, "/api/v1/namespaces/a/secrets?fieldSelector=type", "list", "secrets", ""),
            (Method::PATCH, "/apis/g/v1/namespaces/a/gateways/b/status?fieldManager=x", "patch", "gateways", "status"),
            (Method::PATCH, "/apis/kuma.io/v1alpha1/meshgateways/a?force=true", "patch", "meshgateways", ""),
            (Method::PUT, "/apis/g/v1/gatewayclasses/a/status", "update", "gatewayclasses", "status"),
            (Method::DELETE, "/apis/kuma.io/v1alpha1/namespaces/a/meshhttproutes/b", "delete", "meshhttproutes", ""),
            (Method::POST, "/apis/kuma.io/v1alpha1/meshgateways", "create", "meshgateways", ""),
        ] {
            let asked = Asked::of(&method, &path.parse().unwrap());
            let (resource, subresource) = (resource.to_owned(), subresource.to_owned());
            assert_eq!(asked, Asked { verb, resource, subresource }, "{method} {path}");
        }
    }

    #[test]
    fn what_is_asked_is_told_with_its_answer() {
        let requests = Requests::default();
        let asked = || Asked::of(&Method::PATCH, &"/apis/g/v1/namespaces/a/gateways/b/status".parse().unwrap());
        requests.count(asked(), 200);
        requests.count(asked(), 200);
        requests.count(asked(), 409);
        let (mut registry, mut text) = (Registry::default(), String::new());
        requests.register(&mut registry);
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for (code, count) in [(200, 2), (409, 1)] {
            let labels = format!(r#"verb="patch",resource="gateways",subresource="status",code="{code}""#);
            assert!(text.contains(&format!("requests_total{{{labels}}} {count}")), "{text}");
        }
    }
}
