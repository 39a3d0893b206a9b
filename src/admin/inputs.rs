//! What each input is doing, as metrics.

use std::fmt::Error;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use crate::observations::{Health, InputHealth};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InputLabels {
    /// The name under which `/readyz` waits for it.
    input: &'static str,
}

/// Asks what the inputs are doing when it is asked itself: silence has to grow while nothing happens.
#[derive(Debug)]
pub(super) struct Inputs(pub(super) Arc<Health>);

impl Collector for Inputs {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let inputs = self.0.inputs();
        let gauge = MetricType::Gauge;
        family(&mut encoder, &inputs, ("input_complete", COMPLETE, None, gauge), |input| {
            ConstGauge::new(i64::from(input.complete))
        })?;
        family(&mut encoder, &inputs, ("input_followed", FOLLOWED, None, gauge), |input| {
            ConstGauge::new(i64::from(input.standing.is_followed()))
        })?;
        family(&mut encoder, &inputs, ("input_silence", SILENCE, Some(Unit::Seconds), gauge), |input| {
            ConstGauge::new(input.silent_for.as_secs_f64())
        })?;
        family(&mut encoder, &inputs, ("input_undecoded", UNDECODED, None, MetricType::Counter), |input| {
            ConstCounter::new(input.undecoded)
        })
    }
}

const COMPLETE: &str = "1 once all that an input held at the start was read, else 0";
const FOLLOWED: &str =
    "1 if an input is watched or its kind is not served; 0 if it is not yet, may not be or cannot be";
const SILENCE: &str = "Time since the API server was last heard of an input, 0 if its kind is not served";
const UNDECODED: &str = "Observations of objects that could not be decoded";

fn family<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder,
    inputs: &[InputHealth],
    (name, help, unit, kind): (&str, &str, Option<Unit>, MetricType),
    value: impl Fn(&InputHealth) -> M,
) -> Result<(), Error> {
    // Without a cluster there are no inputs of it.
    if inputs.is_empty() {
        return Ok(());
    }
    let mut family = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
    for input in inputs {
        let labels = InputLabels { input: input.collection.name() };
        value(input).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::observations::{Standing, WATCHED};

    #[test]
    fn each_standing_can_be_told_from_the_metrics() {
        let health = Arc::new(Health::default());
        let mut registry = Registry::with_prefix("deltagate");
        registry.register_collector(Box::new(Inputs(Arc::clone(&health))));
        let page = || {
            let mut page = String::new();
            text::encode(&mut page, &registry).unwrap();
            page
        };
        assert!(!page().contains("input_"), "{}", page());
        let input = WATCHED.iter().map(|watched| watched.collection).find(|input| input.name() == "HTTPRoute").unwrap();
        let shows = |name: &str| {
            let (page, start) = (page(), format!("deltagate_input_{name}{{input=\"HTTPRoute\"}} "));
            let value = page.lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned));
            value.unwrap_or_else(|| panic!("{name} is missing from {page}"))
        };
        for (standing, followed) in [
            (Standing::Starting, "0"),
            (Standing::Listing, "0"),
            (Standing::Watching, "1"),
            (Standing::Failing, "0"),
            (Standing::Forbidden, "0"),
            (Standing::NotServed, "1"),
            (Standing::Listing, "0"),
        ] {
            health.set(input, standing.clone(), None);
            assert_eq!(shows("followed"), followed, "{standing:?}");
            let silent = shows("silence_seconds").parse::<f64>().unwrap();
            assert_eq!(silent > 0.0, standing != Standing::NotServed, "{standing:?} {silent}");
            assert_eq!(shows("complete"), "0");
        }
        health.completed(input);
        health.undecoded(input);
        assert_eq!((shows("complete"), shows("undecoded_total")), ("1".to_owned(), "1".to_owned()));
    }
}
