use dataflows::model::{BackendKind, Destination, DestinationPort, Fact, Text};
use dataflows::rules::names;

use super::DecodeError;
use super::source::{Source, present};
use crate::kubernetes::MeshServiceSpec;

/// The mesh of what names none.
const DEFAULT_MESH: &str = "default";

/// The labels that say from which Service Kuma has made a MeshService: its name, and its namespace where the
/// MeshService lies in another one.
const MADE_FROM: (&str, &str) = ("k8s.kuma.io/service-name", "k8s.kuma.io/namespace");

/// A MeshService as a destination.
///
/// <https://kuma.io/docs/2.14.x/networking/meshservice/>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let destination = destination(source, BackendKind::MeshService)?;
    let service_tag = made_from(source).map(|(namespace, name)| names::any_port_service_tag(&namespace, &name).into());
    Ok(Vec::from_iter(Fact::destination(Destination { service_tag, ..destination })))
}

/// Namespace and name of the Service that a MeshService was made from.
fn made_from(source: &Source<'_>) -> Option<(Text, Text)> {
    let label = |key| present(source.metadata.labels.get(key).copied());
    Some((label(MADE_FROM.1).unwrap_or_else(|| source.name.namespace.clone()), label(MADE_FROM.0)?))
}

/// A destination with the ports that its spec lists, in the mesh that its label names. The schemas of these kinds take any
/// number for a port: what is none is one that nobody can name.
pub(super) fn destination(source: &Source<'_>, kind: BackendKind) -> Result<Destination, DecodeError> {
    let spec: MeshServiceSpec<'_> = source.section("spec")?;
    let ports = spec.ports.iter().filter_map(|written| {
        Some(DestinationPort {
            port: u16::try_from(written.port).ok().filter(|port| *port > 0)?,
            name: present(written.name),
            app_protocol: present(Some(written.app_protocol)),
        })
    });
    Ok(in_mesh(source, kind, ports.collect()))
}

/// A destination of a kind that is bound to the mesh that its label names.
pub(super) fn in_mesh(source: &Source<'_>, kind: BackendKind, ports: Vec<DestinationPort>) -> Destination {
    Destination {
        kind,
        namespace: source.name.namespace.clone(),
        name: source.name.name.clone(),
        ports: ports.into(),
        headless: false,
        external_name: false,
        service_tag: None,
        mesh: Some(source.mesh().unwrap_or_else(|| Text::from(DEFAULT_MESH))),
    }
}

/// The mesh that a field names.
pub(super) fn mesh_or_default(written: Option<&str>) -> Text {
    present(written).unwrap_or_else(|| Text::from(DEFAULT_MESH))
}

#[cfg(test)]
mod tests {
    use dataflows::model::Destination;

    use crate::watch::decode::testing::{decoded, error, rows};

    fn service(kind: &str, labels: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: kuma.io/v1alpha1, kind: {kind}, \
             metadata: {{name: cart, namespace: shop, labels: {labels}}}, spec: {spec}}}"
        )
    }

    #[track_caller]
    fn check(labels: &str, spec: &str, mesh: &str, expected: &[(u16, &str, &str)]) {
        for kind in ["MeshService", "MeshMultiZoneService"] {
            let destinations = rows::<Destination>(&decoded(&service(kind, labels, spec)));
            let [destination] = destinations.as_slice() else { panic!("{destinations:?}") };
            let ports: Vec<_> = destination
                .ports
                .iter()
                .map(|port| {
                    (port.port, port.name.as_deref().unwrap_or("-"), port.app_protocol.as_deref().unwrap_or("-"))
                })
                .collect();
            assert_eq!(ports, expected);
            assert_eq!(destination.mesh.as_deref(), Some(mesh));
            assert_eq!(destination.kind.kind().map(dataflows::model::Kind::name), Some(kind));
        }
    }

    #[test]
    fn a_mesh_service_knows_the_service_it_was_made_from() {
        #[track_caller]
        fn check(labels: &str, tag: Option<&str>) {
            let destinations = rows::<Destination>(&decoded(&service("MeshService", labels, "{ports: [{port: 80}]}")));
            assert_eq!(destinations[0].service_tag.as_deref(), tag);
        }
        check("{}", None);
        check("{k8s.kuma.io/namespace: shop}", None);
        check("{k8s.kuma.io/service-name: cart}", Some("cart_shop_svc"));
        check("{k8s.kuma.io/service-name: web, k8s.kuma.io/namespace: team}", Some("web_team_svc"));
    }

    #[test]
    fn a_mesh_service_has_ports_and_a_mesh() {
        check("null", "null", "default", &[]);
        check("{}", "{ports: [{port: 80}]}", "default", &[(80, "-", "tcp")]);
        check(
            "{kuma.io/mesh: blue}",
            "{ports: [{port: 80, name: web, appProtocol: http}, {port: 81}]}",
            "blue",
            &[(80, "web", "http"), (81, "-", "tcp")],
        );
        check("null", "{ports: [{port: 65536}, {port: 80}, {port: 0}, {port: -1}]}", "default", &[(80, "-", "tcp")]);
        assert_eq!(
            error(&service("MeshService", "{}", "{ports: [{port: web}]}")),
            "MeshService/shop/cart: spec.ports[0].port: invalid type: string \"web\", expected i64; \
             write the field as the schema of its kind has it",
        );
    }
}
