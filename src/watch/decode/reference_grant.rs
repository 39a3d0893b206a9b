use std::collections::BTreeSet;

use dataflows::model::{Fact, Grant};

use super::DecodeError;
use super::source::Source;
use crate::kubernetes::ReferenceGrantSpec;

/// Grants that one object may make. Gateway API allows 16 times 16.
const GRANTS_MAX: usize = 65_536;

/// Who may refer to what: each `from` with each `to`.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: ReferenceGrantSpec<'_> = source.section("spec")?;
    if spec.from.len().saturating_mul(spec.to.len()) > GRANTS_MAX {
        let problem = format!("{} entries times {} of spec.to are too many", spec.from.len(), spec.to.len());
        return Err(source.invalid("spec.from", problem, "use several ReferenceGrants"));
    }
    let mut grants = BTreeSet::new();
    for from in &spec.from {
        for to in &spec.to {
            grants.insert(Grant {
                from_group: from.group.into(),
                from_kind: from.kind.into(),
                from_namespace: from.namespace.into(),
                to_group: to.group.into(),
                to_kind: to.kind.into(),
                to_namespace: source.name.namespace.clone(),
                // An empty name is nobody's: taken for "any" it would permit more than was written.
                to_name: to.name.map(Into::into),
            });
        }
    }
    Ok(grants.into_iter().map(Fact::grant).collect())
}

#[cfg(test)]
mod tests {
    use dataflows::model::Grant;

    use crate::watch::decode::testing::{decoded, error, rows};

    /// The grants of a spec, as `group/kind/namespace -> group/kind/name`.
    #[track_caller]
    fn check(spec: &str, expected: &[&str]) {
        let object = decoded(&object(spec));
        let mut grants: Vec<String> = rows::<Grant>(&object)
            .iter()
            .map(|grant| {
                assert_eq!(&*grant.to_namespace, "shop");
                let Grant { from_group, from_kind, from_namespace, to_group, to_kind, to_name, .. } = grant;
                let name = to_name.as_deref().unwrap_or("*");
                format!("{from_group}/{from_kind}/{from_namespace} -> {to_group}/{to_kind}/{name}")
            })
            .collect();
        grants.sort();
        assert_eq!(grants, expected);
    }

    fn object(spec: &str) -> String {
        format!(
            "{{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, \
             metadata: {{name: open, namespace: shop}}, spec: {spec}}}"
        )
    }

    #[test]
    fn each_from_is_combined_with_each_to() {
        check("{from: [], to: [{group: '', kind: Service}]}", &[]);
        check("null", &[]);
        check(
            "{from: [{group: g, kind: HTTPRoute, namespace: a}], to: [{group: '', kind: Service}]}",
            &["g/HTTPRoute/a -> /Service/*"],
        );
        check(
            "{from: [{group: g, kind: K, namespace: a}, {group: g, kind: K, namespace: b}, \
             {group: g, kind: K, namespace: a}], \
             to: [{group: '', kind: Service, name: s}, {group: '', kind: Secret, name: ''}]}",
            &["g/K/a -> /Secret/", "g/K/a -> /Service/s", "g/K/b -> /Secret/", "g/K/b -> /Service/s"],
        );
    }

    #[test]
    fn a_grant_says_what_it_lacks() {
        assert_eq!(
            error(&object("{from: [{group: g, kind: K}]}")),
            "ReferenceGrant/shop/open: spec.from[0]: missing field `namespace`; \
             write the field as the schema of its kind has it",
        );
        let many = |entry: &str| vec![entry; 300].join(", ");
        let spec = format!(
            "{{from: [{}], to: [{}]}}",
            many("{group: g, kind: K, namespace: a}"),
            many("{group: '', kind: Service}")
        );
        assert_eq!(
            error(&object(&spec)),
            "ReferenceGrant/shop/open: spec.from: 300 entries times 300 of spec.to are too many; \
             use several ReferenceGrants",
        );
    }
}
