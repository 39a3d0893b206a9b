//! The two ends of the dataflow as JSON: what a row becomes when it is written, and what an object shows when it is
//! read, in one normal form. All texts and all field names of Kuma are here; nothing here decides.
//!
//! A [`Fingerprint`] is a hash over the normal form. Equality of fingerprints is what "the cluster shows it" means, so
//! whatever the API server, its defaults and Kuma's webhooks add without changing the meaning must leave the normal
//! form alone. `normal_form` is where that is decided, for both ends alike.

mod certificates;
mod class_status;
mod conditions;
mod gateway_status;
mod instance;
mod json;
mod listener_set_status;
mod listener_status;
mod mesh_gateway;
mod mesh_http_route;
mod mesh_tcp_route;
mod metadata;
mod normal;
mod parent_problem;
mod route_status;
mod service_route;

pub(crate) use mesh_http_route::serves_anything;

use serde_json::{Map, Value, json};

use crate::model::{Content, CopyContent, Desired, Fingerprint, Key, Kind, ObjectName, Observed, Settings, text};
use crate::rules::names;

/// The field manager of all that we write, under the usual controllerName.
pub const FIELD_MANAGER: &str = "deltagate";

/// The finalizer of a class that Gateways use: <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass>.
pub const CLASS_FINALIZER: &str = "gateway-exists-finalizer.gateway.networking.k8s.io";

/// The type of a Secret that the control plane reads.
pub const SECRET_TYPE: &str = "system.kuma.io/secret";

/// The type of the condition that says what is accepted without effect.
pub const EFFECTIVE: &str = "deltagate.io/Effective";

/// The tag by which the listeners are told apart that one listener for TLS becomes.
const HOSTNAME_TAG: &str = "deltagate.io/hostname";

/// The object as it is to be applied: `apiVersion`, `kind`, `metadata` (name, namespace, labels, annotations,
/// ownerReferences), and all that we own below. Of the copy of a Secret `data` is left out: it holds a key, and is added
/// by whoever writes. Of a status: `apiVersion`, `kind`, `metadata` (name, namespace) and
/// `status` with only our entries; conditions without `lastTransitionTime`, which is added by whoever writes. Of a class
/// that is in use also `metadata.finalizers` with ours alone.
pub fn render(settings: &Settings, desired: &Desired) -> Value {
    render_content(settings, &desired.object, &desired.owner(), desired.mesh(), &desired.content)
}

/// Hash of the normal form of an object or status. Worked out once per row, and only where there is something to
/// compare it with.
pub fn fingerprint(settings: &Settings, desired: &Desired) -> Fingerprint {
    desired.fingerprint.get(|| {
        let mut rendered = render(settings, desired);
        let normal = if desired.content.is_status() {
            // A status that says nothing of ours equals the empty one.
            let status = rendered["status"].take();
            normal::status(settings, desired.object.kind, &rendered, status).unwrap_or_default()
        } else {
            let spec = rendered["spec"].take();
            normal::object(desired.object.kind, &rendered, spec, desired.content.copied())
        };
        hash(&normal)
    })
}

/// What an object of a generated kind shows (MeshGateway, MeshGatewayInstance, MeshHTTPRoute, MeshTCPRoute, the copy of
/// a Secret). `None` if it has no name.
pub fn observe(settings: &Settings, kind: Kind, object: &Value) -> Option<Observed> {
    let name = object_name(settings, kind, object)?;
    let ours = metadata::is_ours(settings, object);
    let claim = metadata::claim(object).filter(|_| !ours).map(Into::into);
    let mesh = metadata::mesh_of(kind, object);
    let anchor = match kind {
        kind if kind.is_mesh_route()
            && object.pointer("/spec/targetRef/kind") == Some(&Kind::MeshGateway.name().into()) =>
        {
            let target = object.pointer("/spec/targetRef/name").and_then(Value::as_str).unwrap_or_default();
            Key::of(Kind::MeshGateway, "", target)
        }
        _ => name.key(),
    };
    let copy = |secret: &str| Key::of(Kind::Secret, &settings.system_namespace, secret);
    let mut copies: Vec<_> = match kind {
        Kind::MeshGateway => mesh_gateway::secrets(object).map(copy).collect(),
        _ => Vec::new(),
    };
    copies.sort_unstable();
    copies.dedup();
    let content = object.pointer("/data/value").and_then(Value::as_str).map(CopyContent::of);
    let fingerprint = hash(&normal::object(kind, object, object["spec"].clone(), content));
    let rare = Observed::rare(claim, copies);
    Some(Observed { object: name, ours, mesh: text(mesh), fingerprint, anchor, rare })
}

/// What is ours in the status of a GatewayClass, Gateway, ListenerSet or route, and whether a class bears our finalizer;
/// `None` if nothing of the status is ours. Of all but routes,
/// all conditions of the types that we write and all listener entries count as ours: whether we wrote them,
/// [`owns_status`] says.
pub fn observe_status(settings: &Settings, kind: Kind, object: &Value) -> Option<Observed> {
    let name = object_name(settings, kind, object)?;
    let status = normal::status(settings, kind, object, object["status"].clone())?;
    let anchor = name.key();
    Some(Observed { object: name, ours: true, mesh: "".into(), fingerprint: hash(&status), anchor, rare: None })
}

/// `metadata` with the labels and annotations that make an object ours, for this owner.
pub fn ownership(settings: &Settings, owner: &ObjectName) -> Value {
    metadata::ownership(settings, owner)
}

/// The field manager of all that we write.
///
/// A status of a Gateway or class does not name its controller. So where two installations of us serve one cluster, each
/// under its own controllerName, only this tells whose it is: without it each would take back what the other says.
pub fn field_manager(settings: &Settings) -> String {
    if settings.controller_name == Settings::default().controller_name {
        return FIELD_MANAGER.to_owned();
    }
    format!("{FIELD_MANAGER}-{}", Key::hash(&[settings.controller_name.as_bytes()]).short())
}

/// Whether our field manager has written the status of this GatewayClass, Gateway or ListenerSet.
pub fn owns_status(settings: &Settings, object: &Value) -> bool {
    let ours = field_manager(settings);
    let managers = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    managers.is_some_and(|managers| {
        managers.iter().any(|entry| entry["manager"] == *ours && entry["subresource"] == "status")
    })
}

/// Whether a class bears our finalizer.
pub fn bears_finalizer(class: &Value) -> bool {
    let finalizers = class.pointer("/metadata/finalizers").and_then(Value::as_array);
    finalizers.is_some_and(|finalizers| finalizers.iter().any(|finalizer| finalizer == CLASS_FINALIZER))
}

/// The `apiVersion` under which objects of a kind are written.
pub fn api_version(kind: Kind) -> String {
    let version = match kind.group() {
        crate::model::Group::Kuma => "v1alpha1",
        _ => "v1",
    };
    match kind.group().name() {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    }
}

fn render_content(
    settings: &Settings,
    object: &ObjectName,
    owner: &ObjectName,
    mesh: &str,
    content: &Content,
) -> Value {
    let mut rendered = Map::new();
    rendered.insert("apiVersion".into(), api_version(object.kind).into());
    rendered.insert("kind".into(), object.kind.name().into());
    let (key, body) = match content {
        Content::MeshGateway(plan) => {
            rendered.insert("mesh".into(), mesh.into());
            ("spec", mesh_gateway::spec(settings, plan))
        }
        Content::MeshGatewayInstance(plan) => ("spec", instance::spec(plan)),
        Content::MeshHttpRoute(plan) => ("spec", mesh_http_route::spec(settings, plan)),
        Content::SecretCopy(_) => ("type", SECRET_TYPE.into()),
        Content::MeshTcpRoute(plan) => ("spec", mesh_tcp_route::spec(settings, plan).unwrap_or_default()),
        Content::Floor(floor) => ("spec", mesh_http_route::floor_spec(floor)),
        Content::ServiceRoute(plan) => ("spec", service_route::spec(settings, plan)),
        Content::ServiceTcpRoute(plan) => ("spec", mesh_tcp_route::service_spec(settings, plan)),
        Content::ServiceFloor(floor) => ("spec", service_route::floor_spec(floor).unwrap_or_default()),
        Content::ClassStatus(status) => ("status", class_status::status(settings, status)),
        Content::GatewayStatus(status) => ("status", gateway_status::status(status)),
        Content::ListenerSetStatus(status) => ("status", listener_set_status::status(status)),
        Content::RouteStatus(status) => ("status", route_status::status(settings, status)),
    };
    rendered.insert("metadata".into(), metadata::render(settings, object, owner, mesh, content));
    rendered.insert(key.into(), body);
    Value::Object(rendered)
}

fn object_name(settings: &Settings, kind: Kind, object: &Value) -> Option<ObjectName> {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    let name = text("/metadata/name")?;
    let namespace = if kind.namespaced() { text("/metadata/namespace").unwrap_or("default") } else { "" };
    Some(settings.named(kind, namespace, name))
}

fn hash(normal: &Value) -> Fingerprint {
    Fingerprint(Key::hash(&[normal.to_string().as_bytes()]))
}

/// `{kind, name, …}` of a MeshGateway as the target of a route.
fn gateway_target(namespace: &str, name: &str) -> Value {
    json!({"kind": "MeshGateway", "name": names::mesh_gateway(namespace, name)})
}
