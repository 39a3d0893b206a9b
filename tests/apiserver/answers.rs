//! A server that is busy, slow, or whose answers get lost.

use std::time::{Duration, Instant};

use serde_json::json;

use super::cluster::shared;
use super::objects::{expected, gateway, route, rule, service, web};
use super::proxy::{ALWAYS, Fault, Proxy, Verb, What};
use super::world::World;

const MISSING: What = What::Answer { code: 404, retry_after: None };

fn fault(plural: &'static str, times: usize, what: What) -> Fault {
    Fault { verb: Verb::Write, plural, times, what }
}

#[test]
fn a_server_that_asks_for_a_pause_gets_it_and_gets_everything_afterwards() {
    let world = World::with_class(shared(), "throttled");
    let proxy = Proxy::start(world.cluster, world.name);
    let _controller = world.start_behind(&proxy);
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("edge"), "is there", |_| true);
    let start = world.settle();
    let busy = What::Answer { code: 429, retry_after: Some(2) };
    proxy.set(&[fault("meshhttproutes", 2, busy), fault("httproutes", 2, busy)]);
    let begun = Instant::now();
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    world.mesh_route_of("HTTPRoute", "cart");
    assert!(begun.elapsed() >= Duration::from_secs(4), "two pauses of two seconds: {:?}", begun.elapsed());
    world.route_says("cart", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    assert_eq!(proxy.happened(), [2, 2]);
    // What the proxy answered itself never came to the server.
    let writes = super::world::sorted(world.settled_since(start));
    assert_eq!(writes, ["patch gateways/status", "patch httproutes/status", "patch meshhttproutes"]);
}

#[test]
fn one_kind_that_is_slow_to_write_holds_up_no_other() {
    const SLOW: Duration = Duration::from_secs(6);
    let world = World::with_class(shared(), "sluggish");
    let proxy = Proxy::start(world.cluster, world.name);
    let _controller = world.start_behind(&proxy);
    world.apply(&service(world.name, "cart"));
    proxy.set(&[fault("meshgatewayinstances", ALWAYS, What::Late(SLOW))]);
    let start = world.mark();
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    world.mesh_route_of("HTTPRoute", "cart");
    world.route_says("cart", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let early = world.cluster.get(&world.instance_path("edge")).is_none();
    world.eventually(&world.instance_path("edge"), "is there at last", |_| true);
    assert!(early, "the routes did not wait for the instance");
    let writes = world.settled_since(start);
    assert_eq!(writes.iter().filter(|write| *write == "patch meshgatewayinstances").count(), 1, "{writes:?}");
    assert_eq!(proxy.happened(), [1], "it was asked for once and waited for");
}

#[test]
fn answers_that_get_lost_are_found_in_the_cluster() {
    let world = World::with_class(shared(), "unanswered");
    let proxy = Proxy::start(world.cluster, world.name);
    let controller = world.start_behind(&proxy);
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("edge"), "is there", |_| true);
    let start = world.settle();
    proxy.set(&[fault("meshhttproutes", 1, What::Unanswered), fault("httproutes", 1, What::Unanswered)]);
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    let made = world.mesh_route_of("HTTPRoute", "cart");
    world.route_says("cart", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let writes = world.settled_since(start);
    assert_eq!(proxy.happened(), [1, 1], "{}", controller.tail());
    let count = |what: &str| writes.iter().filter(|write| *write == what).count();
    // The watch may tell of the write before it is tried again, or after.
    assert!((1..=2).contains(&count("patch meshhttproutes")), "{writes:?}");
    assert!((1..=2).contains(&count("patch httproutes/status")), "{writes:?}");
    let now = world.mesh_route_of("HTTPRoute", "cart");
    assert_eq!(now["metadata"]["uid"], made["metadata"]["uid"]);
    assert_eq!(now["metadata"]["generation"], 1, "written once, whatever was asked");
}

#[test]
fn what_the_server_does_not_find_for_a_while_is_neither_lost_nor_left_behind() {
    let world = World::with_class(shared(), "mislaid");
    let proxy = Proxy::start(world.cluster, world.name);
    let controller = world.start_behind(&proxy);
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    let cart = |host: &str| route(world.name, "cart", "edge", host, &json!([rule("/", "cart")]));
    world.apply(&cart("shop.example.com"));
    let says = |generation: u32| {
        let said = |reason: &str| format!("True/{reason}@{generation}");
        world
            .route_says("cart", &expected(&[("Accepted", &said("Accepted")), ("ResolvedRefs", &said("ResolvedRefs"))]));
    };
    says(1);
    let made = world.mesh_route_of("HTTPRoute", "cart");
    let start = world.settle();

    // A status that misses its route, and a look that misses it as well: as if its version were not served.
    proxy.set(&[fault("httproutes", 1, MISSING), Fault { verb: Verb::Read, ..fault("httproutes", 1, MISSING) }]);
    world.apply(&cart("store.example.com"));
    says(2);
    assert_eq!(proxy.happened(), [1, 1], "{}", controller.tail());
    let now = world.mesh_route_of("HTTPRoute", "cart");
    assert_eq!(now["metadata"]["uid"], made["metadata"]["uid"], "what serves traffic stayed");
    let writes = super::world::sorted(world.settled_since(start));
    assert_eq!(writes, ["patch httproutes/status", "patch meshhttproutes"]);

    // It is seen as it was before.
    world.apply(&cart("shop.example.com"));
    says(3);

    proxy.set(&[fault("meshhttproutes", 1, MISSING)]);
    world.cluster.delete(&world.route_path("cart"));
    world.eventually_gone(&world.mesh_route_path(super::objects::name(&made)));
    assert_eq!(proxy.happened(), [1], "it is deleted in spite of the first answer");
}
