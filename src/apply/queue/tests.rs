use dataflows::model::{ObjectName, Pending, Ref, Task};

use super::*;
use crate::apply::{Aim, Lane};

/// A queue with a clock in milliseconds.
struct World {
    queue: Queue,
    start: Instant,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        Self { queue: Queue::default(), start: now, now }
    }

    fn at(&mut self, ms: u64) -> &mut Self {
        self.now = self.start + Duration::from_millis(ms);
        self
    }

    fn task(&mut self, object: &ObjectName, aim: Aim) -> Update {
        self.ask(task(object, aim, &[]), aim, Lane::Interactive)
    }

    /// One of the many tasks that one edit leads to.
    fn bulk(&mut self, object: &ObjectName) {
        self.ask(task(object, ONE(), &[]), ONE(), Lane::Bulk);
    }

    fn ask(&mut self, task: Ref<Task>, aim: Aim, lane: Lane) -> Update {
        let key = task.pending.object.key();
        self.queue.update(key, Some(Asked { task, aim, lane, heard: self.now }), self.now)
    }

    fn blocked(&mut self, object: &ObjectName, by: &ObjectName) {
        let task = task(object, Aim::Absence, std::slice::from_ref(by));
        self.ask(task, Aim::Absence, Lane::Interactive);
    }

    fn done(&mut self, object: &ObjectName) -> Update {
        self.queue.update(object.key(), None, self.now)
    }

    /// Takes all that may be done now.
    fn next(&mut self) -> Vec<(String, Step)> {
        let mut dispatched = Vec::new();
        while let Some(dispatch) = self.queue.next(self.now) {
            if self.queue.hold(dispatch.key, self.now).is_some() {
                continue;
            }
            self.queue.sent(dispatch.key);
            dispatched.push((dispatch.task.pending.object.name.to_string(), dispatch.step));
        }
        dispatched
    }

    fn names(&mut self) -> Vec<String> {
        self.next().into_iter().map(|(name, _)| name).collect()
    }

    fn land(&mut self, object: &ObjectName, landing: Landing) {
        self.queue.landed(object.key(), landing, self.now);
    }
}

fn task(object: &ObjectName, aim: Aim, blocked_by: &[ObjectName]) -> Ref<Task> {
    let pending = Pending {
        object: object.clone(),
        action: action(object, aim),
        present: false,
        copies: Vec::new(),
        refusal: None,
    };
    Ref::new(Task { pending: pending.into(), blocked_by: blocked_by.to_vec() })
}

fn action(object: &ObjectName, aim: Aim) -> dataflows::model::Action {
    use dataflows::model::{Action, Content, Desired, Generation, RouteRules, RouteStatus};
    let desired = || {
        let rules = RouteRules { rules: Vec::new().into(), dropped: Vec::new().into() }.into();
        let status = RouteStatus {
            of: Generation { kind: Kind::HttpRoute, generation: 1, namespace: "".into(), name: "".into() }.into(),
            parents: Box::default(),
            rules,
            refused: dataflows::model::Few::new(),
        };
        let content = Content::RouteStatus(status.into());
        Desired::new(object.clone(), content)
    };
    match aim {
        Aim::Show(_) => Action::Write(desired().into()),
        Aim::Absence => Action::Remove { then: None, anchor: object.key() },
        Aim::Nothing => Action::Obstructed(desired().into()),
    }
}

fn show(state: u8) -> dataflows::model::Fingerprint {
    dataflows::model::Fingerprint(Key::hash(&[&[state]]))
}

fn route(name: &str) -> ObjectName {
    ObjectName::new(Kind::HttpRoute, "n", name)
}

fn gateway(name: &str) -> ObjectName {
    ObjectName::new(Kind::MeshGateway, "", name)
}

const ONE: fn() -> Aim = || Aim::Show(show(1));
const TWO: fn() -> Aim = || Aim::Show(show(2));

#[test]
fn a_task_is_done_once_and_waits_for_the_dataflow() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    assert_eq!(world.names(), ["a"]);
    assert!(world.names().is_empty(), "one request per key");
    world.land(&a, Landing::Settled);
    assert!(world.at(9_000).names().is_empty());
    assert_eq!(world.done(&a), Update::Done);
    assert_eq!((world.queue.pending(), world.queue.wake_at()), (0, None));
}

#[test]
fn what_the_dataflow_still_asks_for_after_a_while_is_done_in_any_case() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Settled);
    world.queue.observed(a.key());
    assert_eq!(world.next(), [("a".to_owned(), Step::Write)], "news are looked at");
    world.land(&a, Landing::Settled);
    assert_eq!(world.at(10_000).next(), [("a".to_owned(), Step::Insist)]);
}

#[test]
fn what_others_changed_during_the_flight_is_looked_at_at_once() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Overtaken);
    assert_eq!(world.next(), [("a".to_owned(), Step::Write)]);
}

#[test]
fn a_task_that_changes_in_flight_is_done_after_the_answer() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    world.names();
    world.task(&a, TWO());
    assert!(world.names().is_empty());
    world.land(&a, Landing::Settled);
    assert_eq!(world.names(), ["a"]);
}

#[test]
fn a_task_that_goes_in_flight_is_forgotten_and_may_come_back() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    world.names();
    assert_eq!(world.done(&a), Update::Done);
    world.task(&a, TWO());
    assert!(world.names().is_empty(), "the first request is still on its way");
    world.land(&a, Landing::Stale { newer: false });
    assert_eq!(world.names(), ["a"]);
}

#[test]
fn a_write_that_is_not_needed_any_more_is_avoided() {
    let (mut world, a, b) = (World::new(), route("a"), gateway("b"));
    world.task(&a, ONE());
    assert_eq!(world.done(&a), Update::Avoided);
    world.task(&b, Aim::Nothing);
    assert_eq!(world.done(&b), Update::Done, "never meant to be written");
    assert!(world.names().is_empty());
}

#[test]
fn what_is_blocked_or_not_ours_waits() {
    let (mut world, a, b) = (World::new(), gateway("a"), gateway("b"));
    world.blocked(&a, &b);
    world.task(&b, Aim::Nothing);
    assert!(world.names().is_empty());
    assert_eq!(world.queue.pending(), 2);
    world.task(&a, Aim::Absence);
    assert_eq!(world.names(), ["a"]);
    world.blocked(&a, &b);
    world.land(&a, Landing::Settled);
    assert!(world.at(60_000).names().is_empty());
}

#[test]
fn statuses_go_first_and_starve_nothing() {
    let mut world = World::new();
    for name in ["x", "y"] {
        world.task(&gateway(name), ONE());
    }
    for name in 0..10 {
        world.task(&route(&name.to_string()), ONE());
    }
    assert_eq!(world.names(), ["0", "1", "2", "3", "4", "5", "6", "7", "x", "8", "9", "y"]);
}

#[test]
fn what_counts_routes_goes_before_them() {
    let mut world = World::new();
    world.task(&gateway("object"), ONE());
    world.task(&route("route"), ONE());
    for kind in [Kind::ListenerSet, Kind::Gateway, Kind::GatewayClass] {
        world.task(&ObjectName::new(kind, "n", &format!("{kind:?}")), ONE());
    }
    assert_eq!(world.names(), ["ListenerSet", "Gateway", "GatewayClass", "route", "object"]);
}

#[test]
fn what_a_user_waits_for_goes_before_the_bulk() {
    let mut world = World::new();
    for name in ["x", "y"] {
        world.bulk(&route(name));
    }
    world.task(&gateway("a"), ONE());
    world.task(&route("b"), ONE());
    assert_eq!(world.names(), ["b", "a", "x", "y"]);
}

#[test]
fn who_waits_in_the_bulk_and_is_asked_for_by_a_user_moves_up() {
    let mut world = World::new();
    for name in ["x", "y"] {
        world.bulk(&route(name));
    }
    world.task(&route("y"), TWO());
    assert_eq!(world.names(), ["y", "x"]);
}

#[test]
fn pauses_grow_and_the_server_may_ask_for_longer_ones() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Later(None));
    assert!(world.at(199).names().is_empty());
    assert_eq!(world.at(200).names(), ["a"]);
    world.land(&a, Landing::Later(None));
    assert!(world.at(599).names().is_empty());
    assert_eq!(world.at(600).names(), ["a"]);
    world.land(&a, Landing::Later(Some(Duration::from_secs(7))));
    world.task(&a, TWO());
    assert!(world.at(7_599).names().is_empty(), "another wish does not mend the server");
    assert_eq!(world.at(7_600).names(), ["a"]);
}

#[test]
fn a_refusal_is_about_what_was_asked_for() {
    let (mut world, a) = (World::new(), gateway("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Refused);
    world.task(&a, ONE());
    assert!(world.at(29_999).names().is_empty());
    assert_eq!(world.at(30_000).names(), ["a"]);
    world.land(&a, Landing::Refused);
    assert!(world.at(89_999).names().is_empty());
    world.task(&a, TWO());
    assert_eq!(world.names(), ["a"], "something else is tried at once");
}

#[test]
fn a_permission_is_missed_for_seconds_then_for_longer() {
    let (mut world, a) = (World::new(), gateway("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Forbidden);
    assert!(world.at(1_999).names().is_empty());
    assert_eq!(world.at(2_000).names(), ["a"]);
    world.land(&a, Landing::Forbidden);
    assert!(world.at(5_999).names().is_empty());
    assert_eq!(world.at(6_000).names(), ["a"]);
}

#[test]
fn a_refusal_is_looked_at_again_when_the_kind_appears() {
    let (mut world, a) = (World::new(), gateway("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Refused);
    world.queue.listed(Kind::HttpRoute);
    assert!(world.names().is_empty());
    world.queue.listed(Kind::MeshGateway);
    assert_eq!(world.names(), ["a"]);
}

#[test]
fn after_a_conflict_the_newest_observation_is_used() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Stale { newer: true });
    assert_eq!(world.names(), ["a"], "it is here already");
    world.land(&a, Landing::Stale { newer: false });
    assert!(world.at(1_000).names().is_empty());
    world.queue.observed(a.key());
    assert_eq!(world.next(), [("a".to_owned(), Step::Write)], "it came");
    world.land(&a, Landing::Stale { newer: false });
    assert_eq!(world.at(3_000).next(), [("a".to_owned(), Step::Read)], "it did not come");
    world.land(&a, Landing::Again);
    assert_eq!(world.next(), [("a".to_owned(), Step::Write)]);
    world.land(&a, Landing::Stale { newer: true });
    assert!(world.names().is_empty(), "a fight is slowed down");
    assert_eq!(world.at(5_000).names(), ["a"]);
}

#[test]
fn what_is_not_found_is_looked_for_ever_less_often_until_its_watch_or_a_list_tells_more() {
    let (mut world, a) = (World::new(), route("a"));
    world.task(&a, ONE());
    world.names();
    world.land(&a, Landing::Missing);
    for (before, at) in [(1_999, 2_000), (5_999, 6_000), (13_999, 14_000)] {
        assert!(world.at(before).next().is_empty());
        assert_eq!(world.at(at).next(), [("a".to_owned(), Step::Read)]);
        world.land(&a, Landing::Missing);
    }
    world.queue.observed(a.key());
    assert_eq!(world.next(), [("a".to_owned(), Step::Write)], "its watch tells of it");
    world.land(&a, Landing::Missing);
    world.queue.listed(Kind::Gateway);
    assert!(world.next().is_empty());
    world.queue.listed(Kind::HttpRoute);
    assert_eq!(world.next(), [("a".to_owned(), Step::Write)], "its kind was listed");
    world.land(&a, Landing::Missing);
    world.task(&a, TWO());
    assert_eq!(world.next(), [("a".to_owned(), Step::Write)], "something else is tried at once");
}

#[test]
fn what_somebody_keeps_undoing_is_repaired_at_once_twice_then_ever_later() {
    let (mut world, a, b) = (World::new(), route("a"), route("b"));
    let mut at = 0;
    for due in [0, 0, 0, 1_000, 3_000, 7_000] {
        world.at(at).task(&a, ONE());
        if due > at {
            assert!(world.names().is_empty(), "{due}");
            assert!(world.at(due - 1).names().is_empty(), "{due}");
            world.queue.listed(Kind::HttpRoute);
            assert!(world.names().is_empty(), "other news do not help");
            world.task(&b, ONE());
            assert_eq!(world.names(), ["b"], "others do not wait");
            world.land(&b, Landing::Settled);
            world.done(&b);
        }
        world.at(due);
        assert_eq!(world.names(), ["a"], "{due}");
        world.land(&a, Landing::Settled);
        world.done(&a);
        at = due;
    }
    world.task(&a, TWO());
    assert_eq!(world.names(), ["a"], "something else is written at once");
    assert_eq!(world.queue.pacing().in_flight(), 1);
}

#[test]
fn an_outage_costs_one_probe_at_a_time_and_no_pause_afterwards() {
    let mut world = World::new();
    let routes: Vec<_> = (0..40).map(|name| route(&name.to_string())).collect();
    for route in &routes {
        world.task(route, ONE());
    }
    let sent = world.names().len();
    assert_eq!(sent, 18, "the limit, and room for users");
    for route in &routes[..sent] {
        world.land(route, Landing::Unreachable);
    }
    assert!(world.names().is_empty());
    assert_eq!(world.queue.wake_at(), Some(world.start + Duration::from_millis(200)));
    let probes = world.at(200).names();
    assert_eq!(probes, ["18"]);
    world.land(&routes[18], Landing::Settled);
    assert_eq!(world.names().len(), 6, "all at once again, carefully");
}

#[test]
fn age_is_that_of_the_oldest_task() {
    let (mut world, a, b) = (World::new(), route("a"), route("b"));
    world.task(&a, ONE());
    world.at(500).task(&b, ONE());
    world.task(&a, TWO());
    assert_eq!(world.queue.oldest(), Some(world.start));
    world.done(&a);
    assert_eq!(world.queue.oldest(), Some(world.now));
}
