//! Counting by difference: no work here grows with how much there is to count.

use std::collections::BTreeMap;

use differential_dataflow::consolidation::consolidate_updates;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

use super::gather::{Inputs, Output, Part, scope_of};
use super::inbox::Inbox;
use super::{Change, Diff, Epoch, Raw};
use crate::model::{Count, Key, Row};

/// How many rows each key has.
pub(super) fn count<'s>(name: &str, parts: Vec<Part<'s>>) -> Raw<'s> {
    let counted = |key: Key, copies: Diff| (copies != 0).then(|| (key, Row::new(Count { count: copies.into() })));
    tally(name, parts, |(key, _)| key, move |key, copies| counted(*key, copies))
}

/// Each row once, however often it is there.
pub(super) fn distinct<'s>(name: &str, parts: Vec<Part<'s>>) -> Raw<'s> {
    tally(name, parts, |row| row, |row, copies| (copies > 0).then(|| row.clone()))
}

/// Adds up what comes and goes, and says of each sum that changes what it says.
fn tally<'s, K: Ord + 'static>(
    name: &str,
    parts: Vec<Part<'s>>,
    key: impl Fn((Key, Row)) -> K + 'static,
    says: impl Fn(&K, Diff) -> Option<(Key, Row)> + 'static,
) -> Raw<'s> {
    let scope = scope_of(&parts);
    let parts = Inputs::by_key(name, parts);
    let mut builder = OperatorBuilder::new(name.to_owned(), scope);
    let mut inputs = Inputs::new(&mut builder, parts);
    let (mut output, stream) = Output::new(&mut builder);
    builder.build(move |_| {
        let mut inbox = Inbox::default();
        let mut sums: BTreeMap<K, Diff> = BTreeMap::new();
        move |frontiers| {
            inputs.take_in(&mut inbox);
            let Some(closed) = inbox.close(frontiers) else { return };
            let counted = closed.changes.into_iter().map(|(row, epoch, diff)| (key(row), epoch, diff));
            let mut counted: Vec<(K, Epoch, Diff)> = counted.collect();
            consolidate_updates(&mut counted);
            let mut made: Vec<Change> = Vec::new();
            for (key, epoch, diff) in counted {
                let before = sums.get(&key).copied().unwrap_or_default();
                let (old, new) = (says(&key, before), says(&key, before + diff));
                if old != new {
                    made.extend(old.map(|row| (row, epoch, -1)));
                    made.extend(new.map(|row| (row, epoch, 1)));
                }
                if before + diff == 0 {
                    sums.remove(&key);
                } else {
                    sums.insert(key, before + diff);
                }
            }
            output.give(&closed.capability, made);
        }
    });
    stream
}
