//! `spec` of a MeshGatewayInstance.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{Gateway, InstancePlan, Text};
use crate::rules::{addresses, infrastructure};

/// The common part of the MeshGatewayConfig, with what the Gateway's infrastructure and addresses add to it.
///
/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-pods-k8s/>
pub(super) fn spec(plan: &InstancePlan) -> Value {
    let managed = &plan.managed;
    let parameters = &managed.parameters;
    let common = &parameters.common;
    let mut spec = Map::new();
    spec.insert("replicas".into(), common.replicas.unwrap_or(1).into());
    // Kuma reaches a cross-mesh gateway from inside the meshes only.
    let service_type =
        if parameters.cross_mesh { "ClusterIP" } else { common.service_type.as_deref().unwrap_or("LoadBalancer") };
    spec.insert("serviceType".into(), service_type.into());
    if !parameters.tags.is_empty() {
        spec.insert("tags".into(), json!(parameters.tags));
    }
    if let Some(resources) = passed_through(common.resources.as_ref()) {
        spec.insert("resources".into(), resources);
    }
    let requested = addresses::requested(&managed.gateway.addresses).ok().flatten();
    let address = requested.or_else(|| common.load_balancer_ip.clone());
    let service = template(
        labels(&common.service_labels, &managed.gateway),
        annotations(&common.service_annotations, &managed.gateway),
        address.map(|address| json!({"loadBalancerIP": &*address})),
    );
    let pod = template(
        labels(&common.pod_labels, &managed.gateway),
        annotations(&common.pod_annotations, &managed.gateway),
        passed_through(common.pod_spec.as_ref()),
    );
    spec.extend(service.map(|service| ("serviceTemplate".to_owned(), service)));
    spec.extend(pod.map(|pod| ("podTemplate".to_owned(), pod)));
    Value::Object(spec)
}

/// The labels of what Kuma makes of the instance, by which it is found as part of the Gateway.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1762/#resource-attachment>
fn labels(class: &BTreeMap<Text, Text>, gateway: &Gateway) -> BTreeMap<Text, Text> {
    let own = gateway.infrastructure.labels.iter().filter(|(key, _)| !infrastructure::is_label(key));
    let mut labels = overridden(class, own);
    let names = super::metadata::gateway_labels(gateway);
    labels.extend(names.map(|(key, value)| (key.into(), value.clone())));
    labels
}

/// The annotations of the same.
fn annotations(class: &BTreeMap<Text, Text>, gateway: &Gateway) -> BTreeMap<Text, Text> {
    let own = gateway.infrastructure.annotations.iter().filter(|(key, _)| !infrastructure::is_annotation(key));
    overridden(class, own)
}

/// What the class says, overridden by what the Gateway says.
fn overridden<'a>(
    class: &BTreeMap<Text, Text>,
    gateway: impl Iterator<Item = (&'a Text, &'a Text)>,
) -> BTreeMap<Text, Text> {
    let mut merged = class.clone();
    merged.extend(gateway.map(|(key, value)| (key.clone(), value.clone())));
    merged
}

fn template(labels: BTreeMap<Text, Text>, annotations: BTreeMap<Text, Text>, spec: Option<Value>) -> Option<Value> {
    let mut metadata = Map::new();
    if !labels.is_empty() {
        metadata.insert("labels".into(), json!(labels));
    }
    if !annotations.is_empty() {
        metadata.insert("annotations".into(), json!(annotations));
    }
    let mut template = Map::new();
    if !metadata.is_empty() {
        template.insert("metadata".into(), Value::Object(metadata));
    }
    template.extend(spec.map(|spec| ("spec".to_owned(), spec)));
    (!template.is_empty()).then_some(Value::Object(template))
}

/// JSON that was carried through as text. What is not JSON was never accepted by the API server.
fn passed_through(text: Option<&Text>) -> Option<Value> {
    serde_json::from_str(text?).ok()
}
