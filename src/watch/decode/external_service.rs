use dataflows::model::{BackendKind, Destination, DestinationPort, Fact};

use super::source::{Source, present};
use super::{DecodeError, mesh_service};
use crate::kubernetes::ExternalServiceSpec;

/// The tag that makes an ExternalService a destination.
const SERVICE_TAG: &str = "kuma.io/service";

/// The tag that says what it speaks.
const PROTOCOL_TAG: &str = "kuma.io/protocol";

/// An ExternalService as a destination: the one kind that is in a mesh by a field at its top.
///
/// <https://kuma.io/docs/2.14.x/policies/external-services/>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: ExternalServiceSpec<'_> = source.section("spec")?;
    let mesh: Option<&str> = source.section("mesh")?;
    let port = spec.networking.address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let app_protocol = present(spec.tags.get(PROTOCOL_TAG).copied());
    let destination = Destination {
        kind: BackendKind::ExternalService,
        namespace: "".into(),
        name: source.name.name.clone(),
        ports: port
            .filter(|&port| port > 0)
            .map(|port| DestinationPort { port, name: None, app_protocol })
            .into_iter()
            .collect(),
        headless: false,
        external_name: false,
        service_tag: present(spec.tags.get(SERVICE_TAG).copied()),
        mesh: Some(mesh_service::mesh_or_default(mesh)),
    };
    Ok(Vec::from_iter(Fact::destination(destination)))
}

#[cfg(test)]
mod tests {
    use dataflows::model::Destination;

    use crate::watch::decode::testing::{decoded, error, rows};

    #[track_caller]
    fn check(fields: &str, mesh: &str, tag: Option<&str>, ports: &[u16]) {
        let object = decoded(&format!(
            "{{apiVersion: kuma.io/v1alpha1, kind: ExternalService, metadata: {{name: mail}}, {fields}}}"
        ));
        let destinations = rows::<Destination>(&object);
        let [destination] = destinations.as_slice() else { panic!("{destinations:?}") };
        assert_eq!(destination.mesh.as_deref(), Some(mesh));
        assert_eq!(destination.service_tag.as_deref(), tag);
        assert_eq!(destination.ports.iter().map(|port| port.port).collect::<Vec<_>>(), ports);
    }

    #[test]
    fn it_is_known_by_its_tag() {
        check("spec: null", "default", None, &[]);
        check("mesh: null, spec: {networking: null, tags: {kuma.io/service: ''}}", "default", None, &[]);
        check(
            "mesh: blue, spec: {networking: {address: 'mail.example:25'}, tags: {kuma.io/service: mail, kuma.io/protocol: tcp}}",
            "blue",
            Some("mail"),
            &[25],
        );
        check("spec: {networking: {address: '[::1]:443'}}", "default", None, &[443]);
        check("spec: {networking: {address: 'mail.example'}}", "default", None, &[]);
        check("spec: {networking: {address: 'mail.example:99999'}}", "default", None, &[]);
        assert_eq!(
            error("{apiVersion: kuma.io/v1alpha1, kind: ExternalService, metadata: {name: mail}, mesh: [a]}"),
            "ExternalService/mail: mesh: invalid type: sequence, expected a string; \
             write the field as the schema of its kind has it",
        );
    }
}
