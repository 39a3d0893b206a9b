use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use kube::client::Body;
use serde_json::json;

use super::*;

/// Answers lists: two pages of each kind, unless a part of the path or query says that it is not found.
#[derive(Clone)]
struct Answers {
    missing: &'static [&'static str],
}

impl tower::Service<Request<Body>> for Answers {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let target = request.uri().to_string();
        let (code, body) = if self.missing.iter().any(|part| target.contains(part)) {
            (404, json!({"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound", "message": ""}))
        } else if target.contains("continue=") {
            (200, json!({"metadata": {}, "items": [{"metadata": {"name": "second"}}]}))
        } else {
            (200, json!({"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "first"}}]}))
        };
        let answer = http::Response::builder().status(code).body(Body::from(body.to_string().into_bytes()));
        ready(Ok(answer.expect("a code and a text are a response")))
    }
}

async fn surveyed(missing: &'static [&'static str]) -> Result<Survey, String> {
    let client = Client::new(Answers { missing }, "default");
    survey(&client, &Settings::default()).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_tells_what_is_needed_must_be_found_and_whole() {
    for missing in [
        &["/gatewayclasses?"][..],
        &["/gateways?"],
        &["/httproutes?"],
        &["/meshgateways?"],
        &["/httproutes?limit=500&continue="],
        &["/meshhttproutes?limit=500&continue="],
        &["/meshgatewayinstances?limit=500&continue="],
        &["/secrets?fieldSelector=type%3Dsystem.kuma.io%2Fsecret&limit=500&continue="],
    ] {
        let error = surveyed(missing).await.expect_err(missing[0]);
        let path = missing[0].split('?').next().unwrap_or_default();
        assert!(error.contains(path) && error.contains("check that"), "{error}");
    }
}

#[tokio::test]
async fn kinds_that_nobody_needs_may_be_missing() {
    let all = surveyed(&[]).await.expect("all is served");
    assert_eq!((all.gateways.len(), all.routes.len()), (2, 2), "both pages");
    let some = surveyed(&["/meshgatewayinstances", "/meshhttproutes", "/secrets"]).await.expect("the rest is enough");
    assert_eq!(some.objects.len(), 2, "MeshGateways");
}
