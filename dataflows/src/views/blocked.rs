use crate::model::{Blocked, Pending, Settings};
use crate::operators::Rows;
use crate::rules;

/// The pending rows that must wait, and for what. Keyed by the row that waits.
pub(crate) fn blocked<'s>(pending: Rows<'s, Pending>, settings: &Settings) -> Rows<'s, Blocked> {
    let settings = settings.clone();
    let waiting = pending.clone().rekey(move |_, row| rules::order::prerequisites(&settings, row));
    let holding = pending.rekey(|_, row| rules::order::holds(row));
    waiting.arrange("pending by prerequisite").join(holding.arrange("pending that others wait for"), |_, row, by| {
        rules::order::waits_for(row, by).then(|| (row.object.key(), Blocked { by: by.object.clone() }))
    })
}
