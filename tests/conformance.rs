//! The official conformance suite of Gateway API, unmodified, against the controller on a real API server.
//!
//! There are no nodes and no proxies: [`kubelet`] says of Pods that they are ready, and [`kuma`] does what Kuma does for
//! a MeshGatewayInstance. What the suite asks of statuses is judged as it is; a test that sends traffic gets as far as its
//! first request. What is expected of each test stands in `tests/cluster/conformance/expected.yaml`.
//!
//! The suite runs twice in one cluster, the second time with a controller that is killed after every test.

#[path = "conformance/cluster.rs"]
mod cluster;
#[path = "conformance/expected.rs"]
mod expected;
#[path = "conformance/judge.rs"]
mod judge;
#[path = "conformance/kubelet.rs"]
mod kubelet;
#[path = "conformance/kuma.rs"]
mod kuma;
#[path = "apiserver/process.rs"]
mod process;
#[path = "conformance/suite.rs"]
mod suite;

use std::process::ExitCode;
use std::time::Instant;

use cluster::Cluster;
use expected::Expected;
use process::Deltagate;
use suite::{Outcomes, Suite};

fn main() -> ExitCode {
    let expected = Expected::read();
    let suite = Suite::build();
    let cluster = Cluster::start();
    let mut controller = cluster.start_controller();
    cluster.wait_for_class();

    let first = timed("the suite", || suite.run(&cluster, "first", |_| {}));
    let first = expected.judge(&first);
    cluster.wait_until_nothing_is_left(&controller);
    let second = timed("the suite, with the controller killed after every test", || {
        suite.run(&cluster, "second", |_| restart(&cluster, &mut controller))
    });
    let second = expected.judge(&second);
    cluster.wait_until_nothing_is_left(&controller);
    assert!(controller.is_alive(), "the controller has ended: {}", controller.tail());
    assert!(controller.stop().success(), "the controller ends in order");

    for (name, judgement) in [("first run", &first), ("second run", &second)] {
        println!("\n{name}\n{judgement}");
    }
    suite.check_report("first");
    println!("{} passed, {} failed", first.passed(), first.failed().max(second.failed()));
    if first.failed() + second.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn restart(cluster: &Cluster, controller: &mut Deltagate) {
    std::mem::replace(controller, cluster.start_controller()).kill();
}

fn timed(what: &str, run: impl FnOnce() -> Outcomes) -> Outcomes {
    let start = Instant::now();
    let outcomes = run();
    println!("{what} took {} s", start.elapsed().as_secs());
    outcomes
}
