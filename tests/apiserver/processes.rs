//! Two processes that are one dataflow.

use std::net::TcpListener;

use serde_json::json;

use super::cluster::{eventually, shared};
use super::objects::{expected, gateway, route, rule, service, web};
use super::process::Deltagate;
use super::world::{World, sorted};

/// Starts both, which need each other to become ready.
fn start(world: &World<'_>) -> [Deltagate; 2] {
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let hosts = world.cluster.server.folder().join(format!("{}.hosts", world.name));
    std::fs::write(&hosts, format!("{}\n{}\n", free(), free())).expect("the list of processes can be written");
    let hosts = hosts.to_string_lossy();
    let launch = |process| world.launch_flagged(&["--processes", "2", "--process", process, "--hostfile", &hosts]);
    let both = [launch("0"), launch("1")];
    both.iter().for_each(Deltagate::wait_until_ready);
    both
}

#[test]
fn two_processes_write_what_one_would_and_neither_goes_on_alone() {
    let world = World::with_class(shared(), "together");
    let both = start(&world);
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    for name in ["a", "b", "c"] {
        world.apply(&route(world.name, name, "edge", &format!("{name}.example.com"), &json!([rule("/", "cart")])));
    }
    let right = expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]);
    for name in ["a", "b", "c"] {
        world.route_says(name, &right);
    }
    world.settle();

    let start_of_edit = world.mark();
    world.apply(&route(world.name, "d", "edge", "d.example.com", &json!([rule("/", "cart")])));
    world.route_says("d", &right);
    let writes = sorted(world.settled_since(start_of_edit));
    assert_eq!(writes, ["patch gateways/status", "patch httproutes/status", "patch meshhttproutes"]);

    let [first, second] = both;
    let start_of_rest = world.mark();
    first.kill();
    eventually("the other process notices", || {
        second.log().contains("process 0 of the cluster is gone").then_some(()).ok_or_else(|| second.tail())
    });
    // It has ended by itself: what is asked of it now changes nothing about that.
    assert_eq!(second.stop().code(), Some(1));
    let both = start(&world);
    assert_eq!(world.settled_since(start_of_rest), Vec::<String>::new());

    drop(both);
    let _alone = world.start();
    assert_eq!(world.settled_since(start_of_rest), Vec::<String>::new());
}
