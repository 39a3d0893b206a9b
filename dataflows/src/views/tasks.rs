use crate::model::{Blocked, Pending, Settings, Task};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// Pending rows with what they wait for: all that the writer needs. Keyed by the object.
///
/// Most rows can never wait for anything, and are passed on without being kept.
pub(crate) fn tasks<'s>(pending: Rows<'s, Pending>, blocked: Rows<'s, Blocked>, settings: &Settings) -> Rows<'s, Task> {
    let [of_free, of_bound] = [(); 2].map(|()| settings.clone());
    let free = pending.clone().flat_map(move |key, row| {
        let free = rules::order::prerequisites(&of_free, row).is_empty();
        free.then(|| (key, Task { pending: row.clone(), blocked_by: Vec::new() }))
    });
    let bound = pending.rekey(move |key, row| (!rules::order::prerequisites(&of_bound, row).is_empty()).then_some(key));
    let bound = cogroup("tasks by object", [bound.any(), blocked.any()], |_, group, tasks| {
        let mut blocked_by: Vec<_> = group.all::<Blocked>().map(|blocked| blocked.by.clone()).collect();
        blocked_by.sort_unstable();
        tasks.extend(group.one::<Pending>().map(|pending| Task { pending: pending.clone(), blocked_by }));
    });
    free.concat(bound)
}
