//! The operators that need memory: joins, reductions and counts, over the one key and the one row type.

use differential_dataflow::AsCollection;
use differential_dataflow::consolidation::ConsolidatingContainerBuilder;
use differential_dataflow::operators::join::join_traces;
use differential_dataflow::operators::{CountTotal, ThresholdTotal};
use differential_dataflow::trace::implementations::{ValBuilder, ValSpine};
use timely::container::PushInto;

use super::{Diff, Raw, RawArranged};
use crate::model::{Count, Key, Row};

pub(super) type JoinRows = Box<dyn Fn(Key, &Row, &Row, &mut Vec<(Key, Row)>)>;
pub(super) type CorrectRows = Box<dyn Fn(Key, &Row, &Row, &mut Vec<((Key, Row), Diff)>)>;
pub(super) type ReduceRows = Box<dyn Fn(Key, &[(&Row, Diff)], &mut Vec<Row>)>;

pub(super) fn count_rows<'s>(rows: Raw<'s>, name: &str) -> Raw<'s> {
    rows.map(|(key, _)| key)
        .arrange_by_self_named(name)
        .count_total_core::<Diff>()
        .map(|(key, count)| (key, Row::new(Count { count: count.into() })))
}

pub(super) fn distinct_rows<'s>(rows: Raw<'s>, name: &str) -> Raw<'s> {
    rows.arrange_by_self_named(name).threshold_total(|_, _| 1)
}

/// Like [`join_rows`], for logic that makes some rows and takes others back.
pub(super) fn correct_rows<'s>(left: RawArranged<'s>, right: RawArranged<'s>, logic: CorrectRows) -> Raw<'s> {
    let mut made = Vec::new();
    join_traces::<_, _, _, _, ConsolidatingContainerBuilder<_>>(
        left,
        right,
        "Correct",
        move |key, left, right, time, one, other, out| {
            logic(*key, left, right, &mut made);
            for (row, diff) in made.drain(..) {
                out.push_into((row, time, diff * one * other));
            }
        },
    )
    .as_collection()
}

pub(super) fn join_rows<'s>(left: RawArranged<'s>, right: RawArranged<'s>, logic: JoinRows) -> Raw<'s> {
    let mut made = Vec::new();
    left.join_core(right, move |key, left, right| {
        logic(*key, left, right, &mut made);
        std::mem::take(&mut made)
    })
}

pub(super) fn reduce_rows<'s>(rows: RawArranged<'s>, name: &str, logic: ReduceRows) -> RawArranged<'s> {
    let mut made = Vec::new();
    rows.reduce_abelian::<_, ValBuilder<_, _, _, _>, ValSpine<_, _, _, _>, _, _>(
        name,
        move |key, group, out| {
            logic(*key, group, &mut made);
            made.sort_unstable();
            made.dedup();
            out.extend(made.drain(..).map(|row| (row, 1)));
        },
        |built, key, changes| {
            built.clear();
            built.extend(changes.drain(..).map(|(row, time, diff)| ((*key, row), time, diff)));
        },
    )
}
