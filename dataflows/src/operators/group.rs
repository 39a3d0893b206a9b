//! Rows that are derived from all rows of one key.
//!
//! Nothing is kept of what was derived: whenever a group changes, the logic says what it made of the group before and
//! what it makes of it now, and the difference is passed on. Two evaluations of a pure function on a small group cost
//! less than an arrangement of its results.

use differential_dataflow::trace::cursor::{Cursor, Navigable, cursor_list};
use differential_dataflow::trace::{Trace as _, TraceReader};
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::Antichain;
use timely::progress::operate::FrontierInterest;

use super::gather::{Inputs, Output, Part, scope_of};
use super::inbox::Inbox;
use super::{Batch, Change, Diff, Epoch, Raw, RawArranged, Spine, log_of_arrangements};
use crate::model::{Key, Row};

/// What is derived from the rows of a key. Called for groups that have rows only.
pub(super) type GroupLogic = Box<dyn Fn(Key, &[(&Row, Diff)], &mut Vec<Row>)>;

/// Groups rows that nobody else needs side by side: taken in, kept and looked at by one operator.
pub(super) fn group_parts<'s>(name: &str, parts: Vec<Part<'s>>, logic: GroupLogic) -> Raw<'s> {
    let scope = scope_of(&parts);
    let parts = Inputs::by_key(name, parts);
    let mut builder = OperatorBuilder::new(name.to_owned(), scope);
    let mut inputs = Inputs::new(&mut builder, parts);
    let (mut output, stream) = Output::new(&mut builder);
    let mut trace = Spine::new(builder.operator_info(), log_of_arrangements(scope), None);
    builder.build(move |_| {
        let mut inbox = Inbox::default();
        move |frontiers| {
            inputs.take_in(&mut inbox);
            let Some(mut closed) = inbox.close(frontiers) else { return };
            let span = closed.span();
            if let Some(batch) = &span.inner {
                let lower = Antichain::from_elem(closed.lower);
                let before = trace.batches_through(lower.borrow()).unwrap_or_default();
                output.give(&closed.capability, regroup(before, batch, &logic));
            }
            let upper = span.upper().clone();
            trace.insert(span);
            trace.set_logical_compaction(upper.borrow());
            trace.set_physical_compaction(upper.borrow());
        }
    });
    stream
}

/// Groups rows of an arrangement that others share.
pub(super) fn group_arranged<'s>(name: &str, rows: RawArranged<'s>, logic: GroupLogic) -> Raw<'s> {
    let mut trace = rows.trace;
    let mut builder = OperatorBuilder::new(name.to_owned(), rows.stream.scope());
    let mut input = builder.new_input(rows.stream, Pipeline);
    builder.set_notify_for(0, FrontierInterest::Never);
    let (mut output, stream) = Output::new(&mut builder);
    builder.build(move |_| {
        let mut known = Antichain::from_elem(Epoch::MIN);
        move |_| {
            input.for_each(|capability, spans| {
                for span in spans.drain(..) {
                    if let Some(batch) = &span.inner {
                        let before = trace.batches_through(known.borrow()).unwrap_or_default();
                        output.give(&capability, regroup(before, batch, &logic));
                    }
                    known.clone_from(span.upper());
                }
            });
            trace.set_logical_compaction(known.borrow());
            trace.set_physical_compaction(known.borrow());
        }
    });
    stream
}

/// What a batch changes about what is derived from the groups it touches.
fn regroup(before: Vec<Batch>, batch: &Batch, logic: &GroupLogic) -> Vec<Change> {
    let mut made = Vec::with_capacity(batch.storage.keys.len());
    let (mut past, past_rows) = cursor_list(before);
    let mut fresh = batch.cursor();
    // Groups are many and small: they come one after the other into the same room.
    let mut group: Vec<(&Row, Diff)> = Vec::new();
    let mut changes: Vec<(Epoch, &Row, Diff)> = Vec::new();
    let (mut old, mut new) = (Vec::new(), Vec::new());
    while let Some(key) = fresh.get_key(batch) {
        group.clear();
        past.seek_key(&past_rows, key);
        if past.get_key(&past_rows) == Some(key) {
            while let Some(row) = past.get_val(&past_rows) {
                let mut copies = 0;
                past.map_times(&past_rows, |_, diff| copies += diff);
                if copies != 0 {
                    group.push((row, copies));
                }
                past.step_val(&past_rows);
            }
        }
        changes.clear();
        while let Some(row) = fresh.get_val(batch) {
            fresh.map_times(batch, |epoch, diff| changes.push((*epoch, row, *diff)));
            fresh.step_val(batch);
        }
        changes.sort_by_key(|(epoch, ..)| *epoch);
        derive(*key, &group, logic, &mut old);
        for epoch in changes.chunk_by(|(one, ..), (other, ..)| one == other) {
            group.extend(epoch.iter().map(|(_, row, diff)| (*row, *diff)));
            add_up(&mut group);
            derive(*key, &group, logic, &mut new);
            difference(*key, epoch[0].0, &old, &new, &mut made);
            std::mem::swap(&mut old, &mut new);
        }
        fresh.step_key(batch);
    }
    made
}

fn derive(key: Key, group: &[(&Row, Diff)], logic: &GroupLogic, derived: &mut Vec<Row>) {
    derived.clear();
    if !group.is_empty() {
        logic(key, group, derived);
        derived.sort_unstable();
        derived.dedup();
    }
}

/// Puts rows that are there several times together, and leaves out those that have gone.
fn add_up(group: &mut Vec<(&Row, Diff)>) {
    group.sort_by_key(|(row, _)| *row);
    group.dedup_by(|(next, copies), (row, sum)| {
        let same = next == row;
        if same {
            *sum += *copies;
        }
        same
    });
    group.retain(|(_, copies)| *copies != 0);
}

/// Both are sorted, and hold each row once.
fn difference(key: Key, epoch: Epoch, old: &[Row], new: &[Row], made: &mut Vec<Change>) {
    let gone = old.iter().filter(|row| new.binary_search(row).is_err());
    made.extend(gone.map(|row| ((key, row.clone()), epoch, -1)));
    let come = new.iter().filter(|row| old.binary_search(row).is_err());
    made.extend(come.map(|row| ((key, row.clone()), epoch, 1)));
}
