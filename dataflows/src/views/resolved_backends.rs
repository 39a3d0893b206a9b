use crate::model::{BackendRef, Destination, GrantedReference, ResolvedBackend};
use crate::operators::{Arrangement, Rows, cogroup};
use crate::rules;

/// What became of each backendRef and mirror. Keyed by the route.
pub(crate) fn resolved_backends<'s>(
    backends: Rows<'s, BackendRef>,
    granted: Rows<'s, GrantedReference>,
    destinations: Arrangement<'s, Destination>,
) -> Rows<'s, ResolvedBackend> {
    let (crossing, staying) = backends
        .rekey(|_, backend| Some(backend.target()))
        .arrange("backendRefs by target")
        .left_join(destinations, |_, backend, destination| {
            Some((backend.route, rules::backends::resolve(backend, destination.map(|destination| &**destination))))
        })
        .divide("backendRefs with their targets", |found| found.backend.crosses_namespaces());
    let crossing = crossing.rekey(|_, found| Some(found.backend.key()));
    let permitted = cogroup("backendRefs across namespaces", [crossing.any(), granted.any()], |_, group, resolved| {
        let permitted = group.one::<GrantedReference>().is_some();
        let found = group.one::<ResolvedBackend>();
        resolved.extend(found.map(|found| ResolvedBackend { permitted, ..ResolvedBackend::clone(found) }));
    });
    staying.concat(permitted.rekey(|_, found| Some(found.backend.route)))
}
