//! References across namespaces.

use crate::model::{BackendRef, Grant, Group, Key, Kind};

/// The edges of which one must be granted for a reference across namespaces: to any object of the kind, or to this
/// one.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant>
pub fn edges(
    from_kind: Kind,
    from_namespace: &str,
    to_group: &str,
    to_kind: &str,
    to_namespace: &str,
    to_name: &str,
) -> [Key; 2] {
    let any = Grant {
        from_group: Group::Gateway.name().into(),
        from_kind: from_kind.name().into(),
        from_namespace: from_namespace.into(),
        to_group: to_group.into(),
        to_kind: to_kind.into(),
        to_namespace: to_namespace.into(),
        to_name: None,
    };
    let named = Grant { to_name: Some(to_name.into()), ..any.clone() };
    [any.edge(), named.edge()]
}

/// The edges of which one must be granted for a backendRef; none if it stays in its namespace or leads nowhere.
pub fn backend_edges(backend: &BackendRef) -> Vec<Key> {
    match backend.kind.kind() {
        Some(kind) if backend.crosses_namespaces() => edges(
            backend.route_kind,
            &backend.route_namespace,
            kind.group().name(),
            kind.name(),
            &backend.namespace,
            &backend.name,
        )
        .to_vec(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl Fn(&mut Grant), permitted: bool) {
        let mut grant = Grant {
            from_group: "gateway.networking.k8s.io".into(),
            from_kind: "HTTPRoute".into(),
            from_namespace: "shop".into(),
            to_group: "".into(),
            to_kind: "Service".into(),
            to_namespace: "db".into(),
            to_name: None,
        };
        change(&mut grant);
        let edges = edges(Kind::HttpRoute, "shop", "", "Service", "db", "orders");
        assert_eq!(edges.contains(&grant.edge()), permitted, "{grant:?}");
    }

    #[test]
    fn a_grant_permits_what_it_names_and_nothing_else() {
        check(|_| {}, true);
        check(|grant| grant.to_name = Some("orders".into()), true);
        check(|grant| grant.to_name = Some("other".into()), false);
        check(|grant| grant.to_name = Some("".into()), false);
        check(|grant| grant.from_group = "".into(), false);
        check(|grant| grant.from_kind = "Gateway".into(), false);
        check(|grant| grant.from_namespace = "shop2".into(), false);
        check(|grant| grant.to_group = "apps".into(), false);
        check(|grant| grant.to_kind = "Secret".into(), false);
        check(|grant| grant.to_namespace = "shop".into(), false);
    }
}
