use crate::model::{Desired, Held, Observed, Pending, Refusal, Settings};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// The objects that the cluster does not show as they should be: those that concern nobody else, and the others. Keyed by the
/// object.
pub(crate) fn pending_objects<'s>(
    desired: Rows<'s, Desired>,
    observed: Rows<'s, Observed>,
    held: Rows<'s, Held>,
    refusals: Rows<'s, Refusal>,
    settings: &Settings,
) -> (Rows<'s, Pending>, Rows<'s, Pending>) {
    let [settings, to_divide] = [(); 2].map(|()| settings.clone());
    let inputs = [desired.any(), observed.any(), held.any(), refusals.any()];
    cogroup("pending objects", inputs, move |_, group, pending| {
        pending.extend(rules::pending::pending(&settings, group.one(), group.one(), group.one(), group.one()));
    })
    .divide("pending objects alone", move |row| rules::order::stands_alone(&to_divide, row))
}
