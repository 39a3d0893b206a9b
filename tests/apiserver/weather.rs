//! An API server that is away, and comes back.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::cluster::{Cluster, eventually, troubled};
use super::objects::{expected, gateway, route, rule, service, web};
use super::world::World;

#[test]
fn a_restart_of_the_api_server_writes_nothing_and_what_changed_meanwhile_is_done() {
    let cluster = troubled();
    let world = World::with_class(&cluster, "outlived");
    let mut controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    world.route_says("cart", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let start = world.settle();

    cluster.server.stop();
    thread::sleep(Duration::from_secs(3));
    assert!(controller.is_alive(), "{}", controller.tail());
    controller.ask("/livez").expect("an outage of the API server is no reason to restart us");
    cluster.server.restart().expect("the API server starts again");
    // Reconnects are spread over seconds.
    thread::sleep(Duration::from_secs(5));
    assert_eq!(world.settled_since(start), Vec::<String>::new());
    controller.ask("/readyz").expect("ready once is ready for good");

    // Right after a restart most streams are not open again: what changes now is not seen as it happens.
    let start = world.mark();
    cluster.server.restart().expect("the API server starts again");
    world.cluster.delete(&world.route_path("cart"));
    world.apply(&route(world.name, "late", "edge", "late.example.com", &json!([rule("/", "cart")])));
    world.route_says("late", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    world.mesh_route_of("HTTPRoute", "late");
    let writes = world.settled_since(start);
    let kinds = |what: &str| writes.iter().filter(|write| *write == what).count();
    assert_eq!(world.mesh_routes().len(), 2, "the floor and the new route");
    assert_eq!(
        (kinds("patch meshhttproutes"), kinds("delete meshhttproutes"), kinds("patch httproutes/status")),
        (1, 1, 1),
        "{writes:?}"
    );
    // One route went and one came. Seen together that is nothing for the Gateway, seen apart it is two counts.
    assert!(writes.len() <= 5, "{writes:?}");
}

#[test]
fn a_controller_that_starts_before_the_api_server_waits_for_it() {
    let cluster = troubled();
    let world = World::with_class(&cluster, "early");
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    cluster.server.stop();
    let mut controller = world.launch();
    thread::sleep(Duration::from_secs(2));
    assert!(controller.is_alive(), "{}", controller.tail());
    let reason = controller.ask("/readyz").expect_err("nothing was read yet");
    assert!(reason.contains("not ready: waiting for") && reason.contains("Gateway"), "{reason}");
    assert!(controller.log().contains("the API server does not say what it serves"), "{}", controller.tail());

    cluster.server.restart().expect("the API server starts again");
    controller.wait_until_ready();
    world.gateway_says(
        "edge",
        &expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/AddressNotAssigned@1")]),
    );
}

#[test]
fn a_new_list_of_every_kind_writes_nothing() {
    let cluster = troubled();
    let world = World::with_class(&cluster, "relisted");
    let controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    world.route_says("cart", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let start = world.settle();

    let etcd = etcd_of(&cluster);
    for round in ["1", "2"] {
        let metadata = json!({"namespace": world.name, "name": "later"});
        world.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"round": round}}));
    }
    let now = cluster.get("/api/v1/namespaces").expect("namespaces are served")["metadata"]["resourceVersion"].clone();
    cluster.server.stop();
    // Every version that a watch could go on from is forgotten.
    compact(&etcd, now.as_str().expect("lists have a version"));
    let before = controller.log().matches("DEBUG listed").count();
    cluster.server.restart().expect("the API server starts again");
    eventually("all kinds are listed anew", || {
        let lists = controller.log().matches("DEBUG listed").count() - before;
        if lists >= before { Ok(()) } else { Err(format!("{lists} of {before} lists; {}", controller.tail())) }
    });
    assert_eq!(world.settled_since(start), Vec::<String>::new());
}

/// Where the etcd behind an API server listens, as the API server was told.
fn etcd_of(cluster: &Cluster) -> String {
    let log = format!("--audit-log-path={}", cluster.server.folder().join("audit.log").display());
    let processes = fs::read_dir("/proc").expect("the test runs on Linux").flatten();
    let commands = processes.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
    let found = commands.filter(|command| command.split('\0').any(|flag| flag == log)).find_map(|command| {
        command.split('\0').find_map(|flag| flag.strip_prefix("--etcd-servers=http://").map(str::to_owned))
    });
    found.expect("the API server runs")
}

/// Asks etcd to forget all versions before this one.
fn compact(etcd: &str, version: &str) {
    let body = json!({"revision": version}).to_string();
    let mut stream = TcpStream::connect(etcd).expect("etcd listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a stream can have a timeout");
    write!(
        stream,
        "POST /v3/kv/compaction HTTP/1.1\r\nhost: {etcd}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("etcd takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("etcd answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
