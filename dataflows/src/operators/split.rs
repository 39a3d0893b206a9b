//! Rows of one stream, told apart once for all who take only some of them.

use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::operate::FrontierInterest;

use super::gather::{Inputs, Output, Part, scope_of};
use super::{Change, Raw, Unshared};
use crate::model::Row;

/// So many streams. `way` says of a row to which it goes, counted from zero.
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
    let mut inputs = Inputs::untimed(&mut builder, parts);
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use differential_dataflow::consolidation::consolidate_updates;
    use differential_dataflow::input::Input as _;
    use timely::dataflow::operators::Inspect as _;

    use super::*;
    use crate::model::{Count, Key};
    use crate::operators::{Epoch, Rows};

    type Heard = Arc<Mutex<Vec<(i64, Epoch, i32)>>>;

    fn listen(rows: Rows<'_, Count>, name: &str) -> Heard {
        let heard = Heard::default();
        let hear = heard.clone();
        rows.unshared(name).inspect(move |((_, row), epoch, diff): &Change| {
            let count = row.get::<Count>().map(|row| row.count).unwrap_or_default();
            hear.lock().unwrap().push((count, *epoch, *diff));
        });
        heard
    }

    fn heard(heard: &Heard) -> Vec<(i64, Epoch, i32)> {
        let mut heard = heard.lock().unwrap().clone();
        consolidate_updates(&mut heard);
        heard
    }

    #[test]
    fn each_row_goes_one_way_and_comes_back_the_same_way() {
        let (small, large, all) = timely::execute_directly(|worker| {
            let (mut session, outputs) = worker.dataflow::<Epoch, _, _>(|scope| {
                let (session, rows) = scope.new_collection::<(Key, Row), i32>();
                let way = |row: &Row| usize::from(row.get::<Count>().is_some_and(|row| row.count % 2 == 1));
                let ways = split("ways", rows.inner, 2, way);
                let rows = ways.into_iter().map(Rows::<Count>::from_raw).reduce(Rows::concat).unwrap();
                let (small, large) = rows.divide("small and large", |row| row.count < 10);
                let all = small.clone().concat(large.clone());
                (session, (listen(small, "small"), listen(large, "large"), listen(all, "all")))
            });
            let mut change =
                |count, epoch, diff| session.update_at((Key::hash(&[]), Row::new(Count { count })), epoch, diff);
            // Two epochs in one go; one row changes sides.
            for (count, epoch, diff) in
                [(1, 0, 1), (2, 0, 1), (11, 0, 1), (1, 1, -1), (12, 1, 1), (11, 1, -1), (3, 1, 1)]
            {
                change(count, epoch, diff);
            }
            drop(session);
            while worker.step() {}
            outputs
        });
        let (less, more) =
            (vec![(1, 0, 1), (1, 1, -1), (2, 0, 1), (3, 1, 1)], vec![(11, 0, 1), (11, 1, -1), (12, 1, 1)]);
        assert_eq!(heard(&small), less);
        assert_eq!(heard(&large), more);
        assert_eq!(heard(&all), [less, more].concat());
    }
}
