use crate::model::{Blocked, Pending, Task};
use crate::operators::{Rows, cogroup};

/// Pending rows with what they wait for: all that the writer needs. Keyed by the object.
pub(crate) fn tasks<'s>(pending: Rows<'s, Pending>, blocked: Rows<'s, Blocked>) -> Rows<'s, Task> {
    cogroup("tasks by object", [pending.any(), blocked.any()], |_, group, tasks| {
        let mut blocked_by: Vec<_> = group.all::<Blocked>().map(|blocked| blocked.by.clone()).collect();
        blocked_by.sort_unstable();
        tasks.extend(group.one::<Pending>().map(|pending| Task { pending: pending.clone(), blocked_by }));
    })
    .rows()
}
