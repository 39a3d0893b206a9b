//! What is said of `ListenerSets`.

use serde_json::{Value, json};

use super::{check, cluster, prefix, route};

/// A ListenerSet of this day, with listeners `<name>:<hostname>` on port 80.
fn set(name: &str, created: u8, listeners: &[&str]) -> Value {
    let listener = |text: &&str| {
        let (name, hostname) = text.split_once(':').unwrap();
        json!({"name": name, "hostname": hostname, "port": 80, "protocol": "HTTP"})
    };
    let created = format!("2026-01-{created:02}T00:00:00Z");
    let listeners: Vec<_> = listeners.iter().map(listener).collect();
    json!({
        "kind": "ListenerSet",
        "metadata": {"namespace": "shop", "name": name, "creationTimestamp": created},
        "spec": {"parentRef": {"name": "edge"}, "listeners": listeners},
    })
}

/// A route that names a ListenerSet.
fn on(set: &str, service: &str) -> Value {
    let parents = json!([{"kind": "ListenerSet", "name": set}]);
    route(set, 1, json!({"parentRefs": parents, "rules": [prefix("/", service)]}))
}

/// A Gateway with a listener for `own.b` that allows these `ListenerSets`.
fn allowing(from: &Value, objects: Vec<Value>) -> Vec<Value> {
    let mut objects = cluster(&["web:80:own.b"], objects);
    let gateway = objects.iter_mut().find(|object| object["kind"] == "Gateway").unwrap();
    gateway["spec"]["allowedListeners"] = json!({"namespaces": from});
    objects
}

#[test]
fn listener_sets_add_listeners_where_the_gateway_allows_them() {
    let objects = || vec![set("more", 1, &["web:more.b"]), on("more", "a")];
    let label = |team: &str| json!({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": team}}});
    let selected = json!({"from": "Selector", "selector": {"matchLabels": {"team": "blue"}}});
    check(&cluster(&["web:80:own.b"], objects()), "more.b/", &[], "404");
    check(&allowing(&json!({"from": "None"}), objects()), "more.b/", &[], "404");
    check(&allowing(&json!({"from": "Same"}), objects()), "more.b/", &[], "a1");
    check(&allowing(&selected, [objects(), vec![label("blue")]].concat()), "more.b/", &[], "a1");
    check(&allowing(&selected, [objects(), vec![label("red")]].concat()), "more.b/", &[], "404");
}

#[test]
fn routes_are_on_the_listeners_of_the_object_that_they_name() {
    let web = route("web", 1, json!({"rules": [prefix("/", "b")]}));
    let all = allowing(&json!({"from": "Same"}), vec![set("more", 1, &["web:more.b"]), on("more", "a"), web]);
    check(&all, "more.b/", &[], "a1");
    check(&all, "own.b/", &[], "b1");
}

#[test]
fn who_comes_first_has_the_hostname() {
    let same = json!({"from": "Same"});
    let young = || vec![set("a", 2, &["web:more.b"]), on("a", "a")];
    let old = || vec![set("b", 1, &["web:more.b", "own:own.b"]), on("b", "b")];
    check(&allowing(&same, young()), "more.b/", &[], "a1");
    check(&allowing(&same, [young(), old()].concat()), "more.b/", &[], "b1");
    // The Gateway itself has no route.
    check(&allowing(&same, old()), "own.b/", &[], "404");
}

#[test]
fn a_gateway_that_is_not_accepted_has_no_listeners_at_all() {
    let mut objects = allowing(&json!({"from": "Same"}), vec![set("more", 1, &["web:more.b"]), on("more", "a")]);
    let gateway = objects.iter_mut().find(|object| object["kind"] == "Gateway").unwrap();
    gateway["spec"]["listeners"][0]["protocol"] = "UDP".into();
    check(&objects, "more.b/", &[], "closed");
}
