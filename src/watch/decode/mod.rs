//! From an object, as JSON, to the rows that it asserts: once, at the edge, and without looking at anything else.
//!
//! Mistakes that users can make in a cluster become rows, and rows become conditions. An error is left only for what
//! no API server with the schemas of the kinds would have stored.

mod connection_route;
mod custom_resource_definition;
mod error;
mod external_service;
mod gateway;
mod gateway_class;
mod grpc_route;
mod http_route;
mod listener;
mod listener_set;
mod mesh;
mod mesh_external_service;
mod mesh_gateway_config;
mod mesh_gateway_instance;
mod mesh_multi_zone_service;
mod mesh_service;
mod namespace;
mod reference_grant;
mod route;
mod secret;
mod service;
mod source;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use error::DecodeError;
pub use secret::TLS_SECRET;

use dataflows::manifest;
use dataflows::model::{Fact, Kind, ObjectName, Settings, Update, Written, status_source};
use serde_json::Value;

use crate::vault::CopyValue;
use source::Source;

/// What one object asserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The object.
    pub object: ObjectName,
    /// What each of its sources asserts now: the object itself, and its status where it has one of ours.
    pub updates: Vec<Update>,
    /// What copies of it hold, if it is a Secret that can be copied.
    pub copy: Option<CopyValue>,
}

/// Decodes an object of any served version of a kind that is read.
pub fn decode(settings: &Settings, object: &Value) -> Result<Decoded, DecodeError> {
    let source = Source::open(settings, object)?;
    let mut copy = None;
    let facts = match source.name.kind {
        Kind::CustomResourceDefinition => custom_resource_definition::decode(&source),
        Kind::GatewayClass => gateway_class::decode(&source)?,
        Kind::Gateway => gateway::decode(&source)?,
        Kind::ListenerSet => listener_set::decode(&source)?,
        Kind::HttpRoute => http_route::decode(&source)?,
        Kind::GrpcRoute => grpc_route::decode(&source)?,
        Kind::TcpRoute | Kind::TlsRoute => connection_route::decode(&source)?,
        Kind::ReferenceGrant => reference_grant::decode(&source)?,
        Kind::Namespace => namespace::decode(&source),
        Kind::Service => service::decode(&source)?,
        Kind::Mesh => mesh::decode(&source),
        Kind::MeshGatewayConfig => mesh_gateway_config::decode(&source)?,
        Kind::MeshGatewayInstance => mesh_gateway_instance::decode(&source)?,
        Kind::Secret => {
            let (facts, value) = secret::decode(&source);
            copy = value;
            facts
        }
        Kind::MeshGateway | Kind::MeshHttpRoute | Kind::MeshTcpRoute => source.observed(),
        Kind::MeshService => mesh_service::decode(&source)?,
        Kind::MeshMultiZoneService => mesh_multi_zone_service::decode(&source)?,
        Kind::MeshExternalService => mesh_external_service::decode(&source)?,
        Kind::ExternalService => external_service::decode(&source)?,
    };
    let mut updates = gone(&source.name);
    if let [_, status] = updates.as_mut_slice()
        && shows_status(settings, &source, &facts)
    {
        status.facts = source.observed_status();
    }
    if let [spec, ..] = updates.as_mut_slice() {
        spec.facts = facts;
    }
    Ok(Decoded { object: source.name, updates, copy })
}

/// The updates that take back all that an object ever asserted.
pub fn gone(object: &ObjectName) -> Vec<Update> {
    let key = object.key();
    let mut sources = vec![key];
    if object.kind.written() == Written::Status {
        sources.push(status_source(key));
    }
    sources.into_iter().map(|source| Update { source, facts: Vec::new() }).collect()
}

/// Whether what the status shows may be ours: entries of route statuses bear our name, those of classes, Gateways and
/// `ListenerSets` do not, so there our field manager has to be in it. A class of another controller has no facts.
fn shows_status(settings: &Settings, source: &Source<'_>, facts: &[Fact]) -> bool {
    match source.name.kind {
        kind if kind.is_route() => true,
        _ => !facts.is_empty() && manifest::owns_status(settings, source.object),
    }
}
