use crate::model::{CopyUse, ListenerState, Pending, Settings};
use crate::operators::Rows;
use crate::rules;

/// What is pending of the objects of each Gateway, and of the copies that it uses. Keyed by the Gateway.
pub(crate) fn pending_of_gateways<'s>(
    listeners: Rows<'s, ListenerState>,
    pending: Rows<'s, Pending>,
    settings: &Settings,
) -> Rows<'s, Pending> {
    let settings = settings.clone();
    let uses: Rows<'s, CopyUse> = listeners.flat_map(move |_, state| rules::certificates::copy_uses(&settings, state));
    let copies = uses
        .arrange("gateways by copy")
        .join(pending.clone().arrange("pending objects"), |_, used, row| Some((used.gateway, Pending::clone(row))));
    let objects = pending.rekey(|_, row| rules::order::gateway_of(row));
    objects.concat(copies)
}
