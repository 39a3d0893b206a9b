//! The harness itself: what it starts is a real API server, and what it reports is what happened there.

use std::time::Duration;

use kit::apiserver::{ApiServer, AuditLog, Channel, KumaCrds, Request, User};
use kube::api::{Api, ApiResource, DynamicObject, ListParams, PostParams, WatchParams};
use kube::core::GroupVersionKind;
use kube::{Client, Error};
use serde_json::json;

const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: kuma}
spec: {controllerName: gateways.kuma.io/controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: kuma
  listeners: [{name: web, port: 80, protocol: HTTP}]
";

/// A value that each schema completes or refuses in the way that the controller relies on.
const ROUTE: &str = "
apiVersion: kuma.io/v1alpha1
kind: MeshHTTPRoute
metadata: {name: shop, namespace: kuma-system, labels: {kuma.io/mesh: default}}
spec:
  targetRef: {kind: MeshGateway, name: edge.default}
  to:
    - targetRef: {kind: Mesh}
      hostnames: [shop.example.com]
      rules:
        - matches: [{path: {type: PathPrefix, value: /}}]
          default: {backendRefs: [{kind: MeshService, name: cart, port: 80}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn the_controller_may_do_its_work_and_nothing_else_and_the_log_tells_who_asked() {
    let server = ApiServer::start().unwrap();
    server.install_gateway_api(Channel::Standard).unwrap();
    server.install_kuma(KumaCrds::Upstream).unwrap();
    server.apply_rbac().unwrap();
    let start = server.audit().mark().unwrap();
    server.apply_yaml(User::Admin, GATEWAY).unwrap();

    let controller = server.client(User::Deltagate).await.unwrap();
    assert_eq!(gateways(&controller).await, ["edge"]);
    let refusal = create_namespace(&controller).await.unwrap_err();
    assert!(matches!(&refusal, Error::Api(status) if status.code == 403), "{refusal}");

    let log = server.audit().since(start);
    let seen: Vec<String> = log.requests_of(User::Deltagate).unwrap().iter().map(line).collect();
    assert_eq!(seen, ["list gateways 200", "create namespaces 403"]);
    let applied: Vec<String> = log.writes_of(User::Admin).unwrap().iter().map(line).collect();
    assert_eq!(applied, ["patch gatewayclasses 201", "patch gateways 201"]);
    assert_eq!(log.requests_of(User::Other).unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_is_counted_once_and_when_it_begins() {
    let server = ApiServer::start().unwrap();
    server.install_gateway_api(Channel::Standard).unwrap();
    let client = server.client(User::Other).await.unwrap();
    let (log, limit) = (server.audit(), Duration::from_secs(10));

    let parameters = WatchParams::default();
    let watch = gateway_api(&client).watch(&parameters, "0").await.unwrap();
    let begun = log.wait_until(User::Other, limit, |requests| !requests.is_empty()).unwrap();
    assert_eq!(line(&begun[0]), "watch gateways 200");
    drop(watch);
    server.restart().unwrap();
    assert_eq!(log.requests_of(User::Other).unwrap(), begun);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_outlive_an_outage_of_the_api_server() {
    let server = ApiServer::start().unwrap();
    server.install_gateway_api(Channel::Experimental).unwrap();
    server.apply_yaml(User::Other, GATEWAY).unwrap();
    let before = server.audit().mark().unwrap();

    server.stop();
    assert!(server.apply_yaml(User::Admin, GATEWAY).is_err());
    server.restart().unwrap();

    let client = server.client(User::Admin).await.unwrap();
    assert_eq!(gateways(&client).await, ["edge"]);
    assert!(server.audit().mark().unwrap() > before);
    let written_after = server.audit().since(before).writes_of(User::Other).unwrap();
    assert_eq!(written_after, []);
    assert_eq!(only_writes(&server.audit()), ["patch gatewayclasses 201", "patch gateways 201"]);

    server.delete_yaml(User::Other, GATEWAY).unwrap();
    server.delete_yaml(User::Other, GATEWAY).unwrap();
    assert!(gateways(&client).await.is_empty());
    let quiet = Duration::from_millis(100);
    let silent = server.audit().wait_for_silence(User::Other, quiet, Duration::from_secs(10));
    assert!(silent.unwrap() > before);
}

#[test]
fn our_crds_complete_and_refuse_like_those_of_kuma() {
    let server = ApiServer::start().unwrap();
    server.install_kuma(KumaCrds::Ours).unwrap();
    server.apply_rbac().unwrap();

    let applied = server.apply_yaml(User::Deltagate, ROUTE).unwrap();
    assert_eq!(applied[0].data.pointer("/spec/to/0/rules/0/default/backendRefs/0/weight"), Some(&json!(1)));
    let refused = server.apply_yaml(User::Deltagate, &ROUTE.replace("PathPrefix", "Prefix"));
    let reason = format!("{:?}", refused.unwrap_err());
    assert!(reason.contains("Unsupported value: \"Prefix\""), "{reason}");
}

async fn gateways(client: &Client) -> Vec<String> {
    let list = gateway_api(client).list(&ListParams::default()).await.unwrap();
    list.items.into_iter().filter_map(|gateway| gateway.metadata.name).collect()
}

fn gateway_api(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "Gateway");
    Api::all_with(client.clone(), &ApiResource::from_gvk(&kind))
}

async fn create_namespace(client: &Client) -> Result<DynamicObject, Error> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Namespace"));
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    api.create(&PostParams::default(), &DynamicObject::new("mine", &resource)).await
}

fn only_writes(log: &AuditLog) -> Vec<String> {
    log.writes_of(User::Other).unwrap().iter().map(line).collect()
}

fn line(request: &Request) -> String {
    format!("{} {} {}", request.verb, request.resource, request.code)
}
