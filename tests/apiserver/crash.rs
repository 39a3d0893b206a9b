//! A process that is killed loses nothing and leaves nothing behind.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::{eventually, path, shared};
use super::objects::{GATEWAY_API, KUMA, gateway, owner, route, rule, service, web, without};
use super::world::World;

/// Chooses the moments. A failure names it, so that it can be repeated.
const SEED: u64 = 0x5eed;

/// Changes in the burst.
const STEPS: u64 = 120;

/// A small generator (xorshift): the moments must not depend on a crate's version.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[test]
fn killed_at_any_moment_the_end_is_that_of_a_run_without_kills() {
    let (calm, killed) = (World::with_class(shared(), "unharmed"), World::with_class(shared(), "murdered"));
    let _controller = calm.start();
    burst(&calm);

    let (mut random, over, mut kills) = (Random(SEED), AtomicBool::new(false), 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            burst(&killed);
            over.store(true, Ordering::Relaxed);
        });
        while !over.load(Ordering::Relaxed) {
            let controller = killed.launch();
            // Not before it writes: a moment in which nothing is under way proves nothing.
            if kills % 2 == 0 {
                controller.wait_until_ready();
            }
            thread::sleep(Duration::from_millis(random.below(300)));
            controller.kill();
            kills += 1;
        }
    });
    assert!(kills >= 3, "the burst was over after {kills} kills");
    let _last = killed.start();
    calm.settle();
    eventually(&format!("after {kills} kills with seed {SEED:#x} both ends are the same"), || {
        let (wanted, found) = (state(&calm), state(&killed));
        let differing: Vec<_> =
            wanted.keys().chain(found.keys()).filter(|key| wanted.get(*key) != found.get(*key)).collect();
        match differing.first() {
            None => Ok(()),
            Some(key) => Err(format!("{differing:?}; {:?} instead of {:?}", found.get(*key), wanted.get(*key))),
        }
    });
    let start = killed.settle();
    assert_eq!(killed.settled_since(start), Vec::<String>::new());
}

/// Gateways, routes and Services that come, change and go; the same in each world.
fn burst(world: &World<'_>) {
    let mut random = Random(SEED);
    let (cluster, name) = (world.cluster, world.name);
    world.apply(&gateway(name, "first", name, &web()));
    for step in 0..STEPS {
        let which = random.below(12);
        let (target, gateway_name) = (format!("r{which}"), ["first", "second"][usize::from(which.is_multiple_of(3))]);
        let service_name = format!("s{}", random.below(3));
        match random.below(10) {
            0 => drop(world.apply(&service(name, &service_name))),
            1 => remove(world, &path("v1", "Service", name, &service_name)),
            2 => drop(world.apply(&gateway(name, "second", name, &listeners(step)))),
            3 => remove(world, &world.gateway_path("second")),
            4 | 5 => remove(world, &world.route_path(&target)),
            _ => {
                let rules = json!([rule(&format!("/{step}"), &service_name)]);
                cluster.apply(&route(name, &target, gateway_name, &format!("{target}.example.com"), &rules));
            }
        }
        // A user's pace rather than that of a load test, so that the controller is at it all the time.
        thread::sleep(Duration::from_millis(25));
    }
}

fn listeners(step: u64) -> Value {
    json!([{"name": "web", "port": 8000 + step, "protocol": "HTTP"}, {"name": "more", "port": 9000, "protocol": "HTTP"}])
}

fn remove(world: &World<'_>, path: &str) {
    if world.cluster.get(path).is_some() {
        world.cluster.delete(path);
    }
}

/// All that the controller made or said, under names that are the same in each world.
fn state(world: &World<'_>) -> BTreeMap<String, String> {
    let objects =
        [(KUMA, "MeshGateway"), (KUMA, "MeshGatewayInstance"), (GATEWAY_API, "Gateway"), (GATEWAY_API, "HTTPRoute")];
    let mut found = world.mesh_routes();
    for (version, kind) in objects {
        let namespace = if kind == "MeshGateway" { "" } else { world.name };
        found.extend(world.cluster.list(&path(version, kind, namespace, "")).into_iter().map(|mut object| {
            object["kind"] = kind.into();
            object
        }));
    }
    found.retain(|object| owner(object).contains(world.name) || object["metadata"]["namespace"] == world.name);
    let neutral = |text: String| text.replace(world.name, "WORLD");
    found
        .iter()
        .map(|object| {
            let key = match owner(object) {
                "" => format!("{} {}", object["kind"], object["metadata"]["name"]),
                owner => format!("{} of {owner}: {}", object["kind"], object["spec"]["targetRef"]["tags"]),
            };
            let mut status = without(&object["status"], &["lastTransitionTime"]);
            // Whether a route had an entry before it had none is a matter of moments, and means nothing.
            if status == json!({"parents": []}) {
                status = Value::Null;
            }
            (neutral(key), neutral(json!([object["spec"], status]).to_string()))
        })
        .collect()
}
