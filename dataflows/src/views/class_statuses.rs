use crate::model::{ClassStatus, ClassVerdict, Generation, Kind};
use crate::operators::{Rows, cogroup};

/// What each GatewayClass of ours should say. Keyed by the class.
pub(crate) fn class_statuses<'s>(
    classes: Rows<'s, ClassVerdict>,
    generations: Rows<'s, Generation>,
) -> Rows<'s, ClassStatus> {
    let generations = generations.rekey(|key, row| (row.kind == Kind::GatewayClass).then_some(key));
    cogroup("class statuses by class", [classes.any(), generations.any()], |_, group, statuses| {
        if let (Some(verdict), Some(row)) = (group.one::<ClassVerdict>(), group.one::<Generation>()) {
            statuses.push(ClassStatus { generation: row.generation, verdict: verdict.clone() });
        }
    })
    .rows()
}
