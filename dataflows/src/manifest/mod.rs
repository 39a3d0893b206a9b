//! Normal forms.
use serde_json::Value;
use crate::model::{Desired, Kind, Observed, Settings};

/// The object as it is to be applied: `apiVersion`, `kind`, `metadata` (name, namespace, labels, annotations,
/// ownerReferences), and all that we own below. Of a status: `apiVersion`, `kind`, `metadata` (name, namespace) and
/// `status` with only our entries; conditions without `lastTransitionTime`, which is added by whoever writes.
pub fn render(_settings: &Settings, _desired: &Desired) -> Value {
    Value::Null
}

/// What an object of a generated kind shows (MeshGateway, MeshGatewayInstance, MeshHTTPRoute). `None` if it has no name.
pub fn observe(_settings: &Settings, _kind: Kind, _object: &Value) -> Option<Observed> {
    None
}

/// What is ours in the status of a GatewayClass, Gateway or route; `None` if nothing is. Of GatewayClass and Gateway,
/// all conditions of the types that we write and all listener entries count as ours: whether we wrote them,
/// [`owns_status`] says.
pub fn observe_status(_settings: &Settings, _kind: Kind, _object: &Value) -> Option<Observed> {
    None
}

/// Whether our field manager has written the status of this GatewayClass or Gateway.
pub fn owns_status(_object: &Value) -> bool {
    false
}

/// The field manager that all our server-side applies bear.
pub const FIELD_MANAGER: &str = "deltagate";
