//! What the dataflow is about: keys and rows. Plain data; nothing here names a dataflow type or decides anything.

mod attach_point;
mod certificate;
mod class;
mod crd;
mod desired;
mod destination;
mod fact;
mod gateway;
mod grant;
mod key;
mod kind;
mod listener;
mod namespace;
mod observed;
mod route;
mod row;
mod rule;
mod settings;
mod status;
mod text;
mod verdict;

pub use attach_point::{AttachPoint, ListenerPlace, Place, ServicePort};
pub use certificate::{
    Certificate, CertificateProblem, CertificateRefProblem, CertificateUse, CopyContent, CopyUse, FoundCertificate,
    GrantedCertificate, Half, SecretCopyPlan,
};
pub use class::{Class, ClassParameters, ClassUse, ClassVerdict, CommonConfig, ParametersProblem, ParametersRef};
pub use crd::{Bundle, CrdVersion};
pub use desired::{
    Content, Desired, Fingerprint, Floor, InstancePlan, MeshGatewayPlan, MeshHttpRoutePlan, MeshTcpRoutePlan,
    ServiceFloor, ServiceRoutePlan, ServiceTcpRoutePlan,
};
pub use destination::{BackendKind, BackendRef, Destination, DestinationPort, RefProblem, ResolvedBackend};
pub use fact::{Fact, Update, status_source};
pub use gateway::{
    ClientCertificates, Gateway, GatewayAddress, GatewayProblem, Infrastructure, ManagedGateway, RequestedAddress,
};
pub use grant::{Grant, GrantedReference};
pub use key::Key;
pub use kind::{Group, Kind, ObjectName, Written};
pub use listener::{
    AllowedNamespaces, CertificateRef, Hostname, LabelledSet, Listener, ListenerProblem, ListenerSet, ListenerState,
    ListenerTls, ManagedSet, Protocol, RouteKindRef, Selector, SelectorRequirement, TlsMode, UnsupportedListenerValue,
};
pub use namespace::{Mesh, MeshChoice, MeshServices, NamespaceLabels};
pub use observed::{Action, Blocked, Held, Observed, Pending, Refusal, Task};
pub use route::{Age, Generation, ParentKind, ParentRef, ParentReference, RouteKind};
pub use row::{AnyRow, Datum, Prefix, Ref, Relation, Row};
pub use rule::{
    Filter, HeaderChange, HeaderValue, Match, MatchKind, NamedMatch, PathMatch, PathRewrite, Percentage, Redirect,
    Rewrite, Rule, RuleProblem, RuleReason,
};
pub use settings::{ControlPlaneMode, Settings};
pub use status::{ClassStatus, GatewayStatus, ListenerReport, ListenerSetStatus, ParentReport, RouteStatus};
pub use text::{Text, text};
pub use verdict::{
    Attachment, AttachmentOutcome, Claim, Count, Everything, GrpcListener, HostnamePlace, JudgedServiceParent,
    ListenerHostname, Padded, ParentCandidate, ParentProblem, ParentVerdict, PlannedRule, PortConnections,
    RequestsServed, RouteConflict, RouteParent, RouteRules, ServiceParent, Serving, Shadowed, YieldedPort,
};

/// What most rows have none of: one pointer wide, and nothing behind it where there is nothing.
pub type Few<T> = thin_vec::ThinVec<T>;
