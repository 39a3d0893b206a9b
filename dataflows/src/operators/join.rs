//! Rows that are made of pairs of rows with one key.
//!
//! A batch that one side takes in meets what the other side has acknowledged, at once: time is totally ordered and
//! nothing waits here, so the operator holds no capability and need not hear of time.

use differential_dataflow::consolidation::{consolidate, consolidate_updates};
use differential_dataflow::trace::cursor::{Cursor, Navigable, cursor_list};
use differential_dataflow::trace::{SpanOf, TraceReader};
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::Antichain;
use timely::progress::frontier::MutableAntichain;
use timely::progress::operate::FrontierInterest;

use super::gather::{Handle, Output, room};
use super::{Batch, Change, Diff, Epoch, Raw, RawArranged, Trace};
use crate::model::{Key, Row};

/// What is made of a pair, and how often.
pub(super) type JoinLogic<'a> = dyn Fn(Key, &Row, &Row, &mut Vec<((Key, Row), Diff)>) + 'a;

pub(super) fn join<'s>(
    left: RawArranged<'s>,
    right: RawArranged<'s>,
    name: &str,
    logic: Box<JoinLogic<'static>>,
) -> Raw<'s> {
    let mut builder = OperatorBuilder::new(name.to_owned(), left.stream.scope());
    let mut left = Side::new(&mut builder, left);
    let mut right = Side::new(&mut builder, right);
    builder.set_notify_for(0, FrontierInterest::Never);
    builder.set_notify_for(1, FrontierInterest::Never);
    let (mut output, stream) = Output::new(&mut builder);
    builder.build(move |_| {
        move |frontiers| {
            left.meet(&mut right, &mut output, &*logic);
            right.meet(&mut left, &mut output, &|key, row, other, made| logic(key, other, row, made));
            left.compact(&frontiers[1]);
            right.compact(&frontiers[0]);
        }
    });
    stream
}

/// One of the two arrangements.
struct Side {
    input: Handle<Vec<SpanOf<Trace>>>,
    trace: Trace,
    /// Up to where batches of this side have met the other side.
    acknowledged: Antichain<Epoch>,
}

impl Side {
    fn new<'s>(builder: &mut OperatorBuilder<'s, Epoch>, arranged: RawArranged<'s>) -> Self {
        let input = builder.new_input(arranged.stream, Pipeline);
        Self { input, trace: arranged.trace, acknowledged: Antichain::from_elem(Epoch::MIN) }
    }

    /// Pairs what has come in on this side with what is known of the other.
    fn meet(&mut self, other: &mut Self, output: &mut Output, logic: &JoinLogic) {
        let (trace, known) = (&mut other.trace, &other.acknowledged);
        let acknowledged = &mut self.acknowledged;
        self.input.for_each(|capability, spans| {
            for span in spans.drain(..) {
                if let Some(batch) = &span.inner {
                    let others = trace.batches_through(known.borrow()).unwrap_or_default();
                    if !others.is_empty() {
                        output.give(&capability, pairs(batch, others, logic));
                    }
                }
                acknowledged.clone_from(span.upper());
            }
        });
    }

    /// Lets the trace forget what no batch of the other side can ask for any more.
    fn compact(&mut self, other: &MutableAntichain<Epoch>) {
        self.trace.set_logical_compaction(other.frontier());
        self.trace.set_physical_compaction(self.acknowledged.borrow());
    }
}

fn pairs(batch: &Batch, others: Vec<Batch>, logic: &JoinLogic) -> Vec<Change> {
    let mut made = Vec::new();
    let mut scratch = Vec::new();
    let (mut known, known_rows) = cursor_list(others);
    let mut fresh = batch.cursor();
    let mut rows: Vec<(&Row, Epoch, Diff)> = Vec::new();
    let mut times: Vec<(Epoch, Diff)> = Vec::new();
    while let Some(key) = fresh.get_key(batch) {
        known.seek_key(&known_rows, key);
        if known.get_key(&known_rows) == Some(key) {
            rows.clear();
            while let Some(row) = fresh.get_val(batch) {
                fresh.map_times(batch, |epoch, diff| rows.push((row, *epoch, *diff)));
                fresh.step_val(batch);
            }
            let earliest = rows.iter().map(|(_, epoch, _)| *epoch).min().unwrap_or_default();
            let start = made.len();
            while let Some(other) = known.get_val(&known_rows) {
                times.clear();
                known.map_times(&known_rows, |at, by| times.push((*at, *by)));
                since(earliest, &mut times);
                for &(epoch, copies) in &times {
                    for &(row, at, diff) in &rows {
                        logic(*key, row, other, &mut scratch);
                        let epoch = epoch.max(at);
                        room(&mut made, scratch.len(), batch.storage.keys.len());
                        made.extend(scratch.drain(..).map(|(row, sign)| (row, epoch, sign * diff * copies)));
                    }
                }
                known.step_val(&known_rows);
            }
            // A row that changed makes much that it had made before.
            if rows.len() > 1 {
                let mut of_key = made.split_off(start);
                consolidate_updates(&mut of_key);
                made.append(&mut of_key);
            }
        }
        fresh.step_key(batch);
    }
    made
}

/// Puts what was before the earliest epoch that matters at that epoch, all in one.
fn since(earliest: Epoch, times: &mut Vec<(Epoch, Diff)>) {
    for (epoch, _) in times.iter_mut() {
        *epoch = earliest.max(*epoch);
    }
    consolidate(times);
}
