//! Narrow types of the kinds that are read: only the fields that matter here, with the defaults that the CRDs give
//! them. They borrow from the JSON they are read from, and live no longer than it takes to make rows of it.
//!
//! Numbers are as wide as JSON has them and texts are whatever was written: what values make sense is decided by
//! [`crate::watch::decode`] and by the rules of the dataflow.

mod connection_route;
mod core;
mod document;
mod gateway;
mod grant;
mod grpc_route;
mod kuma;
mod metadata;
mod reader;
mod route;
mod services;

pub use connection_route::{ConnectionRouteSpec, ConnectionRule};
pub use core::{ServicePort, ServiceSpec};
pub use document::Document;
pub use gateway::{
    AllowedListeners, AllowedRoutes, CertificateRef, FrontendTls, GatewayAddress, GatewayClassSpec, GatewaySpec,
    GatewayTls, Infrastructure, LabelRequirement, LabelSelector, Listener, ListenerSetSpec, ListenerTls,
    LocalParametersRef, OnePortTls, ParametersRef, PortTls, RouteGroupKind, RouteNamespaces,
};
pub use grant::{GrantFrom, GrantTo, ReferenceGrantSpec};
pub use grpc_route::{GrpcMatch, GrpcRouteSpec, GrpcRule, MethodMatch};
pub use kuma::{
    LoadBalancer, LoadBalancerIngress, MeshGatewayConfigSpec, MeshGatewayInstanceStatus, MeshServicesSpec, MeshSpec,
    PodTemplate, ServiceTemplate, ServiceTemplateSpec, Template,
};
pub use metadata::Metadata;
pub use reader::{FieldError, read};
pub use route::{
    BackendRef, Fraction, Header, HeaderModifier, HttpRouteSpec, Mirror, ParentRef, PathMatch, PathModifier, Redirect,
    Rewrite, RouteFilter, RouteMatch, RouteRule, ValueMatch,
};
pub use services::{
    ExternalMatch, ExternalServiceSpec, MeshExternalServiceSpec, MeshServicePort, MeshServiceSpec, Networking,
};

/// The Gateway API group, which references to Gateway API objects name by default.
const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

const fn gateway_group() -> &'static str {
    GATEWAY_GROUP
}
