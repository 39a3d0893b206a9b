//! A permission that is missing.

use serde_json::{Value, json};

use super::cluster::{Cluster, eventually, path, troubled};
use super::objects::{GATEWAY_API, conditions, expected, gateway, message, route, rule, service, web};
use super::world::World;

const ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/deltagate";

/// Takes a resource out of the controller's ClusterRole; the role as it was comes back with the value's end.
struct Without<'a> {
    cluster: &'a Cluster,
    rules: Value,
}

impl<'a> Without<'a> {
    fn new(cluster: &'a Cluster, resource: &str) -> Self {
        let rules = cluster.get(ROLE).expect("the role is there")["rules"].clone();
        let mut fewer = rules.clone();
        for rule in fewer.as_array_mut().into_iter().flatten() {
            if let Some(resources) = rule["resources"].as_array_mut() {
                resources.retain(|known| known != resource);
            }
        }
        // No rule may be without resources.
        if let Some(rules) = fewer.as_array_mut() {
            rules.retain(|rule| rule["resources"] != json!([]));
        }
        cluster.merge(ROLE, &json!({"rules": fewer}));
        Self { cluster, rules }
    }

    fn give_back(&self) {
        self.cluster.merge(ROLE, &json!({"rules": self.rules}));
    }
}

impl Drop for Without<'_> {
    fn drop(&mut self) {
        let _ = self.cluster.request(http::Method::PATCH, ROLE, Some(&json!({"rules": self.rules})));
    }
}

#[test]
fn a_kind_that_may_not_be_read_is_named_and_nothing_is_deleted_because_of_it() {
    let cluster = troubled();
    let world = World::with_class(&cluster, "unreadable");
    let controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    world.mesh_route_of("HTTPRoute", "cart");
    world.settle();

    let missing = Without::new(&cluster, "httproutes");
    // A watch that is open stays open, so the server has to end it.
    cluster.server.restart().expect("the API server starts again");
    let start = world.mark();
    eventually("the log names the permission", || {
        let log = controller.log();
        let told = log.lines().any(|line| line.contains("not permitted to read a kind") && line.contains("httproutes"));
        if told { Ok(()) } else { Err(controller.tail()) }
    });
    world.apply(&gateway(world.name, "second", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("second"), "is made: other kinds work", |_| true);
    let writes = world.settled_since(start);
    assert!(!writes.iter().any(|write| write.starts_with("delete")), "{writes:?}");
    world.mesh_route_of("HTTPRoute", "cart");

    // What is not known to be absent is waited for at a start.
    controller.stop();
    let blind = world.launch();
    eventually("/readyz says what is missing", || match blind.ask("/readyz") {
        Err(reason) if reason.contains("HTTPRoute") && !reason.contains(',') => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let start = world.mark();
    assert_eq!(world.settled_since(start), Vec::<String>::new());

    missing.give_back();
    blind.wait_until_ready();
    assert_eq!(world.settled_since(start), Vec::<String>::new());
}

#[test]
fn without_a_look_at_definitions_the_controller_works_and_says_what_it_does_not_know() {
    let cluster = troubled();
    let world = World::with_class(&cluster, "versionless");
    let missing = Without::new(&cluster, "customresourcedefinitions");
    let controller = world.start();
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("edge"), "is made", |_| true);
    let class = path(GATEWAY_API, "GatewayClass", "", world.name);
    let says = |version: &'static str| {
        let wanted = expected(&[("Accepted", "True/Accepted@1"), ("SupportedVersion", version)]);
        world.eventually(&class, &format!("says {wanted:?}"), |class| conditions(&class["status"]) == wanted)
    };
    says("Unknown/Pending@1");
    let told = "classes say SupportedVersion Unknown until our ClusterRole permits get, list, watch";
    let lines = controller.log().lines().filter(|line| line.contains(told)).count();
    assert_eq!(lines, 1, "told once: {}", controller.tail());

    missing.give_back();
    says("True/SupportedVersion@1");
}

#[test]
fn a_kind_that_may_not_be_written_is_named_and_the_others_are_written() {
    let cluster = troubled();
    let world = World::with_class(&cluster, "unwritable");
    let missing = Without::new(&cluster, "meshgatewayinstances");
    // It may be read all the same.
    let reader =
        json!([{"apiGroups": ["kuma.io"], "resources": ["meshgatewayinstances"], "verbs": ["get", "list", "watch"]}]);
    let mut rules = cluster.get(ROLE).expect("the role is there")["rules"].clone();
    if let (Some(rules), Some(reader)) = (rules.as_array_mut(), reader.as_array()) {
        rules.extend(reader.iter().cloned());
    }
    cluster.merge(ROLE, &json!({"rules": rules}));

    let controller = world.start();
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("edge"), "is made", |_| true);
    let edge = world.eventually(&world.gateway_path("edge"), "says what was refused", |edge| {
        message(&edge["status"], "Programmed").contains("forbidden")
    });
    assert_eq!(
        conditions(&edge["status"]),
        expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/Invalid@1")])
    );
    let told = "not permitted to write a kind: add a rule for this resource of this API group to our ClusterRole";
    let lines = controller.log().lines().filter(|line| line.contains(told)).count();
    assert_eq!(lines, 1, "told once: {}", controller.tail());
    assert_eq!(cluster.list(&path("kuma.io/v1alpha1", "MeshGatewayInstance", world.name, "")), Vec::<Value>::new());

    missing.give_back();
    world.eventually(&world.instance_path("edge"), "is made once it may be", |_| true);
    let waiting = expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/AddressNotAssigned@1")]);
    world.gateway_says("edge", &waiting);
}
