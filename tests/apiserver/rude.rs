//! A controller that takes the list of parents for its own.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use super::cluster::{Refused, shared};
use super::objects::{conditions, entries, expected, gateway, route, rule, service, web};
use super::world::World;

const THEIRS: &str = "rude.example/controller";

/// How often it writes the whole list, each time as soon as our entry is in it.
const ROUNDS: usize = 5;

/// How long our repairs of that wait together: two do not, then 1, 2 and 4 seconds.
const PAUSES: Duration = Duration::from_secs(7);

#[test]
fn our_entry_comes_back_beside_that_of_a_controller_that_drops_it() {
    let world = World::with_class(shared(), "trampled");
    let controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    let good = expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]);
    world.route_says("cart", &good);
    let start = world.settle();
    let begun = Instant::now();
    for round in 0..ROUNDS {
        let theirs = overwrite(&world, round);
        let now = world.eventually(&world.route_path("cart"), "has our entry again", |route| {
            let ours = entries(route, &world.controller);
            ours.len() == 1 && conditions(ours[0]) == good
        });
        assert_eq!(entries(&now, THEIRS), [&theirs], "theirs is as they left it");
    }
    assert!(begun.elapsed() >= PAUSES, "a fight is slowed down: {:?}", begun.elapsed());
    let writes = world.settled_since(start);
    let ours = writes.iter().filter(|write| write.contains("httproutes/status")).count();
    assert!((ROUNDS..=3 * ROUNDS).contains(&ours), "{writes:?}; {}", controller.tail());
    assert_eq!(ours, writes.len(), "nothing else is touched: {writes:?}");
    let log = controller.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains("keeps undoing")).collect();
    assert!(told.len() == 1 && told[0].contains("HTTPRoute/trampled/cart"), "told once: {told:?}");
    let metrics = controller.ask("/metrics").expect("metrics are served");
    assert!(metrics.contains("deltagate_repairs_put_off_total 3"), "{metrics}");
}

/// Writes a list with their entry alone, and returns it.
fn overwrite(world: &World<'_>, round: usize) -> Value {
    let path = world.route_path("cart");
    let entry = json!({"controllerName": THEIRS, "parentRef": {"name": "theirs"}, "conditions": [
        {"type": "Accepted", "status": "True", "reason": "Accepted", "message": format!("round {round}"),
         "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1},
    ]});
    loop {
        let mut route = world.cluster.get(&path).expect("the route is there");
        route["status"] = json!({"parents": [entry]});
        match world.cluster.request_as_other(Method::PUT, &format!("{path}/status"), &route) {
            Ok(now) => return entries(&now, THEIRS)[0].clone(),
            Err(Refused { code: 409, .. }) => {}
            Err(refused) => panic!("{refused}"),
        }
    }
}
