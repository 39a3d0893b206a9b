use serde_json::{Value, json};

use super::Taste;
use super::values::{CLASSES, gateways};

/// Brings all routes together that are on Gateways: on one Gateway, whose listeners take whoever comes, and on the
/// `ListenerSets` that all add to it.
pub(super) fn crowd(taste: Taste, objects: &mut [Value]) {
    let (namespace, name) = gateways(taste)[0];
    let gateway = json!({"namespace": namespace, "name": name});
    for object in objects {
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        if kind == "Gateway" && metadata["namespace"] == namespace && metadata["name"] == name {
            object["spec"]["gatewayClassName"] = CLASSES[0].into();
            object["spec"]["allowedListeners"] = json!({"namespaces": {"from": "All"}});
            drop(object["metadata"].as_object_mut().map(|metadata| metadata.remove("annotations")));
            open(object);
        }
        if kind == "ListenerSet" {
            object["spec"]["parentRef"] = gateway.clone();
            open(object);
        }
        if kind.ends_with("Route") {
            let parents = object["spec"]["parentRefs"].as_array_mut().into_iter().flatten();
            for parent in parents {
                if parent.get("kind").is_none() {
                    *parent = gateway.clone();
                } else if parent["kind"] == "ListenerSet" {
                    *parent = json!({"kind": "ListenerSet", "namespace": parent["namespace"], "name": parent["name"]});
                }
            }
        }
    }
}

fn open(holder: &mut Value) {
    for listener in holder["spec"]["listeners"].as_array_mut().into_iter().flatten() {
        listener["allowedRoutes"] = json!({"namespaces": {"from": "All"}});
    }
}
