//! One operator for all that needs no memory: mapping, filtering, giving other keys, standing side by side.
//!
//! What operators cost in an epoch that does not concern them is most of what an epoch costs. So steps without memory
//! are put together as functions, and become one operator where their rows are next needed as a stream.

use std::rc::Rc;

use differential_dataflow::AsCollection;
use differential_dataflow::trace::cursor::Cursor;
use differential_dataflow::trace::{Navigable, SpanOf};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::generic::{InputHandleCore, OutputBuilder};
use timely::progress::operate::FrontierInterest;

use super::{Diff, Epoch, Raw, RawArranged, Trace};
use crate::model::{Key, Row};

/// What a step without memory makes of one row.
pub(super) type Logic = Rc<dyn Fn(Key, &Row, &mut Vec<(Key, Row)>)>;
type Spans<'s> = Stream<'s, Epoch, Vec<SpanOf<Trace>>>;

/// Rows that are there, and what is made of each; `None` passes them on as they are.
#[derive(Clone)]
pub(super) struct Part<'s> {
    source: Source<'s>,
    logic: Option<Logic>,
}

#[derive(Clone)]
enum Source<'s> {
    Rows(Raw<'s>),
    /// What an arrangement takes in, which does not keep the arrangement alive.
    Arranged(Spans<'s>),
}

impl<'s> Part<'s> {
    pub(super) const fn rows(rows: Raw<'s>) -> Self {
        Self { source: Source::Rows(rows), logic: None }
    }

    pub(super) fn arranged(arranged: RawArranged<'s>) -> Self {
        Self { source: Source::Arranged(arranged.stream), logic: None }
    }

    /// The same rows, with one more step at the end.
    pub(super) fn then(self, next: Logic) -> Self {
        let logic = match self.logic {
            None => next,
            Some(first) => Rc::new(move |key, row: &Row, out: &mut Vec<_>| {
                let mut between = Vec::new();
                first(key, row, &mut between);
                for (key, row) in between {
                    next(key, &row, out);
                }
            }),
        };
        Self { logic: Some(logic), ..self }
    }
}

/// All parts as one stream.
pub(super) fn gather<'s>(name: &str, mut parts: Vec<Part<'s>>) -> Raw<'s> {
    if let [Part { source: Source::Rows(_), logic: None }] = parts.as_slice()
        && let Some(Part { source: Source::Rows(rows), .. }) = parts.pop()
    {
        return rows;
    }
    let scope = match &parts.first().expect("rows come from somewhere").source {
        Source::Rows(rows) => rows.inner.scope(),
        Source::Arranged(spans) => spans.scope(),
    };
    let mut builder = OperatorBuilder::new(name.to_owned(), scope);
    let mut inputs: Vec<_> = parts.into_iter().map(|part| Input::new(&mut builder, part)).collect();
    for input in 0..inputs.len() {
        builder.set_notify_for(input, FrontierInterest::Never);
    }
    let (output, stream) = builder.new_output::<Vec<_>>();
    let mut output: Output = OutputBuilder::from(output);
    builder.build(move |_| move |_| inputs.iter_mut().for_each(|input| input.drain(&mut output)));
    stream.as_collection()
}

type Change = ((Key, Row), Epoch, Diff);
type Output = OutputBuilder<Epoch, CapacityContainerBuilder<Vec<Change>>>;
type Puller<C> = <Pipeline as timely::dataflow::channels::pact::ParallelizationContract<Epoch, C>>::Puller;
type Handle<C> = InputHandleCore<Epoch, C, Puller<C>>;

/// One input of the operator.
enum Input {
    Rows(Handle<Vec<Change>>, Option<Logic>),
    Arranged(Handle<Vec<SpanOf<Trace>>>, Option<Logic>),
}

impl Input {
    fn new<'s>(builder: &mut OperatorBuilder<'s, Epoch>, part: Part<'s>) -> Self {
        match part.source {
            Source::Rows(rows) => Self::Rows(builder.new_input(rows.inner, Pipeline), part.logic),
            Source::Arranged(spans) => Self::Arranged(builder.new_input(spans, Pipeline), part.logic),
        }
    }

    fn drain(&mut self, output: &mut Output) {
        let mut output = output.activate();
        let mut made = Vec::new();
        match self {
            Self::Rows(handle, None) => handle.for_each(|time, changes| output.session(&time).give_container(changes)),
            Self::Rows(handle, Some(logic)) => handle.for_each(|time, changes| {
                let mut session = output.session(&time);
                for ((key, row), epoch, diff) in changes.drain(..) {
                    logic(key, &row, &mut made);
                    session.give_iterator(made.drain(..).map(|made| (made, epoch, diff)));
                }
            }),
            Self::Arranged(handle, logic) => handle.for_each(|time, spans| {
                let mut session = output.session(&time);
                for batch in spans.iter().filter_map(|span| span.inner.as_ref()) {
                    let mut cursor = batch.cursor();
                    while let Some(key) = cursor.get_key(batch) {
                        while let Some(row) = cursor.get_val(batch) {
                            match logic {
                                None => made.push((*key, row.clone())),
                                Some(logic) => logic(*key, row, &mut made),
                            }
                            for made in made.drain(..) {
                                cursor.map_times(batch, |time, diff| session.give((made.clone(), *time, *diff)));
                            }
                            cursor.step_val(batch);
                        }
                        cursor.step_key(batch);
                    }
                }
            }),
        }
    }
}
