use serde_json::{Value, json};

use super::Taste;
use super::values::{CLASSES, gateways};

/// Brings all routes together that are on Gateways: on one Gateway, whose listeners take whoever comes.
pub(super) fn crowd(taste: Taste, objects: &mut [Value]) {
    let (namespace, name) = gateways(taste)[0];
    for object in objects {
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        if kind == "Gateway" && object["metadata"]["namespace"] == namespace && object["metadata"]["name"] == name {
            object["spec"]["gatewayClassName"] = CLASSES[0].into();
            drop(object["metadata"].as_object_mut().map(|metadata| metadata.remove("annotations")));
            for listener in object["spec"]["listeners"].as_array_mut().into_iter().flatten() {
                listener["allowedRoutes"] = json!({"namespaces": {"from": "All"}});
            }
        }
        if kind.ends_with("Route") {
            let parents = object["spec"]["parentRefs"].as_array_mut().into_iter().flatten();
            for parent in parents.filter(|parent| parent.get("kind").is_none()) {
                *parent = json!({"namespace": namespace, "name": name});
            }
        }
    }
}
