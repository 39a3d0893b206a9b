//! A stand-in for what Kuma's own controller and a load balancer do for a MeshGatewayInstance: a Service as soon as a
//! MeshGateway selects it, and an address for that.
//!
//! Not here: the Deployment and its proxies, so nobody listens at the address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::cluster::{Requests, place, texts};
use super::kubelet::Loop;

const INSTANCES: &str = "/apis/kuma.io/v1alpha1/meshgatewayinstances";
const GATEWAYS: &str = "/apis/kuma.io/v1alpha1/meshgateways";

/// The stand-in while it works.
pub(crate) struct Kuma {
    _loop: Loop,
}

impl Kuma {
    pub(crate) fn start(requests: Requests) -> Self {
        let mut addresses = Addresses::default();
        Self {
            _loop: Loop::start(move || {
                let gateways = requests.list(GATEWAYS)?;
                for instance in requests.list(INSTANCES)? {
                    let gateway = gateways.iter().find(|gateway| selects(gateway, &instance));
                    if let Some(gateway) = gateway.filter(|_| instance["metadata"]["deletionTimestamp"].is_null()) {
                        serve(&requests, &mut addresses, &instance, gateway)?;
                    }
                }
                Ok(())
            }),
        }
    }
}

/// Whether the MeshGateway selects the tag that Kuma gives to the pods of the instance.
fn selects(gateway: &Value, instance: &Value) -> bool {
    let (namespace, name) = place(instance);
    let tag = format!("{name}_{namespace}_svc");
    let selectors = gateway["spec"]["selectors"].as_array();
    selectors.is_some_and(|selectors| selectors.iter().any(|selector| selector["match"]["kuma.io/service"] == *tag))
}

fn serve(requests: &Requests, addresses: &mut Addresses, instance: &Value, gateway: &Value) -> Result<(), String> {
    let (namespace, name) = place(instance);
    let path = format!("/api/v1/namespaces/{namespace}/services/{name}");
    let wanted = service(instance, gateway);
    let mut service = requests.get(&path).unwrap_or_default();
    if !shows(&service, &wanted) {
        service = requests.apply(&path, &wanted)?;
    }
    let address = addresses.of(&service);
    let load_balancer = match address {
        Some(address) => json!({"ingress": [{"ip": address.to_string(), "ipMode": "VIP"}]}),
        None => json!({}),
    };
    if service["status"]["loadBalancer"] != load_balancer {
        let change = json!({"status": {"loadBalancer": {"ingress": load_balancer["ingress"]}}});
        requests.merge(&format!("{path}/status"), &change)?;
    }
    let shown = address.map(|address| address.to_string());
    if instance["status"]["loadBalancer"]["ingress"][0]["ip"].as_str() != shown.as_deref() {
        let ingress = shown.map(|address| json!([{"ip": address}]));
        let change = json!({"status": {"loadBalancer": {"ingress": ingress}}});
        let path = format!("/apis/kuma.io/v1alpha1/namespaces/{namespace}/meshgatewayinstances/{name}/status");
        requests.merge(&path, &change)?;
    }
    Ok(())
}

/// The Service that Kuma makes, apart from what only its own proxies need.
fn service(instance: &Value, gateway: &Value) -> Value {
    let (namespace, name) = place(instance);
    let template = &instance["spec"]["serviceTemplate"];
    let mut annotations = BTreeMap::from([("kuma.io/gateway".to_owned(), "builtin".to_owned())]);
    annotations.extend(texts(&template["metadata"]["annotations"]));
    let listeners = gateway["spec"]["conf"]["listeners"].as_array().into_iter().flatten();
    let ports: BTreeSet<u64> = listeners.filter_map(|listener| listener["port"].as_u64()).collect();
    let port = |port: &u64| json!({"name": port.to_string(), "port": port, "protocol": "TCP", "targetPort": port});
    let mut spec = json!({
        "type": instance["spec"]["serviceType"],
        "selector": {"app": name},
        "ports": ports.iter().map(port).collect::<Vec<_>>(),
    });
    if let Some(address) = template["spec"]["loadBalancerIP"].as_str() {
        spec["loadBalancerIP"] = address.into();
    }
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": texts(&template["metadata"]["labels"]),
            "annotations": annotations,
            "ownerReferences": [{
                "apiVersion": "kuma.io/v1alpha1",
                "kind": "MeshGatewayInstance",
                "name": name,
                "uid": instance["metadata"]["uid"],
                "controller": true,
            }],
        },
        "spec": spec,
    })
}

/// Whether the Service is as wanted already: applying it at every look would keep the API server busy.
fn shows(service: &Value, wanted: &Value) -> bool {
    let ports = |service: &Value| -> Vec<Value> {
        let ports = service["spec"]["ports"].as_array().into_iter().flatten();
        ports.map(|port| port["port"].clone()).collect()
    };
    let metadata = |field: &str| {
        let found = texts(&service["metadata"][field]);
        texts(&wanted["metadata"][field]).iter().all(|(key, value)| found.get(key) == Some(value))
    };
    metadata("labels")
        && metadata("annotations")
        && ports(service) == ports(wanted)
        && service["spec"]["loadBalancerIP"] == wanted["spec"]["loadBalancerIP"]
}

/// A load balancer with addresses of the loopback range, one per Service.
#[derive(Default)]
struct Addresses {
    given: BTreeMap<String, Ipv4Addr>,
}

impl Addresses {
    /// The address that a Service asks for, if it is one to be had; else one of its own. A Service keeps its own.
    fn of(&mut self, service: &Value) -> Option<Ipv4Addr> {
        if service["spec"]["type"] != "LoadBalancer" {
            return None;
        }
        if let Some(asked) = service["spec"]["loadBalancerIP"].as_str() {
            return asked.parse().ok().filter(Ipv4Addr::is_loopback);
        }
        let uid = service["metadata"]["uid"].as_str()?.to_owned();
        let next = u16::try_from(self.given.len() + 1).ok()?.to_be_bytes();
        Some(*self.given.entry(uid).or_insert(Ipv4Addr::new(127, 100, next[0], next[1])))
    }
}
