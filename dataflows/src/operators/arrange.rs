//! Rows indexed by key and kept: the one operator that others join with.

use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::trace::Trace as _;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::Stamp;

use super::gather::{Inputs, Part, scope_of};
use super::inbox::Inbox;
use super::{Epoch, RawArranged, Spine, log_of_arrangements};
use differential_dataflow::trace::SpanOf;

/// Takes the parts in and keeps them, sorted by key.
pub(super) fn arrange<'s>(name: &str, parts: Vec<Part<'s>>) -> RawArranged<'s> {
    let scope = scope_of(&parts);
    let parts = Inputs::by_key(name, parts);
    let mut builder = OperatorBuilder::new(name.to_owned(), scope);
    let mut inputs = Inputs::new(&mut builder, parts);
    let (output, stream) = builder.new_output::<Vec<SpanOf<Spine>>>();
    let mut output = OutputBuilder::<Epoch, CapacityContainerBuilder<_>>::from(output);

    let information = builder.operator_info();
    let log = log_of_arrangements(scope);
    let trace = Spine::new(information.clone(), log.clone(), None);
    let (reader, mut writer) = TraceAgent::new(trace, information, log);

    builder.build(move |_| {
        let mut inbox = Inbox::default();
        move |frontiers| {
            inputs.take_in(&mut inbox);
            let Some(mut closed) = inbox.close(frontiers) else { return };
            let span = closed.span();
            let upper = span.upper().clone();
            if span.has_updates() {
                output.activate().session(&closed.capability).give(span.clone());
                writer.insert(span, Stamp::from_elem(*closed.capability.time()));
            } else {
                writer.seal(upper);
            }
        }
    });
    Arranged { stream, trace: reader }
}
