//! `desired`, `held`, `pending`, `blocked`, `tasks`.

use dataflows::manifest;
use dataflows::model::{Fact, Fingerprint, Key, Kind, ObjectName, Observed, Refusal, Settings, Update};

use crate::world::*;

const FLOOR: &str = "MeshHTTPRoute/kuma-system/edge-infra-floor";

fn settled() -> World {
    let mut world = World::new();
    world.put(class("kuma", Some("tuning")));
    world.put(parameters("tuning", 1));
    world.put(gateway("infra/edge").listener("web", 80, ""));
    world.put(route("shop/web").on("infra/edge").rule("/", &[]));
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
    world
}

fn shown(kind: Kind, name: &str, ours: bool) -> Update {
    let object = named(kind, name);
    let fingerprint = Fingerprint(Key::hash(&[b"something else"]));
    let observed = Observed { ours, mesh: "default".into(), fingerprint, anchor: object.key(), rare: None, object };
    Update { source: observed.object.key(), facts: vec![Fact::observed(observed)] }
}

fn blocked_by(world: &World, kind: Kind, name: &str) -> Vec<String> {
    let task = world.task(kind, name);
    task.map_or_else(Vec::new, |task| task.blocked_by.iter().map(ObjectName::to_string).collect())
}

#[test]
fn settled_is_silent_and_drift_is_repaired() {
    let mut world = settled();
    world.put(shown(Kind::MeshGateway, "edge.infra", true));
    assert_eq!(world.to_do(), ["write Gateway/infra/edge", "write MeshGateway/edge.infra"]);
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
    world.remove(Kind::MeshGatewayInstance, "infra/edge");
    assert_eq!(world.to_do(), ["write Gateway/infra/edge", "write MeshGatewayInstance/infra/edge"]);
}

#[test]
fn a_new_engine_that_sees_what_is_there_has_nothing_to_do() {
    let world = settled();
    assert_eq!(world.restarted().to_do(), [""; 0]);
    let mut changed = world.restarted();
    changed.put(route("shop/web").on("infra/edge").rule("/new", &[]));
    let task = changed.to_do();
    assert!(matches!(&task[..], [task] if task.starts_with("write MeshHTTPRoute/")), "{task:?}");
}

#[test]
fn what_nobody_asks_for_is_removed_unless_it_is_somebody_elses() {
    let mut world = World::new();
    world.settle();
    world.put(shown(Kind::MeshGateway, "stray", false));
    assert_eq!(world.to_do(), [""; 0]);
    world.put(shown(Kind::MeshGateway, "stray", true));
    assert_eq!(world.to_do(), ["remove MeshGateway/stray"]);
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
}

#[test]
fn what_is_somebody_elses_stands_in_the_way_and_the_gateway_says_so() {
    let mut world = World::new();
    world.put(shown(Kind::MeshGateway, "edge.infra", false));
    world.put(gateway("infra/edge").listener("web", 80, ""));
    world.settle();
    assert_eq!(world.to_do(), ["obstructed MeshGateway/edge.infra"]);
    world.remove(Kind::MeshGateway, "edge.infra");
    assert_eq!(world.gateway_condition("infra/edge", "Programmed"), "Pending");
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
}

#[test]
fn the_floor_comes_first_and_goes_last() {
    let mut world = World::new();
    world.put(gateway("infra/edge").listener("web", 80, ""));
    let floor = blocked_by(&world, Kind::MeshGateway, "edge.infra");
    assert!(matches!(&floor[..], [floor] if floor.starts_with(FLOOR)), "{floor:?}");
    world.settle();
    assert_eq!(blocked_by(&world, Kind::MeshGateway, "edge.infra"), [""; 0]);
    world.remove(Kind::Gateway, "infra/edge");
    let touched = world.settle();
    let place = |name: &str| touched.iter().position(|object| object.starts_with(name));
    assert!(place("MeshGateway/") < place(FLOOR), "{touched:?}");
    assert_eq!(world.to_do(), [""; 0]);
}

#[test]
fn a_gateway_that_loses_its_parameters_keeps_what_it_has() {
    let mut world = settled();
    world.remove(Kind::MeshGatewayConfig, "tuning");
    let held = world.to_do();
    assert!(held.iter().all(|task| task.starts_with("write ") && !task.contains(" Mesh")), "only statuses: {held:?}");
    assert_eq!(world.gateway_condition("infra/edge", "Accepted"), "InvalidParameters");
    assert_eq!(world.verdict("shop/web"), "Pending");
    world.settle();
    world.remove(Kind::GatewayClass, "kuma");
    let gone: Vec<_> = world.to_do().into_iter().filter(|task| task.starts_with("remove Mesh")).collect();
    assert_eq!(gone.len(), 4, "without a class nothing is held: {gone:?}");
}

#[test]
fn a_held_gateway_goes_on_where_it_was_when_its_parameters_come_back() {
    let mut world = settled();
    world.remove(Kind::MeshGatewayConfig, "tuning");
    world.settle();
    world.put(parameters("tuning", 1));
    let back = world.to_do();
    assert!(back.iter().all(|task| !task.contains(" Mesh")), "no object is written again: {back:?}");
}

#[test]
fn an_object_moves_to_another_mesh_by_going_first() {
    let mut world = settled();
    world.put(mesh("other", PLAIN));
    world.put(namespace_in_mesh("infra", "other"));
    world.put(namespace_in_mesh("shop", "other"));
    let moving = world.to_do().into_iter().filter(|task| task.starts_with("move ")).count();
    assert_eq!(moving, 3, "{:?}", world.to_do());
    // The instance belongs to no Mesh, and would lose its address.
    assert!(world.to_do().contains(&"write MeshGatewayInstance/infra/edge".to_owned()), "{:?}", world.to_do());
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
}

#[test]
fn a_refusal_counts_for_what_was_refused_and_is_told() {
    let mut world = settled();
    let web = |path: &str| route("shop/web").on("infra/edge").rule(path, &[]);
    world.put(web("/a"));
    let task = world.to_do().into_iter().find(|task| task.contains("MeshHTTPRoute")).unwrap_or_default();
    let name = task.trim_start_matches("write MeshHTTPRoute/").to_owned();
    let desired = world.task(Kind::MeshHttpRoute, &name).and_then(|task| task.pending.action.desired().cloned());
    let desired = desired.expect("the changed route is to be written");
    let refusal =
        Refusal { fingerprint: Some(manifest::fingerprint(&Settings::default(), &desired)), reason: "no".into() };
    let answer = Update {
        source: desired.object.key().part("refusal", ""),
        facts: vec![Fact::refusal(desired.object.key(), refusal)],
    };
    world.put(answer);
    assert_eq!(world.verdict("shop/web"), "UnsupportedValue");
    world.put(web("/b"));
    assert_eq!(world.written(Kind::HttpRoute, "shop/web"), serde_json::Value::Null, "as before the refusal");
    let task = world.task(Kind::MeshHttpRoute, &name).expect("the other state is still to be written");
    assert_eq!(task.pending.refusal, None, "the refusal says nothing about another state");
}
