use crate::model::{BackendRef, Grant, GrantedReference};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// The backendRefs across namespaces that some ReferenceGrant permits. Keyed by the backendRef; a reference that two
/// grants permit is there twice, which means the same.
pub(crate) fn granted_references<'s>(
    backends: Rows<'s, BackendRef>,
    grants: Arrangement<'s, Grant>,
) -> Rows<'s, GrantedReference> {
    backends
        .rekey(|_, backend| rules::grants::backend_edges(backend))
        .arrange("backendRefs by edge")
        .join(grants, |_, backend, _| Some((backend.key(), GrantedReference {})))
}
