use dataflows::Engine;
use dataflows::model::{Kind, ObjectName, Ref, Settings};
use serde_json::{Value, json};

use super::*;
use crate::apply::queue::Queue;
use crate::apply::{Aim, Asked, Landing, Lane, Update};
use crate::watch::decode;

const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";

/// A dataflow with something of ours that counts routes, a Gateway or a ListenerSet, and what it should say.
struct World {
    engine: Engine,
    settings: Settings,
    counting: Kind,
}

impl World {
    /// With the first that it says.
    fn new(counting: Kind) -> (Self, Ref<Task>) {
        let settings = Settings::default();
        let mut world = Self { engine: Engine::new(settings.clone()), settings, counting };
        let controller = world.settings.controller_name.clone();
        world.apply(&json!({"apiVersion": "kuma.io/v1alpha1", "kind": "Mesh", "metadata": {"name": "default"}}));
        world.apply(&json!({"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": "kuma"},
                            "spec": {"controllerName": controller}}));
        if counting == Kind::ListenerSet {
            world.gateway("parent", 1);
        }
        let first = world.generation(1).expect("an object of ours is told something");
        (world, first)
    }

    fn key(&self) -> Key {
        ObjectName::new(self.counting, "n", "edge").key()
    }

    /// What the object that counts should say, if that has changed.
    fn apply(&mut self, object: &Value) -> Option<Ref<Task>> {
        let updates = decode::decode(&self.settings, object).expect("the objects of the test are valid").updates;
        let tasks = self.engine.step(updates).tasks.into_iter().filter_map(|(_, task)| task);
        let edge = ObjectName::new(self.counting, "n", "edge");
        let task = tasks.into_iter().find(|task| task.pending.object == edge)?;
        // As if the objects that it waits for were there.
        Some(Ref::new(Task { pending: task.pending.clone(), blocked_by: Vec::new() }))
    }

    fn generation(&mut self, generation: i64) -> Option<Ref<Task>> {
        match self.counting {
            Kind::ListenerSet => self.apply(&json!({
                "apiVersion": GATEWAY_API, "kind": "ListenerSet",
                "metadata": {"namespace": "n", "name": "edge", "generation": generation},
                "spec": {"parentRef": {"name": "parent"},
                         "listeners": [{"name": "more", "port": 8080, "protocol": "HTTP"}]}})),
            _ => self.gateway("edge", generation),
        }
    }

    fn gateway(&mut self, name: &str, generation: i64) -> Option<Ref<Task>> {
        self.apply(&json!({
            "apiVersion": GATEWAY_API, "kind": "Gateway",
            "metadata": {"namespace": "n", "name": name, "generation": generation},
            "spec": {"gatewayClassName": "kuma", "allowedListeners": {"namespaces": {"from": "Same"}},
                     "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}}))
    }

    fn route(&mut self, number: u32) -> Ref<Task> {
        let parent = json!({"kind": format!("{:?}", self.counting), "name": "edge"});
        let route = json!({"apiVersion": GATEWAY_API, "kind": "HTTPRoute",
                           "metadata": {"namespace": "n", "name": format!("route-{number}")},
                           "spec": {"parentRefs": [parent]}});
        self.apply(&route).expect("one more route is attached")
    }
}

#[test]
fn counts_are_told_at_once_then_at_rest_and_at_the_latest_after_a_while() {
    for counting in [Kind::Gateway, Kind::ListenerSet] {
        let (mut world, first) = World::new(counting);
        let (mut settling, key, start) = (Settling::default(), world.key(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let one = world.route(1);
        assert_eq!(settling.until(key, &one, start, start), None, "nothing was said lately");
        settling.told(key, &first, start);
        assert_eq!(settling.until(key, &first, at(10), at(10)), None, "nothing is counted");
        assert_eq!(settling.until(key, &one, at(10), at(10)), Some(at(110)));
        assert_eq!(settling.until(key, &one, at(10), at(980)), Some(at(1_010)));
        let edited = world.generation(2).expect("a new generation is told");
        assert_eq!(settling.until(key, &edited, at(10), at(10)), None, "somebody waits for that");
        assert_eq!(settling.until(key, &one, at(1_500), at(1_500)), None, "calm again");
        assert!(settling.said.is_empty() && settling.order.is_empty());

        for told in 0..6 {
            settling.told(key, &first, at(2_000 + told));
        }
        assert_eq!(settling.until(key, &one, at(2_010), at(2_010)), Some(at(2_410)), "bursts are waited for longer");
    }
}

/// Routes that come one after the other, one every ten milliseconds, with answers that take as long.
#[test]
fn a_thousand_routes_are_a_dozen_writes_and_the_last_count_is_told_soon() {
    for counting in [Kind::Gateway, Kind::ListenerSet] {
        let told = writes_of_a_thousand_routes(&mut World::new(counting).0);
        assert!(told <= 13, "{told} writes");
    }
}

fn writes_of_a_thousand_routes(world: &mut World) -> usize {
    let (mut queue, start, settings, key) = (Queue::default(), Instant::now(), Settings::default(), world.key());
    let (mut told, mut last, mut flying) = (Vec::new(), None, false);
    for step in 0..1_100_u64 {
        let now = start + Duration::from_millis(step * 10);
        if std::mem::take(&mut flying) {
            queue.landed(key, Landing::Settled, now);
            // The dataflow sees the answer, unless something else is asked for meanwhile.
            if told.last() == last.as_ref() {
                assert_eq!(queue.update(key, None, now), Update::Done);
            }
        }
        if let Some(number) = u32::try_from(step).ok().filter(|number| *number < 1_000) {
            let task = world.route(number);
            let (aim, lane) = (Aim::of(&settings, &task), Lane::Interactive);
            last = Some(task.clone());
            queue.update(key, Some(Asked { task, aim, lane, heard: now }), now);
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
    told.len()
}
