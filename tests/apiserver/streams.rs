//! Lists and watches that lag, break, repeat themselves, expire or tell of the past: nothing is lost, nothing is deleted
//! because of it, and nothing is written that has not changed.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::{eventually, shared};
use super::objects::{expected, gateway, owner, route, rule, service, web};
use super::process::Deltagate;
use super::proxy::{ALWAYS, Fault, Proxy, Verb, What};
use super::world::{World, sorted};

const ROUTES: &str = "httproutes";

fn fault(verb: Verb, times: usize, what: What) -> Fault {
    Fault { verb, plural: ROUTES, times, what }
}

/// A Gateway with a route and all that these need.
fn furnish(world: &World<'_>) {
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    add(world, "cart");
    good(world, "cart");
}

fn add(world: &World<'_>, name: &str) {
    let host = format!("{name}.example.com");
    world.apply(&route(world.name, name, "edge", &host, &json!([rule("/", "cart")])));
}

fn good(world: &World<'_>, name: &str) {
    world.route_says(name, &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    world.mesh_route_of("HTTPRoute", name);
}

fn wait_for(proxy: &Proxy, controller: &Deltagate, wanted: &[usize]) {
    eventually("the faults happened", || {
        let happened = proxy.happened();
        let enough = happened.iter().zip(wanted).all(|(count, wanted)| count >= wanted);
        if enough { Ok(()) } else { Err(format!("{happened:?} of {wanted:?}; {}", controller.tail())) }
    });
}

/// The writes that one new route leads to.
const NEW_ROUTE: [&str; 3] = ["patch gateways/status", "patch httproutes/status", "patch meshhttproutes"];

#[test]
fn a_list_in_pages_is_believed_only_when_it_is_complete() {
    let world = World::with_class(shared(), "paged");
    let proxy = Proxy::start(world.cluster, world.name);
    // A server without streaming lists, which keeps the rest of a list for a moment only.
    let pages = |last: Fault| {
        let unknown = What::Answer { code: 422, retry_after: None };
        [
            fault(Verb::StreamingList, ALWAYS, unknown),
            fault(Verb::List, ALWAYS, What::Pages(2)),
            last,
            fault(Verb::NextPage, ALWAYS, What::Pages(2)),
        ]
    };
    let expires = fault(Verb::NextPage, 1, What::Answer { code: 410, retry_after: None });
    let controller = world.start_behind(&proxy);
    furnish(&world);
    for number in 0..5 {
        add(&world, &format!("r{number}"));
    }
    (0..5).for_each(|number| good(&world, &format!("r{number}")));
    let start = world.settle();
    controller.stop();

    // What goes while nobody looks is missed in the list and in nothing else.
    world.cluster.delete(&world.route_path("r2"));
    proxy.set(&pages(expires));
    let controller = world.start_behind(&proxy);
    assert_eq!(sorted(world.settled_since(start)), ["delete meshhttproutes", "patch gateways/status"]);
    assert_eq!(proxy.happened()[2], 1, "{}", controller.tail());
    let left = world.mesh_routes();
    assert_eq!(left.len(), 6, "the floor and five routes: {left:?}");

    // And page by page to the end.
    controller.stop();
    let start = world.settle();
    proxy.set(&pages(fault(Verb::NextPage, 1, What::Pages(2))));
    let controller = world.start_behind(&proxy);
    assert_eq!(world.settled_since(start), Vec::<String>::new());
    let happened = proxy.happened();
    assert!(happened[1] == 1 && happened[3] >= 1, "{happened:?}; {}", controller.tail());
    add(&world, "late");
    good(&world, "late");
    assert_eq!(sorted(world.settled_since(start)), NEW_ROUTE);
}

#[test]
fn watches_that_break_expire_and_repeat_themselves_lose_nothing_and_write_nothing() {
    let world = World::with_class(shared(), "shaken");
    let proxy = Proxy::start(world.cluster, world.name);
    let controller = world.start_behind(&proxy);
    furnish(&world);
    let unavailable = What::Answer { code: 503, retry_after: None };
    let gone = What::Answer { code: 410, retry_after: None };
    let faults: [(&str, &[Fault], &[usize]); 6] = [
        ("cut", &[], &[]),
        ("away", &[fault(Verb::Watch, 2, unavailable)], &[2]),
        ("expired", &[fault(Verb::Watch, 1, gone)], &[1]),
        ("expired-later", &[fault(Verb::Watch, 1, What::Expired)], &[1]),
        ("doubled", &[fault(Verb::Watch, ALWAYS, What::Twice)], &[1]),
        ("unmarked", &[fault(Verb::Watch, ALWAYS, What::NoBookmarks)], &[1]),
    ];
    for (name, faults, wanted) in faults {
        let start = world.settle();
        proxy.set(faults);
        proxy.cut();
        // Gone and made anew while the stream is broken: what is seen is another object of the same name.
        world.cluster.delete(&world.route_path("cart"));
        add(&world, "cart");
        wait_for(&proxy, &controller, wanted);
        add(&world, name);
        good(&world, name);
        good(&world, "cart");
        let writes = world.settled_since(start);
        let count = |what: &str| writes.iter().filter(|write| *write == what).count();
        // Whether the end of the old one is seen is a matter of luck, and no more than that.
        assert!(count("delete meshhttproutes") <= 1, "{name}: {writes:?}");
        assert!((1..=3).contains(&count("patch meshhttproutes")), "{name}: {writes:?}");
        assert_eq!(count("patch httproutes/status"), 2, "{name}: {writes:?}");
        assert!(writes.len() <= 12, "{name}: {writes:?}");
    }
    let start = world.settle();
    proxy.set(&[]);
    proxy.cut();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(world.settled_since(start), Vec::<String>::new(), "{}", controller.tail());
}

#[test]
fn events_that_come_late_and_all_at_once_lead_to_the_same_end() {
    let world = World::with_class(shared(), "delayed");
    let proxy = Proxy::start(world.cluster, world.name);
    let controller = world.start_behind(&proxy);
    furnish(&world);
    let start = world.settle();

    // What has come and gone unseen leaves nothing behind.
    proxy.hold(ROUTES);
    add(&world, "brief");
    world.cluster.delete(&world.route_path("brief"));
    // Another object under the same name.
    world.cluster.delete(&world.route_path("cart"));
    let elsewhere = json!([rule("/elsewhere", "cart")]);
    world.apply(&route(world.name, "cart", "edge", "cart.example.com", &elsewhere));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(world.settled_since(start), Vec::<String>::new());
    proxy.release();
    good(&world, "cart");
    eventually("the new rule is written", || {
        let made = world.mesh_route_of("HTTPRoute", "cart");
        if made.to_string().contains("/elsewhere") { Ok(()) } else { Err(made.to_string()) }
    });
    let writes = world.settled_since(start);
    // At most each of the four events is seen alone: two routes that come, of three writes each, and two that go, of two.
    assert!(writes.len() <= 10, "{writes:?}");
    assert!(!world.mesh_routes().iter().any(|made| owner(made).ends_with("/brief")));

    // A kind that lags: its routes wait, with the right reason, and are right once it is seen.
    proxy.hold("services");
    world.apply(&service(world.name, "books"));
    let books = json!([rule("/", "books")]);
    world.apply(&route(world.name, "books", "edge", "books.example.com", &books));
    world.route_says(
        "books",
        &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "False/BackendNotFound@1")]),
    );
    proxy.release();
    good(&world, "books");
    let start = world.settle();
    assert_eq!(world.settled_since(start), Vec::<String>::new(), "{}", controller.tail());
}

#[test]
fn a_list_from_the_past_takes_nothing_away() {
    let world = World::with_class(shared(), "haunted");
    let proxy = Proxy::start(world.cluster, world.name);
    let controller = world.start_behind(&proxy);
    // The first list that the proxy has seen has none of these.
    furnish(&world);
    add(&world, "later");
    good(&world, "later");
    let before: Vec<Value> = world.mesh_routes();
    let start = world.settle();
    let gone = What::Answer { code: 410, retry_after: None };
    proxy.set(&[fault(Verb::Watch, 1, gone), fault(Verb::StreamingList, 1, What::Past)]);
    proxy.cut();
    wait_for(&proxy, &controller, &[1, 1]);
    eventually("the past is recognised", || {
        let told = controller.log().contains("went back in time");
        if told { Ok(()) } else { Err(controller.tail()) }
    });
    add(&world, "new");
    good(&world, "new");
    assert_eq!(sorted(world.settled_since(start)), NEW_ROUTE);
    let versions = |routes: &[Value]| -> Vec<Value> {
        routes.iter().map(|route| route["metadata"]["resourceVersion"].clone()).collect()
    };
    let after = versions(&world.mesh_routes());
    assert!(versions(&before).iter().all(|version| after.contains(version)), "none is written anew");
}

#[test]
fn discovery_that_knows_nothing_takes_nothing_away() {
    let world = World::with_class(shared(), "undiscovered");
    let proxy = Proxy::start(world.cluster, world.name);
    let controller = world.start_behind(&proxy);
    furnish(&world);
    let start = world.settle();
    // As an API server that starts: it serves custom resources before its discovery lists them. That a watch is answered
    // so as well makes the controller look.
    let unknown = What::Answer { code: 404, retry_after: None };
    let discovery = Fault { verb: Verb::Discovery, plural: "gateway.networking.k8s.io", times: ALWAYS, what: unknown };
    proxy.set(&[discovery, fault(Verb::Watch, 1, unknown)]);
    proxy.cut();
    // Each look asks for four versions, and it looks about every second.
    wait_for(&proxy, &controller, &[4 * 4, 1]);
    assert_eq!(world.settled_since(start), Vec::<String>::new(), "{}", controller.tail());
    add(&world, "meanwhile");
    good(&world, "meanwhile");
    controller.stop();

    // A start is no reason to believe it either.
    let start = world.settle();
    let controller = world.start_behind(&proxy);
    assert_eq!(world.settled_since(start), Vec::<String>::new(), "{}", controller.tail());
    proxy.set(&[]);
    add(&world, "later");
    good(&world, "later");
    assert_eq!(sorted(world.settled_since(start)), NEW_ROUTE);
}
