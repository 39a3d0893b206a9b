//! Why a Service or MeshService takes no route.

use super::conditions::{GLOBAL, join, unknown_mode};
use crate::model::{ParentKind, ParentProblem, ParentReference, ParentReport, RouteKind};
use crate::rules::meshes;

/// Reason and message, if it is a Service that does not take the route. `name` is what the parent is called.
pub(super) fn of_service(name: &str, report: &ParentReport, problem: &ParentProblem) -> Option<(&'static str, String)> {
    let parent = &report.verdict.parent;
    let message = match problem {
        ParentProblem::Conflicted if parent.parent_kind != ParentKind::Gateway => {
            let advice = Some("use another port, or routes of one kind".to_owned());
            return Some(("Conflicted", join(yielded(report).into_iter().chain(not_http(report)).chain(advice))));
        }
        ParentProblem::GlobalControlPlane => return Some(("Pending", GLOBAL.to_owned())),
        ParentProblem::HostnamesOnService => return Some(("UnsupportedValue", HOSTNAMES.to_owned())),
        ParentProblem::NoMesh => no_mesh(meshes::name_of(parent.mesh.as_ref())),
        ParentProblem::UnknownMeshMode => unknown_mode(meshes::name_of(parent.mesh.as_ref())),
        ParentProblem::NoSuchService => format!("{name} does not exist: create it or correct the parentRef"),
        ParentProblem::HeadlessService => {
            format!("{name} is headless, and a route needs a Service with a cluster IP")
        }
        ParentProblem::ExternalNameService => {
            format!("{name} is of type ExternalName, and a route needs a Service with a cluster IP")
        }
        _ => return None,
    };
    Some(("NoMatchingParent", message))
}

/// Why a TLSRoute with hostnames is none for a Service.
const HOSTNAMES: &str = "hostnames are not supported on a Service, as Kuma's sidecars do not tell connections apart by server \
                         name: use a TCPRoute";

fn no_mesh(mesh: &str) -> String {
    if meshes::is_mesh_name(mesh) {
        format!("Mesh \"{mesh}\" does not exist: create it, or set the kuma.io/mesh label or annotation of the route")
    } else {
        format!("\"{mesh}\" cannot be the name of a Mesh: see the kuma.io/mesh label or annotation of the route")
    }
}

/// That a Service has no port that a parentRef asks for.
pub(super) fn no_port(name: &str, reference: &ParentReference) -> String {
    let number = reference.port.map(|port| format!(" {port}"));
    let section = reference.section_name.as_ref().map(|section| format!(" named \"{section}\""));
    format!("{name} has no TCP port{}{}", number.unwrap_or_default(), section.unwrap_or_default())
}

/// The ports on which a route gives way to those of kinds that come first, if there are any.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1294/> (route types)
pub(super) fn yielded(report: &ParentReport) -> Option<String> {
    let ports = join(report.yielded.iter());
    let kind = report.verdict.parent.route_kind;
    let first = if kind == RouteKind::Http { "GRPCRoutes" } else { "HTTPRoutes and GRPCRoutes" };
    (!ports.is_empty()).then(|| format!("{first} come before {}s on ports: {ports}", kind.kind()))
}

/// The ports that Kuma does not take for HTTP, if a parentRef asks for some.
pub(super) fn not_http(report: &ParentReport) -> Option<String> {
    let ports = join(report.verdict.not_http.iter());
    (!ports.is_empty())
        .then(|| format!("ports that Kuma does not take for HTTP are left out, set their appProtocol to http: {ports}"))
}
