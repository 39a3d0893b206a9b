//! One operator for all that needs no memory: mapping, filtering, giving other keys, standing side by side.
//!
//! What operators cost in an epoch that does not concern them is most of what an epoch costs. So steps without memory
//! are put together as functions, and are done by the operator that needs their rows next.

use std::rc::Rc;

use differential_dataflow::trace::cursor::Cursor;
use differential_dataflow::trace::{Navigable, SpanOf};
use timely::Container;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{Exchange, ParallelizationContract, Pipeline};
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::generic::{InputHandleCore, OutputBuilder};
use timely::dataflow::operators::{Capability, CapabilityTrait, InputCapability};
use timely::dataflow::{Scope, Stream};
use timely::progress::operate::FrontierInterest;

use super::inbox::Inbox;
use super::{Batch, Change, Epoch, Raw, RawArranged, Trace, Unshared};
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

/// Where rows come from.
pub(super) fn scope_of<'s>(parts: &[Part<'s>]) -> Scope<'s, Epoch> {
    match &parts.first().expect("a view takes in at least one relation, so there is at least one part").source {
        Source::Rows(rows) => rows.scope(),
        Source::Arranged(spans) => spans.scope(),
    }
}

/// All parts as one stream.
pub(super) fn gather<'s>(name: &str, mut parts: Vec<Part<'s>>) -> Raw<'s> {
    if let [Part { source: Source::Rows(_), logic: None }] = parts.as_slice()
        && let Some(Part { source: Source::Rows(rows), .. }) = parts.pop()
    {
        return rows;
    }
    pass_on(name, parts, |changes| Rc::new(std::mem::take(changes)))
}

/// All parts as one stream of rows that go where there were some that come, and the other way round.
pub(super) fn negate<'s>(name: &str, parts: Vec<Part<'s>>) -> Raw<'s> {
    let negated = |(row, epoch, diff): Change| -> Change { (row, epoch, -diff) };
    pass_on(name, parts, move |changes| Rc::new(changes.drain(..).map(negated).collect()))
}

/// All parts as one stream of changes that nobody shares: for those who send them elsewhere.
pub(super) fn unshare<'s>(name: &str, parts: Vec<Part<'s>>) -> Unshared<'s> {
    pass_on(name, parts, std::mem::take)
}

fn pass_on<'s, C: Container + Clone + 'static>(
    name: &str,
    parts: Vec<Part<'s>>,
    pack: impl Fn(&mut Vec<Change>) -> C + 'static,
) -> Stream<'s, Epoch, C> {
    let mut builder = OperatorBuilder::new(name.to_owned(), scope_of(&parts));
    let mut inputs = Inputs::untimed(&mut builder, parts);
    let (output, stream) = builder.new_output::<C>();
    let mut output = OutputBuilder::<Epoch, CapacityContainerBuilder<C>>::from(output);
    builder.build(move |_| {
        move |_| {
            let mut output = output.activate();
            inputs.drain(|capability, changes| output.session(&capability).give_container(&mut pack(changes)));
        }
    });
    stream
}

/// Where an operator puts the changes that it made.
pub(super) struct Output(OutputBuilder<Epoch, CapacityContainerBuilder<Rc<Vec<Change>>>>);

impl Output {
    /// One more output of an operator, and what comes out of it.
    pub(super) fn new<'s>(builder: &mut OperatorBuilder<'s, Epoch>) -> (Self, Raw<'s>) {
        let (output, stream) = builder.new_output();
        (Self(OutputBuilder::from(output)), stream)
    }

    /// Passes changes on, if there are any.
    pub(super) fn give(&mut self, capability: &impl CapabilityTrait<Epoch>, made: Vec<Change>) {
        if !made.is_empty() {
            self.0.activate().session(capability).give_container(&mut Rc::new(made));
        }
    }
}

pub(super) type Handle<C> = InputHandleCore<Epoch, C, <Pipeline as ParallelizationContract<Epoch, C>>::Puller>;
type ByKey = Exchange<Change, fn(&Change) -> u64>;
type Exchanged = InputHandleCore<Epoch, Vec<Change>, <ByKey as ParallelizationContract<Epoch, Vec<Change>>>::Puller>;

/// The inputs of an operator, each with the steps that its rows go through first.
pub(super) struct Inputs(Vec<Input>);

enum Input {
    Rows(Handle<Rc<Vec<Change>>>, Option<Logic>),
    Exchanged(Exchanged),
    Arranged(Handle<Vec<SpanOf<Trace>>>, Option<Logic>),
}

/// Parts as an operator takes them whose rows must be with the worker of their key.
pub(super) enum Taken<'s> {
    /// There is one worker: everything is here.
    Here(Vec<Part<'s>>),
    /// Rows get their keys before they are sent to the worker of their key.
    Sent(Unshared<'s>),
}

impl Inputs {
    /// Sees to it that rows of one key come to one worker.
    pub(super) fn by_key<'s>(name: &str, parts: Vec<Part<'s>>) -> Taken<'s> {
        if scope_of(&parts).peers() == 1 { Taken::Here(parts) } else { Taken::Sent(unshare(name, parts)) }
    }

    /// Inputs of an operator that asks to hear of time only while something waits for it.
    pub(super) fn new<'s>(builder: &mut OperatorBuilder<'s, Epoch>, taken: impl Into<Taken<'s>>) -> Self {
        let inputs = match taken.into() {
            Taken::Here(parts) => parts.into_iter().map(|part| Input::new(builder, part)).collect(),
            Taken::Sent(rows) => {
                let worker: fn(&Change) -> u64 = |((key, _), ..)| key.worker();
                vec![Input::Exchanged(builder.new_input(rows, Exchange::new(worker)))]
            }
        };
        let inputs = Self(inputs);
        for input in 0..inputs.0.len() {
            builder.set_notify_for(input, FrontierInterest::IfCapability);
        }
        inputs
    }

    /// Inputs of an operator that never asks to hear of time.
    pub(super) fn untimed<'s>(builder: &mut OperatorBuilder<'s, Epoch>, parts: Vec<Part<'s>>) -> Self {
        let inputs = Self(parts.into_iter().map(|part| Input::new(builder, part)).collect());
        for input in 0..inputs.0.len() {
            builder.set_notify_for(input, FrontierInterest::Never);
        }
        inputs
    }

    /// Takes what has come in.
    pub(super) fn drain(&mut self, mut take: impl FnMut(InputCapability<Epoch>, &mut Vec<Change>)) {
        for input in &mut self.0 {
            input.drain(&mut take);
        }
    }

    /// Puts what has come in aside until its epoch is closed.
    pub(super) fn take_in(&mut self, inbox: &mut Inbox) {
        self.drain(|capability, changes| {
            let capability: Option<Capability<Epoch>> = capability.retain_least(0);
            if let Some(capability) = capability {
                inbox.take_in(capability, changes);
            }
        });
    }
}

impl<'s> From<Vec<Part<'s>>> for Taken<'s> {
    fn from(parts: Vec<Part<'s>>) -> Self {
        Self::Here(parts)
    }
}

impl Input {
    fn new<'s>(builder: &mut OperatorBuilder<'s, Epoch>, part: Part<'s>) -> Self {
        match part.source {
            Source::Rows(rows) => Self::Rows(builder.new_input(rows, Pipeline), part.logic),
            Source::Arranged(spans) => Self::Arranged(builder.new_input(spans, Pipeline), part.logic),
        }
    }

    fn drain(&mut self, mut take: impl FnMut(InputCapability<Epoch>, &mut Vec<Change>)) {
        match self {
            Self::Exchanged(handle) => handle.for_each(take),
            // Whoever comes last has the changes for itself.
            Self::Rows(handle, None) => handle.for_each(|capability, changes| {
                take(capability, &mut Rc::unwrap_or_clone(std::mem::take(changes)));
            }),
            Self::Rows(handle, Some(logic)) => handle.for_each(|capability, changes| {
                let (mut made, mut of_row) = (Vec::new(), Vec::new());
                for (place, ((key, row), epoch, diff)) in changes.iter().enumerate() {
                    logic(*key, row, &mut of_row);
                    room(&mut made, of_row.len(), changes.len() - place);
                    made.extend(of_row.drain(..).map(|row| (row, *epoch, *diff)));
                }
                if !made.is_empty() {
                    take(capability, &mut made);
                }
            }),
            Self::Arranged(handle, logic) => handle.for_each(|capability, spans| {
                let mut made = Vec::new();
                for batch in spans.iter().filter_map(|span| span.inner.as_ref()) {
                    read(batch, logic.as_ref(), &mut made);
                }
                if !made.is_empty() {
                    take(capability, &mut made);
                }
            }),
        }
    }
}

/// Makes room for what is made of so many rows, once anything is: most steps make one row of each, or hardly any at all.
pub(super) fn room(made: &mut Vec<Change>, made_of_row: usize, rows: usize) {
    if made_of_row > 0 && made.capacity() == 0 {
        made.reserve(rows);
    }
}

/// The changes of a batch, and what is made of them.
fn read(batch: &Batch, logic: Option<&Logic>, made: &mut Vec<Change>) {
    let mut of_row = Vec::new();
    let mut cursor = batch.cursor();
    while let Some(key) = cursor.get_key(batch) {
        while let Some(row) = cursor.get_val(batch) {
            match logic {
                None => of_row.push((*key, row.clone())),
                Some(logic) => logic(*key, row, &mut of_row),
            }
            room(made, of_row.len(), batch.updates);
            for of_row in of_row.drain(..) {
                cursor.map_times(batch, |epoch, diff| made.push((of_row.clone(), *epoch, *diff)));
            }
            cursor.step_val(batch);
        }
        cursor.step_key(batch);
    }
}
