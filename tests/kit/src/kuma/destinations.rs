use std::collections::BTreeMap;

use serde_json::Value;

use super::objects::TargetRef;
use crate::traffic::Destination;

/// Kind, namespace, name, and the number or name of a port.
type Name = (String, String, String, String);

/// What a control plane can send traffic to, as it sees it.
#[derive(Default)]
pub(super) struct Destinations {
    /// By the tag `kuma.io/service`, in each mesh or, without one, in all.
    tags: BTreeMap<String, (Option<String>, Destination)>,
    /// By name, in each mesh or in all.
    real: BTreeMap<Name, (Option<String>, Destination)>,
}

impl Destinations {
    pub(super) fn of(objects: &[Value]) -> Self {
        let mut all = Self::default();
        for object in objects {
            all.add(object);
        }
        all
    }

    fn add(&mut self, object: &Value) {
        let of = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (of("namespace"), of("name"));
        let mesh = object["metadata"]["labels"]["kuma.io/mesh"].as_str().unwrap_or("default").to_owned();
        match object["kind"].as_str() {
            Some("Service") if object["spec"]["type"] != "ExternalName" => {
                for port in tcp_ports(object) {
                    let Some(number) = number(port) else { continue };
                    let tag = format!("{name}_{namespace}_svc_{number}");
                    self.tags.insert(tag, (None, at("Service", &namespace, &name, number)));
                    // A headless Service has a MeshService per pod, and none of its own name.
                    if object["spec"]["clusterIP"] != "None" {
                        self.insert(("MeshService", &namespace, &name), None, port);
                    }
                }
            }
            Some(kind @ ("MeshService" | "MeshMultiZoneService")) => {
                let kind = if kind == "MeshService" { "MeshService" } else { "MeshMultiZoneService" };
                for port in tcp_ports(object) {
                    self.insert((kind, &namespace, &name), Some(&mesh), port);
                }
            }
            Some("MeshExternalService") => {
                self.insert(("MeshExternalService", &namespace, &name), Some(&mesh), &object["spec"]["match"]);
            }
            Some("ExternalService") => {
                let mesh = object["mesh"].as_str().unwrap_or("default").to_owned();
                if let Some(tag) = object["spec"]["tags"]["kuma.io/service"].as_str() {
                    self.tags.insert(tag.to_owned(), (Some(mesh), at("ExternalService", "", &name, 0)));
                }
            }
            _ => {}
        }
    }

    fn insert(&mut self, (kind, namespace, name): (&'static str, &str, &str), mesh: Option<&str>, port: &Value) {
        let Some(number) = number(port) else { return };
        for port in port["name"].as_str().map(str::to_owned).into_iter().chain([number.to_string()]) {
            let key = (kind.to_owned(), namespace.to_owned(), name.to_owned(), port);
            let destination = at(kind, namespace, name, number);
            self.real.entry(key).or_insert((mesh.map(str::to_owned), destination));
        }
    }

    /// Where a backendRef of a policy in a mesh leads. A real reference that leads nowhere is an error 500, a tag that
    /// nobody has a cluster without endpoints: 503.
    pub(super) fn find(&self, zone: &str, mesh: &str, reference: &TargetRef) -> Destination {
        let in_mesh = |found: Option<&(Option<String>, Destination)>| {
            let found = found.filter(|(bound, _)| bound.as_ref().is_none_or(|bound| bound == mesh))?;
            Some(found.1.clone())
        };
        if is_real(reference) {
            let port = reference.port.map(|port| port.to_string()).or_else(|| reference.section_name.clone());
            let namespace = reference.namespace.clone().unwrap_or_default();
            let key = port.map(|port| (reference.kind.clone(), namespace, reference.name.clone(), port));
            return in_mesh(key.and_then(|key| self.real.get(&key))).unwrap_or(Destination::Nobody(500));
        }
        if reference.name == "kuma.io/unresolved-backend" {
            return Destination::Nobody(500);
        }
        let fits = reference.tags.iter().all(|(key, value)| key == "kuma.io/zone" && value == zone);
        in_mesh(self.tags.get(&reference.name).filter(|_| fits)).unwrap_or(Destination::Nobody(503))
    }
}

/// Whether a reference is to an object rather than to a tag: without a port or a section a MeshService is taken for a
/// tag.
pub(super) fn is_real(reference: &TargetRef) -> bool {
    match reference.kind.as_str() {
        "MeshServiceSubset" => false,
        "MeshService" => reference.port.is_some() || reference.section_name.is_some() || !reference.labels.is_empty(),
        _ => true,
    }
}

fn tcp_ports(object: &Value) -> impl Iterator<Item = &Value> {
    object["spec"]["ports"].as_array().into_iter().flatten().filter(|port| port["protocol"] != "UDP")
}

fn number(port: &Value) -> Option<u16> {
    u16::try_from(port["port"].as_u64()?).ok()
}

fn at(kind: &'static str, namespace: &str, name: &str, port: u16) -> Destination {
    // A MeshService is what Kuma makes of the Service of its name.
    let kind = if kind == "MeshService" { "Service" } else { kind };
    Destination::Port { kind, namespace: namespace.to_owned(), name: name.to_owned(), port }
}
