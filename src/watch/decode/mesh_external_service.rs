use dataflows::model::{BackendKind, DestinationPort, Fact};

use super::source::{Source, present};
use super::{DecodeError, mesh_service};
use crate::kubernetes::MeshExternalServiceSpec;

/// A MeshExternalService as a destination with the one port that it matches.
///
/// <https://kuma.io/docs/2.14.x/networking/meshexternalservice/>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: MeshExternalServiceSpec<'_> = source.section("spec")?;
    let port = DestinationPort {
        port: source.port(|| "spec.match.port".into(), spec.matching.port)?,
        name: None,
        app_protocol: present(Some(spec.matching.protocol)),
    };
    let destination = mesh_service::in_mesh(source, BackendKind::MeshExternalService, vec![port]);
    Ok(Vec::from_iter(Fact::destination(destination)))
}

#[cfg(test)]
mod tests {
    use dataflows::model::{Destination, DestinationPort};

    use crate::watch::decode::testing::{decoded, error, rows};

    fn service(spec: &str) -> String {
        format!(
            "{{apiVersion: kuma.io/v1alpha1, kind: MeshExternalService, \
             metadata: {{name: mail, namespace: kuma-system}}, spec: {spec}}}"
        )
    }

    #[test]
    fn it_has_the_port_that_it_matches() {
        #[track_caller]
        fn check(spec: &str, port: u16, protocol: &str) {
            let destinations = rows::<Destination>(&decoded(&service(spec)));
            let [destination] = destinations.as_slice() else { panic!("{destinations:?}") };
            assert_eq!(*destination.ports, [DestinationPort { port, name: None, app_protocol: Some(protocol.into()) }]);
            assert_eq!(destination.mesh.as_deref(), Some("default"));
        }
        check("{match: {type: HostnameGenerator, port: 443, protocol: null}}", 443, "tcp");
        check("{match: {port: 80, protocol: http}, endpoints: []}", 80, "http");
        assert_eq!(
            error(&service("{}")),
            "MeshExternalService/kuma-system/mail: spec: missing field `match`; \
             write the field as the schema of its kind has it",
        );
    }
}
