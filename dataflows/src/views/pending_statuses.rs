use crate::model::{Desired, Observed, Pending, Refusal, Settings};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// The statuses that the cluster does not show as they should be: those that concern nobody else, and the others. Keyed by the
/// object whose status it is. A status is never held: it tells what is.
pub(crate) fn pending_statuses<'s>(
    desired: Rows<'s, Desired>,
    observed: Rows<'s, Observed>,
    refusals: Rows<'s, Refusal>,
    settings: &Settings,
) -> (Rows<'s, Pending>, Rows<'s, Pending>) {
    let [settings, to_divide] = [(); 2].map(|()| settings.clone());
    let inputs = [desired.any(), observed.any(), refusals.any()];
    cogroup("pending statuses", inputs, move |_, group, pending| {
        pending.extend(rules::pending::pending(&settings, group.one(), group.one(), None, group.one()));
    })
    .divide("pending statuses alone", move |row| rules::order::stands_alone(&to_divide, row))
}
