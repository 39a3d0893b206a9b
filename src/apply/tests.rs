use std::collections::BTreeSet;

use crossbeam_channel::{Receiver as Events, unbounded};
use dataflows::model::{Action, Pending, Ref, Settings, Task};
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::apply::flight::Sight;
use crate::events::Event;

/// A writer whose requests never leave, and what it tells the engine.
fn writer() -> (Writer, Events<Event>) {
    let (sender, events) = unbounded();
    let feed = Arc::new(Feed::new(Arc::new(Settings::default()), sender, Arc::default()));
    let config = kube::Config::new("http://127.0.0.1:9".parse().expect("an address"));
    let client = Client::try_from(config).expect("nothing is connected yet");
    let (_, reports) = unbounded_channel();
    let (_, may_write) = tokio::sync::watch::channel(true);
    (Writer::new(client, feed, reports, may_write, Arc::default()), events)
}

fn object() -> ObjectName {
    ObjectName::new(Kind::MeshGateway, "", "edge.infra")
}

fn report(task: Option<Ref<Task>>) -> EpochReport {
    EpochReport {
        epoch: 1,
        triggers: Vec::new(),
        changed: BTreeSet::new(),
        heard: Instant::now(),
        events: 1,
        rows: 1,
        took: Duration::ZERO,
        tasks: vec![(object().key(), task)],
    }
}

fn removal() -> Ref<Task> {
    let action = Action::Remove { then: None, anchor: object().key() };
    let pending = Pending { object: object(), action, present: true, copies: Vec::new(), refusal: None };
    Ref::new(Task { pending: pending.into(), blocked_by: Vec::new() })
}

#[tokio::test]
async fn a_refusal_is_told_as_long_as_what_was_refused_is_asked_for() {
    for (meanwhile, told) in [(Some(removal()), 1), (None, 0)] {
        let (mut writer, events) = writer();
        writer.take(report(Some(removal()))).await;
        let dispatch = writer.queue.next(Instant::now()).expect("it may start");
        writer.take(report(meanwhile)).await;
        let refusal = RefusedWrite { verb: Verb::Delete, reason: "no".to_owned(), permission: false };
        let (landing, refusal) = (Landing::Refused, Some(refusal));
        let sight = Sight::of(&Request::read(object()), None, &outcome::Outcome::Gone);
        writer.landed(Ok(Landed { dispatch, landing, refusal, unreachable: None, sight })).await;
        assert_eq!(events.try_iter().count(), told);
        writer.take(report(None)).await;
        assert_eq!(events.try_iter().count(), told, "taken back when the task ends");
        assert!(writer.refused.is_empty());
    }
}
