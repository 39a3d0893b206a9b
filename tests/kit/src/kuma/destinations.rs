use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::objects::TargetRef;
use crate::traffic::Destination;

/// Kind, namespace, name, and the number or name of a port.
type Name = (String, String, String, String);

/// Where something can be sent to.
#[derive(Clone, PartialEq, Eq)]
enum Reach {
    /// In every mesh.
    Everywhere,
    /// In every mesh for which Kuma makes a `MeshService` of a Service.
    MeshServices,
    /// In one mesh.
    Mesh(String),
}

/// What a control plane can send traffic to, as it sees it.
#[derive(Default)]
pub(super) struct Destinations {
    /// By the tag `kuma.io/service`.
    tags: BTreeMap<String, (Reach, Destination)>,
    /// By name; more than one where Kuma makes what is also written.
    real: BTreeMap<Name, Vec<(Reach, Destination)>>,
    /// Those that are taken for HTTP.
    http: BTreeSet<Destination>,
    /// The meshes where Kuma makes no `MeshService`.
    without_mesh_services: BTreeSet<String>,
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
            Some("Mesh") if !has_mesh_services(object) => drop(self.without_mesh_services.insert(name)),
            Some("Service") if object["spec"]["type"] != "ExternalName" => {
                for port in tcp_ports(object) {
                    let Some(number) = number(port) else { continue };
                    let destination = at("Service", &namespace, &name, number);
                    let tag = format!("{name}_{namespace}_svc_{number}");
                    self.note_protocol(&destination, &port["appProtocol"]);
                    self.tags.insert(tag, (Reach::Everywhere, destination));
                    // A headless Service has a MeshService per pod, and none of its own name.
                    if object["spec"]["clusterIP"] != "None" {
                        self.insert(("MeshService", &namespace, &name), &Reach::MeshServices, port);
                    }
                }
            }
            Some(kind @ ("MeshService" | "MeshMultiZoneService")) => {
                let kind = if kind == "MeshService" { "MeshService" } else { "MeshMultiZoneService" };
                for port in tcp_ports(object) {
                    self.insert((kind, &namespace, &name), &Reach::Mesh(mesh.clone()), port);
                    if let Some(number) = number(port) {
                        self.note_protocol(&at(kind, &namespace, &name, number), &port["appProtocol"]);
                    }
                }
            }
            Some("MeshExternalService") => {
                let port = &object["spec"]["match"];
                self.insert(("MeshExternalService", &namespace, &name), &Reach::Mesh(mesh), port);
                if let Some(number) = number(port) {
                    self.note_protocol(&at("MeshExternalService", &namespace, &name, number), &port["protocol"]);
                }
            }
            Some("ExternalService") => {
                let mesh = object["mesh"].as_str().unwrap_or("default").to_owned();
                let tags = &object["spec"]["tags"];
                if let Some(tag) = tags["kuma.io/service"].as_str() {
                    let destination = at("ExternalService", "", &name, 0);
                    self.note_protocol(&destination, &tags["kuma.io/protocol"]);
                    self.tags.insert(tag.to_owned(), (Reach::Mesh(mesh), destination));
                }
            }
            _ => {}
        }
    }

    fn insert(&mut self, (kind, namespace, name): (&'static str, &str, &str), reach: &Reach, port: &Value) {
        let Some(number) = number(port) else { return };
        for port in port["name"].as_str().map(str::to_owned).into_iter().chain([number.to_string()]) {
            let key = (kind.to_owned(), namespace.to_owned(), name.to_owned(), port);
            let destination = at(kind, namespace, name, number);
            self.real.entry(key).or_default().push((reach.clone(), destination));
        }
    }

    fn note_protocol(&mut self, destination: &Destination, protocol: &Value) {
        const HTTP: [&str; 5] = ["http", "http2", "grpc", "kubernetes.io/h2c", "kubernetes.io/ws"];
        let protocol = protocol.as_str().unwrap_or_default().to_ascii_lowercase();
        if HTTP.contains(&protocol.as_str()) {
            self.http.insert(destination.clone());
        }
    }

    /// Whether a destination is there for a mesh.
    pub(super) fn has(&self, mesh: &str, destination: &Destination) -> bool {
        let known = self.tags.values().chain(self.real.values().flatten());
        known.filter(|(_, known)| known == destination).any(|(reach, _)| self.reaches(reach, mesh))
    }

    /// Whether a destination is taken for HTTP.
    pub(super) fn speaks_http(&self, destination: &Destination) -> bool {
        self.http.contains(destination)
    }

    /// Whether a reference is by a tag that something has in a mesh, whatever other tags it asks for.
    pub(super) fn is_known_tag(&self, mesh: &str, reference: &TargetRef) -> bool {
        !is_real(reference) && self.tags.get(&reference.name).is_some_and(|(reach, _)| self.reaches(reach, mesh))
    }

    fn reaches(&self, reach: &Reach, mesh: &str) -> bool {
        match reach {
            Reach::Everywhere => true,
            Reach::MeshServices => !self.without_mesh_services.contains(mesh),
            Reach::Mesh(own) => own == mesh,
        }
    }

    /// Where a backendRef of a policy in a mesh leads. A real reference that leads nowhere is an error 500, a tag that
    /// nobody has a cluster without endpoints: 503.
    pub(super) fn find(&self, zone: &str, mesh: &str, reference: &TargetRef) -> Destination {
        let in_mesh = |found: Option<&[(Reach, Destination)]>| {
            let mut reached = found?.iter().filter(|(reach, _)| self.reaches(reach, mesh));
            reached.next().map(|(_, destination)| destination.clone())
        };
        if is_real(reference) {
            let port = reference.port.map(|port| port.to_string()).or_else(|| reference.section_name.clone());
            let namespace = reference.namespace.clone().unwrap_or_default();
            let key = port.map(|port| (reference.kind.clone(), namespace, reference.name.clone(), port));
            return in_mesh(key.and_then(|key| self.real.get(&key)).map(Vec::as_slice))
                .unwrap_or(Destination::Nobody(500));
        }
        if reference.name == "kuma.io/unresolved-backend" {
            return Destination::Nobody(500);
        }
        let fits = reference.tags.iter().all(|(key, value)| key == "kuma.io/zone" && value == zone);
        in_mesh(self.tags.get(&reference.name).filter(|_| fits).map(std::slice::from_ref))
            .unwrap_or(Destination::Nobody(503))
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

/// Whether Kuma makes a `MeshService` of each Service of a Mesh.
fn has_mesh_services(mesh: &Value) -> bool {
    mesh["spec"]["meshServices"]["mode"].as_str().is_some_and(|mode| mode != "Disabled")
}

/// A port of something that runs.
pub(super) fn at(kind: &'static str, namespace: &str, name: &str, port: u16) -> Destination {
    // A MeshService is what Kuma makes of the Service of its name.
    let kind = if kind == "MeshService" { "Service" } else { kind };
    Destination::Port { kind, namespace: namespace.to_owned(), name: name.to_owned(), port }
}
