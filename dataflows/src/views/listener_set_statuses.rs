use crate::model::{Generation, Kind, ListenerReport, ListenerSetStatus, ManagedSet, Pending};
use crate::operators::{Group, Rows, cogroup};

/// What each ListenerSet that adds to a Gateway of ours should say. Keyed by the ListenerSet.
pub(crate) fn listener_set_statuses<'s>(
    sets: Rows<'s, ManagedSet>,
    reports: Rows<'s, ListenerReport>,
    generations: Rows<'s, Generation>,
    pending: Rows<'s, Pending>,
) -> Rows<'s, ListenerSetStatus> {
    let pending = sets
        .clone()
        .rekey(|_, set| Some(set.managed.key))
        .arrange("managed listener sets by gateway")
        .join(pending.arrange("pending objects by gateway"), |_, set, row| Some((set.set.key(), Pending::clone(row))));
    let of_set = |report: &ListenerReport| report.state.listener.set.is_some();
    let reports = reports.rekey(move |_, report| of_set(report).then(|| report.state.listener.holder()));
    let generations = generations.rekey(|key, row| (row.kind == Kind::ListenerSet).then_some(key));
    let inputs = [sets.any(), reports.any(), generations.any(), pending.any()];
    cogroup("listener set statuses", inputs, |_, group, statuses| statuses.extend(status(group)))
}

fn status(group: &Group<'_>) -> Option<ListenerSetStatus> {
    let (set, row) = (group.one::<ManagedSet>()?, group.one::<Generation>()?);
    let mut listeners: Vec<_> = group.all::<ListenerReport>().map(|report| ListenerReport::clone(report)).collect();
    listeners.sort_unstable_by_key(|report| report.state.listener.index);
    let mut pending: Vec<_> = group.all::<Pending>().cloned().collect();
    pending.sort_unstable_by(|left, right| left.object.cmp(&right.object));
    Some(ListenerSetStatus { generation: row.generation, set: set.clone(), listeners, pending })
}
