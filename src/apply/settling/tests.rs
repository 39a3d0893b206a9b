use dataflows::Engine;
use dataflows::model::{Kind, ObjectName, Settings};
use serde_json::{Value, json};

use super::*;
use crate::apply::queue::Queue;
use crate::apply::{Aim, Asked, Landing, Lane, Update};
use crate::watch::decode;

const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";

/// A dataflow with a Gateway of ours, which says what the Gateway should say.
struct World(Engine, Settings);

impl World {
    /// With the first that the Gateway says.
    fn new() -> (Self, Ref<Task>) {
        let mut world = Self(Engine::new(Settings::default()), Settings::default());
        let controller = world.1.controller_name.clone();
        world.apply(&json!({"apiVersion": "kuma.io/v1alpha1", "kind": "Mesh", "metadata": {"name": "default"}}));
        world.apply(&json!({"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": "kuma"},
                            "spec": {"controllerName": controller}}));
        let first = world.gateway(1).expect("a Gateway of ours is told something");
        (world, first)
    }

    /// What the Gateway should say, if that has changed.
    fn apply(&mut self, object: &Value) -> Option<Ref<Task>> {
        let updates = decode::decode(&self.1, object).expect("the objects of the test are valid").updates;
        let tasks = self.0.step(updates).tasks.into_iter().filter_map(|(_, task)| task);
        let task = tasks.into_iter().find(|task| task.pending.object.kind == Kind::Gateway)?;
        // As if the objects that it waits for were there.
        Some(Ref::new(Task { pending: task.pending.clone(), blocked_by: Vec::new() }))
    }

    fn gateway(&mut self, generation: i64) -> Option<Ref<Task>> {
        let listeners = json!([{"name": "web", "port": 80, "protocol": "HTTP"}]);
        self.apply(&json!({"apiVersion": GATEWAY_API, "kind": "Gateway",
                           "metadata": {"namespace": "n", "name": "edge", "generation": generation},
                           "spec": {"gatewayClassName": "kuma", "listeners": listeners}}))
    }

    fn route(&mut self, number: u32) -> Ref<Task> {
        let route = json!({"apiVersion": GATEWAY_API, "kind": "HTTPRoute",
                           "metadata": {"namespace": "n", "name": format!("route-{number}")},
                           "spec": {"parentRefs": [{"name": "edge"}]}});
        self.apply(&route).expect("one more route is attached")
    }
}

fn edge() -> Key {
    ObjectName::new(Kind::Gateway, "n", "edge").key()
}

#[test]
fn counts_are_told_at_once_then_at_rest_and_at_the_latest_after_a_while() {
    let (mut world, first) = World::new();
    let (mut settling, key, start) = (Settling::default(), edge(), Instant::now());
    let at = |ms| start + Duration::from_millis(ms);
    let one = world.route(1);
    assert_eq!(settling.until(key, &one, start, start), None, "nothing was said lately");
    settling.told(key, &first, start);
    assert_eq!(settling.until(key, &first, at(10), at(10)), None, "nothing is counted");
    assert_eq!(settling.until(key, &one, at(10), at(10)), Some(at(110)));
    assert_eq!(settling.until(key, &one, at(10), at(980)), Some(at(1_010)));
    let edited = world.gateway(2).expect("a new generation is told");
    assert_eq!(settling.until(key, &edited, at(10), at(10)), None, "somebody waits for that");
    assert_eq!(settling.until(key, &one, at(1_500), at(1_500)), None, "calm again");
    assert!(settling.said.is_empty() && settling.order.is_empty());

    for told in 0..6 {
        settling.told(key, &first, at(2_000 + told));
    }
    assert_eq!(settling.until(key, &one, at(2_010), at(2_010)), Some(at(2_410)), "bursts are waited for longer");
}

/// Routes that come one after the other, one every ten milliseconds, with answers that take as long.
#[test]
fn a_thousand_routes_are_a_dozen_writes_and_the_last_count_is_told_soon() {
    let (mut world, _) = World::new();
    let (mut queue, start, settings) = (Queue::default(), Instant::now(), Settings::default());
    let (mut told, mut last, mut flying) = (Vec::new(), None, false);
    for step in 0..1_100_u64 {
        let now = start + Duration::from_millis(step * 10);
        if std::mem::take(&mut flying) {
            queue.landed(edge(), Landing::Settled, now);
            // The dataflow sees the answer, unless something else is asked for meanwhile.
            if told.last() == last.as_ref() {
                assert_eq!(queue.update(edge(), None, now), Update::Done);
            }
        }
        if let Some(number) = u32::try_from(step).ok().filter(|number| *number < 1_000) {
            let task = world.route(number);
            let (aim, lane) = (Aim::of(&settings, &task), Lane::Interactive);
            last = Some(task.clone());
            queue.update(edge(), Some(Asked { task, aim, lane, heard: now }), now);
        }
        if let Some(dispatch) = queue.next(now) {
            queue.sent(dispatch.key);
            flying = true;
            told.push(dispatch.task);
            let elapsed = now - start;
            assert!(elapsed <= Duration::from_millis(9_990 + 500), "the last count is told after {elapsed:?}");
        }
    }
    assert_eq!(told.last(), last.as_ref(), "the last count is told");
    assert!(told.len() <= 13, "{} writes", told.len());
}
