use dataflows::model::{CrdVersion, Fact, Group};

use super::source::{Source, present};

/// The version of Gateway API that a definition is from.
///
/// <https://gateway-api.sigs.k8s.io/concepts/versioning/#version-indicators>
const BUNDLE_VERSION: &str = "gateway.networking.k8s.io/bundle-version";

/// The definition of a kind of Gateway API. Its metadata is enough.
pub(super) fn decode(source: &Source<'_>) -> Vec<Fact> {
    let name = &source.name.name;
    let group = name.split_once('.').map_or("", |(_, group)| group);
    if group != Group::Gateway.name() {
        return Vec::new();
    }
    let bundle = present(source.metadata.annotations.get(BUNDLE_VERSION).copied());
    vec![Fact::crd_version(CrdVersion::Of { name: name.clone(), bundle })]
}

#[cfg(test)]
mod tests {
    use dataflows::model::CrdVersion;

    use crate::watch::decode::testing::{decoded, rows};

    const DEFINITION: &str = "
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata:
          name: gateways.gateway.networking.k8s.io
          annotations: {gateway.networking.k8s.io/bundle-version: v1.6.1}";

    #[test]
    fn a_definition_of_gateway_api_has_the_version_of_its_bundle() {
        let version = |bundle: Option<&str>| CrdVersion::Of {
            name: "gateways.gateway.networking.k8s.io".into(),
            bundle: bundle.map(Into::into),
        };
        assert_eq!(rows::<CrdVersion>(&decoded(DEFINITION)), [version(Some("v1.6.1"))]);
        assert_eq!(rows::<CrdVersion>(&decoded(&DEFINITION.replace("v1.6.1", "''"))), [version(None)]);
    }

    #[test]
    fn definitions_of_other_groups_have_no_rows() {
        for other in ["gateways.example.com", "gateways.x.gateway.networking.k8s.io", "gateways"] {
            let object = decoded(&DEFINITION.replace("gateways.gateway.networking.k8s.io", other));
            assert!(object.updates.iter().all(|update| update.facts.is_empty()), "{other}");
        }
    }
}
