use serde_json::Value;

use super::World;
use super::values::SERVICE_PORTS;
use crate::traffic::Place;

/// A match of a route at a parent that it names, and so what a request that is meant for it has.
#[derive(Debug)]
pub(super) struct Aim {
    pub(super) to: Place,
    pub(super) port: u16,
    /// Whether it comes by TLS.
    pub(super) secure: bool,
    pub(super) hosts: Vec<String>,
    pub(super) path: String,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
}

/// Where a request can come in.
struct Entrance {
    to: Place,
    port: u16,
    secure: bool,
    hostname: Option<String>,
}

impl World {
    /// All matches of all routes.
    pub(super) fn aims(&self) -> Vec<Aim> {
        let mut aims = Vec::new();
        for route in self.objects.iter().filter(|object| text(&object["kind"]).ends_with("Route")) {
            for parent in list(&route["spec"]["parentRefs"]) {
                for entrance in self.entrances(route, parent) {
                    aims.extend(matches(route).into_iter().map(|found| aim(route, &entrance, found)));
                }
            }
        }
        aims
    }

    fn entrances(&self, route: &Value, parent: &Value) -> Vec<Entrance> {
        let kind = parent["kind"].as_str().unwrap_or("Gateway");
        if !["Gateway", "ListenerSet"].contains(&kind) {
            let (namespace, name) = (text(&parent["namespace"]), text(&parent["name"]));
            let to =
                Place::Service { namespace, name, from: text(&route["metadata"]["namespace"]), mesh: self.mesh(route) };
            let entrance = |port| Entrance { to: to.clone(), port, secure: false, hostname: None };
            return SERVICE_PORTS.map(entrance).into();
        }
        let named = |object: &&Value| {
            object["kind"] == kind
                && ["namespace", "name"].iter().all(|field| object["metadata"][field] == parent[field])
        };
        let holders = self.objects.iter().filter(named);
        let listeners = holders.flat_map(|holder| {
            // Requests to a ListenerSet go to the Gateway that it adds to.
            let gateway = holder["spec"].get("parentRef").unwrap_or(&holder["metadata"]);
            list(&holder["spec"]["listeners"]).map(move |listener| (gateway, listener))
        });
        let carried = listeners.filter(|(_, listener)| carries(listener, route));
        carried.map(|(gateway, listener)| entrance(gateway, listener)).collect()
    }

    /// The mesh that a route says it is in, or its namespace.
    fn mesh(&self, route: &Value) -> String {
        let of_namespace = |object: &&Value| {
            object["kind"] == "Namespace" && object["metadata"]["name"] == route["metadata"]["namespace"]
        };
        let label = |object: &Value| object["metadata"]["labels"]["kuma.io/mesh"].as_str().map(str::to_owned);
        let namespace = || self.objects.iter().find(of_namespace).and_then(label);
        label(route).or_else(namespace).unwrap_or_else(|| "default".to_owned())
    }
}

fn entrance(gateway: &Value, listener: &Value) -> Entrance {
    Entrance {
        to: Place::Gateway { namespace: text(&gateway["namespace"]), name: text(&gateway["name"]) },
        port: listener["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
        secure: ["HTTPS", "TLS"].contains(&listener["protocol"].as_str().unwrap_or_default()),
        hostname: listener["hostname"].as_str().map(str::to_owned),
    }
}

/// Whether a listener speaks what a route is for.
fn carries(listener: &Value, route: &Value) -> bool {
    let protocols: &[&str] = match text(&route["kind"]).as_str() {
        "TLSRoute" => &["TLS"],
        "TCPRoute" => &["TCP"],
        _ => &["HTTP", "HTTPS"],
    };
    protocols.iter().any(|protocol| listener["protocol"] == *protocol)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    list(value).map(|found| (text(&found["name"]), text(&found["value"]))).collect()
}

fn matches(route: &Value) -> Vec<&Value> {
    let mut all = Vec::new();
    for rule in list(&route["spec"]["rules"]) {
        match list(&rule["matches"]).collect::<Vec<_>>() {
            none if none.is_empty() => all.push(&Value::Null),
            some => all.extend(some),
        }
    }
    all
}

fn aim(route: &Value, entrance: &Entrance, found: &Value) -> Aim {
    let of_route = list(&route["spec"]["hostnames"]).filter_map(|name| name.as_str().map(str::to_owned));
    let is_call = route["kind"] == "GRPCRoute";
    Aim {
        to: entrance.to.clone(),
        port: entrance.port,
        secure: entrance.secure,
        hosts: of_route.chain(entrance.hostname.clone()).collect(),
        path: if is_call { path_of_call(&found["method"]) } else { path(&found["path"]) },
        method: if is_call { Some("POST".to_owned()) } else { found["method"].as_str().map(str::to_owned) },
        headers: pairs(&found["headers"]),
        query: pairs(&found["queryParams"]),
    }
}

fn path(found: &Value) -> String {
    match found["type"].as_str() {
        // No expression of ours is a path, but this one matches most.
        Some("RegularExpression") => "/a/b".to_owned(),
        Some(_) => text(&found["value"]),
        None => "/".to_owned(),
    }
}

/// Service and method where they are names, else those that most expressions of ours match.
fn path_of_call(method: &Value) -> String {
    let named = method["type"] != "RegularExpression";
    let part = |field: &str, default: &str| match method[field].as_str() {
        Some(name) if named => name.to_owned(),
        _ => default.to_owned(),
    };
    format!("/{}/{}", part("service", "a.B"), part("method", "Get"))
}
