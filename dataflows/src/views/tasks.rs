use crate::model::{Blocked, Pending, Task};
use crate::operators::{Rows, cogroup};

/// Pending rows with what they wait for: all that the writer needs. Keyed by the object. Most rows concern nobody else, and
/// are passed on without being kept.
pub(crate) fn tasks<'s>(
    free: Rows<'s, Pending>,
    involved: Rows<'s, Pending>,
    blocked: Rows<'s, Blocked>,
) -> Rows<'s, Task> {
    let free = free.flat_map(|key, row| Some((key, Task { pending: row.clone(), blocked_by: Vec::new() })));
    let bound = cogroup("tasks by object", [involved.any(), blocked.any()], |_, group, tasks| {
        let mut blocked_by: Vec<_> = group.all::<Blocked>().map(|blocked| blocked.by.clone()).collect();
        blocked_by.sort_unstable();
        tasks.extend(group.one::<Pending>().map(|pending| Task { pending: pending.clone(), blocked_by }));
    });
    free.concat(bound)
}
