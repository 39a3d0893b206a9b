//! Rows of one stream, told apart once for all who take only some of them.

use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::operate::FrontierInterest;

use super::gather::{Inputs, Output, Part, scope_of};
use super::{Change, Raw, Unshared};
use crate::model::Row;

/// So many streams, each with the rows that go its way.
pub(crate) fn split<'s>(name: &str, rows: Unshared<'s>, ways: usize, way: fn(&Row) -> usize) -> Vec<Raw<'s>> {
    let mut builder = OperatorBuilder::new(name.to_owned(), rows.scope());
    let mut input = builder.new_input(rows, Pipeline);
    builder.set_notify_for(0, FrontierInterest::Never);
    let (mut outputs, streams): (Vec<_>, Vec<_>) = (0..ways).map(|_| Output::new(&mut builder)).unzip();
    let mut told_apart: Vec<Vec<Change>> = vec![Vec::new(); ways];
    builder.build(move |_| {
        move |_| {
            input.for_each_stamp(|capability, changes| {
                for change in changes.flat_map(|changes| changes.drain(..)) {
                    told_apart[way(&change.0.1)].push(change);
                }
                for (output, changes) in outputs.iter_mut().zip(&mut told_apart) {
                    output.give(&capability, std::mem::take(changes));
                }
            });
        }
    });
    streams
}

/// Two streams: the rows that are chosen, and the others.
pub(super) fn divide<'s>(name: &str, parts: Vec<Part<'s>>, chosen: impl Fn(&Row) -> bool + 'static) -> [Raw<'s>; 2] {
    let mut builder = OperatorBuilder::new(name.to_owned(), scope_of(&parts));
    let mut inputs = Inputs::unordered(&mut builder, parts);
    let (mut yes, those) = Output::new(&mut builder);
    let (mut no, others) = Output::new(&mut builder);
    builder.build(move |_| {
        move |_| {
            inputs.drain(|capability, changes| {
                let (these, rest) = changes.drain(..).partition(|((_, row), ..)| chosen(row));
                yes.give(&capability, these);
                no.give(&capability, rest);
            });
        }
    });
    [those, others]
}
