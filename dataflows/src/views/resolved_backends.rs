use crate::model::{BackendRef, Destination, GrantedReference, ResolvedBackend};
use crate::operators::{Arrangement, Rows, cogroup};
use crate::rules;

/// What became of each backendRef and mirror. Keyed by the route.
pub(crate) fn resolved_backends<'s>(
    backends: Rows<'s, BackendRef>,
    granted: Rows<'s, GrantedReference>,
    destinations: Arrangement<'s, Destination>,
) -> Rows<'s, ResolvedBackend> {
    let found = backends
        .rekey(|_, backend| Some(backend.target()))
        .arrange("backendRefs by target")
        .left_join(destinations, |_, backend, destination| {
            Some((backend.route, rules::backends::resolve(backend, destination.map(|destination| &**destination))))
        })
        .shared("backendRefs with their targets");
    let crossing = found.clone().rekey(|_, found| found.backend.crosses_namespaces().then(|| found.backend.key()));
    let permitted = cogroup("backendRefs across namespaces", [crossing.any(), granted.any()], |_, group, resolved| {
        let permitted = group.one::<GrantedReference>().is_some();
        let found = group.one::<ResolvedBackend>();
        resolved.extend(found.map(|found| ResolvedBackend { permitted, ..ResolvedBackend::clone(found) }));
    });
    let staying = found.rekey(|route, found| (!found.backend.crosses_namespaces()).then_some(route));
    staying.concat(permitted.rekey(|_, found| Some(found.backend.route)))
}
