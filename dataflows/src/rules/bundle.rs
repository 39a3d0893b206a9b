//! Whether the definitions of Gateway API in the cluster are of versions that are known here.

use crate::model::{Bundle, CrdVersion, Ref};

/// The versions of Gateway API whose definitions are known, as major and minor number.
pub const KNOWN: [(u32, u32); 2] = [(1, 5), (1, 6)];

/// What the definitions of Gateway API say together: those of versions that are not known, by name.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassconditiontype> (`SupportedVersion`)
pub fn bundle<'a>(definitions: impl Iterator<Item = &'a Ref<CrdVersion>>) -> Bundle {
    let mut bundle = Bundle::default();
    for definition in definitions {
        match &**definition {
            CrdVersion::Unreadable => bundle.unreadable = true,
            CrdVersion::Of { bundle: Some(version), .. } if is_known(version) => {}
            CrdVersion::Of { name, bundle: version } => bundle.unknown.push((name.clone(), version.clone())),
        }
    }
    bundle.unknown.sort_unstable();
    bundle.unknown.dedup();
    bundle
}

/// Whether a text like `v1.6.1` is a version that is known.
fn is_known(version: &str) -> bool {
    let mut numbers = version.strip_prefix('v').unwrap_or_default().splitn(3, '.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => KNOWN.contains(&(major, minor)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for known in ["v1.5.0", "v1.5.1", "v1.6.0", "v1.6.1", "v1.6.2-rc.1", "v1.6.0-dev"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["", "v", "1.6.1", "v1", "v1.", "v1.4.1", "v1.7.0", "v2.6.0", "v1.60.0", "latest"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }

    #[test]
    fn one_unknown_definition_is_enough() {
        let definition = |name: &str, bundle: Option<&str>| {
            Ref::new(CrdVersion::Of { name: name.into(), bundle: bundle.map(Into::into) })
        };
        let all = [definition("b", None), definition("a", Some("v1.3.0")), definition("c", Some("v1.6.1"))];
        let unknown = vec![("a".into(), Some("v1.3.0".into())), ("b".into(), None)];
        assert_eq!(bundle(all.iter()), Bundle { unknown, unreadable: false });
        assert_eq!(bundle(all[2..].iter()), Bundle::default());
        let unreadable = [Ref::new(CrdVersion::Unreadable)];
        assert_eq!(bundle(unreadable.iter()), Bundle { unknown: Vec::new(), unreadable: true });
        assert_eq!(bundle([].iter()), Bundle::default(), "where nothing is known of the definitions, ours are assumed");
    }
}
