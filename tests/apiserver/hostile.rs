//! The largest and the strangest that the API server lets users write.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{Cluster, shared, troubled};
use super::objects::{conditions, entries, expected, gateway, message, name, owner, route, rule, service, web};
use super::world::World;

/// Most listeners that a Gateway can have.
const LISTENERS: usize = 64;

/// Most rules that a route can have.
const RULES: usize = 16;

#[test]
fn hostile_objects_get_the_right_conditions_and_what_they_become_is_accepted() {
    everything_at_once(shared(), "hostile");
}

/// With the CRDs of Kuma itself where they are there.
#[test]
fn hostile_objects_become_what_kumas_own_schemas_accept() {
    everything_at_once(&troubled(), "upstream");
}

fn everything_at_once(cluster: &Cluster, name: &'static str) {
    let world = World::with_class(cluster, name);
    let mut controller = world.start();
    world.apply(&service(name, "cart"));
    world.apply(&gateway(name, "edge", name, &web()));

    many_listeners(&world);
    long_names(&world);
    large_route(&world);
    unsupported_rules(&world);

    let end = world.settle();
    assert!(controller.is_alive(), "{}", controller.tail());
    let refused: Vec<String> = controller
        .log()
        .lines()
        .filter(|line| line.contains("refused") && line.contains("WARN"))
        .map(str::to_owned)
        .collect();
    assert_eq!(refused, Vec::<String>::new(), "nothing that is written is refused");
    controller.kill();
    let _again = world.start();
    assert_eq!(world.settled_since(end), Vec::<String>::new());
}

fn many_listeners(world: &World<'_>) {
    let listener = |number: usize| json!({"name": format!("l{number}"), "port": 8000 + number, "protocol": "HTTP"});
    let listeners: Vec<Value> = (0..LISTENERS).map(listener).collect();
    world.apply(&gateway(world.name, "wide", world.name, &json!(listeners)));
    world.apply(&route(world.name, "everywhere", "wide", "wide.example.com", &json!([rule("/", "cart")])));
    let wide = world.eventually(&world.gateway_path("wide"), "counts the route on each listener", |wide| {
        let listeners = wide["status"]["listeners"].as_array().map_or(&[][..], Vec::as_slice);
        listeners.len() == LISTENERS && listeners.iter().all(|listener| listener["attachedRoutes"] == 1)
    });
    let accepted = expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/AddressNotAssigned@1")]);
    assert_eq!(conditions(&wide["status"]), accepted);
    let mesh_gateway = world.eventually(&world.mesh_gateway_path("wide"), "has all listeners", |object| {
        object["spec"]["conf"]["listeners"].as_array().map(Vec::len) == Some(LISTENERS)
    });
    assert_eq!(mesh_gateway["mesh"], "default");
    world.settle();
    assert_eq!(routes_of(world, "HTTPRoute", "everywhere").len(), LISTENERS);
}

fn routes_of(world: &World<'_>, kind: &str, owned_by: &str) -> Vec<Value> {
    let mut routes = world.mesh_routes();
    let wanted = format!("{kind}/{}/{owned_by}", world.name);
    routes.retain(|route| owner(route) == wanted);
    routes
}

/// Two of each, equal up to their last character.
fn long_names(world: &World<'_>) {
    let long = |end: char| format!("{}-{}{end}", world.name, "x".repeat(251 - world.name.len()));
    for end in ['a', 'b'] {
        let listeners = json!([{"name": long(end), "port": 80, "protocol": "HTTP"}]);
        world.apply(&gateway(world.name, &long(end), world.name, &listeners));
        world.apply(&route(world.name, &long(end), &long(end), "long.example.com", &json!([rule("/", "cart")])));
    }
    let good = expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]);
    let waiting = expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/AddressNotAssigned@1")]);
    let mut made = BTreeSet::new();
    for end in ['a', 'b'] {
        world.route_says(&long(end), &good);
        world.gateway_says(&long(end), &waiting);
        world.eventually(&world.instance_path(&long(end)), "is there", |_| true);
        let mesh_route = world.mesh_route_of("HTTPRoute", &long(end));
        let gateway_name =
            mesh_route["spec"]["targetRef"]["name"].as_str().expect("the route names its gateway").to_owned();
        world.eventually(&format!("/apis/kuma.io/v1alpha1/meshgateways/{gateway_name}"), "is there", |object| {
            owner(object) == format!("Gateway/{}/{}", world.name, long(end))
        });
        made.extend([name(&mesh_route).to_owned(), gateway_name]);
    }
    assert_eq!(made.len(), 4, "no two share a name: {made:?}");
}

/// As many rules, matches and filters as there can be, all of which can be expressed.
fn large_route(world: &World<'_>) {
    let headers = |kind: &str| {
        let set: Vec<Value> =
            (0..16).map(|number| json!({"name": format!("x-{kind}-{number}"), "value": "v"})).collect();
        json!(set)
    };
    let rules: Vec<Value> = (0..RULES)
        .map(|number| {
            let matches: Vec<Value> = (0..8)
                .map(|which| json!({"path": {"type": "Exact", "value": format!("/{number}/{which}")}, "method": "GET",
                                    "headers": [{"name": "x-team", "value": "mine"}],
                                    "queryParams": [{"name": "q", "type": "RegularExpression", "value": "a.*"}]}))
                .collect();
            json!({"matches": matches, "filters": [
                {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": headers("in"), "remove": ["x-old"]}},
                {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": headers("out")}},
                {"type": "URLRewrite", "urlRewrite": {"hostname": "other.example.com",
                                                     "path": {"type": "ReplaceFullPath", "replaceFullPath": "/"}}},
                {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "cart", "port": 8080}, "percent": 5}},
            ], "backendRefs": vec![json!({"name": "cart", "port": 8080}); 16]})
        })
        .collect();
    world.apply(&route(world.name, "large", "edge", "large.example.com", &json!(rules)));
    world.route_says("large", &expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]));
    let made = world.mesh_route_of("HTTPRoute", "large");
    let made = made["spec"]["to"][0]["rules"].as_array().map(Vec::len);
    assert_eq!(made, Some(RULES * 8), "one rule for each match");
}

/// Rules that Kuma has no words for, each with the word that the message about it must hold.
fn inexpressible() -> Vec<(&'static str, Value)> {
    let mirror = json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "cart", "port": 8080}}});
    let filters = |filters: Value| json!({"filters": filters, "backendRefs": [{"name": "cart", "port": 8080}]});
    let field = |name: &str, value: Value| json!({name: value, "backendRefs": [{"name": "cart", "port": 8080}]});
    let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "x.example", "kind": "X", "name": "x"}});
    let auth = json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "http": {},
                      "backendRef": {"name": "cart", "port": 8080}}});
    vec![
        ("extensionRef", filters(json!([extension]))),
        ("cors", filters(json!([{"type": "CORS", "cors": {"allowOrigins": ["https://x.example"]}}]))),
        ("externalAuth", filters(json!([auth]))),
        ("requestMirror", filters(json!(vec![mirror; 8]))),
        ("timeouts", field("timeouts", json!({"request": "1s"}))),
        ("retry", field("retry", json!({"attempts": 3}))),
        ("sessionPersistence", field("sessionPersistence", json!({"sessionName": "s"}))),
    ]
}

fn unsupported_rules(world: &World<'_>) {
    let rules: Vec<Value> = inexpressible().into_iter().map(|(_, rule)| rule).collect();
    world.apply(&route(world.name, "useless", "edge", "useless.example.com", &json!(rules)));
    let useless = world.eventually(&world.route_path("useless"), "is refused", |route| {
        let ours = entries(route, &world.controller);
        ours.len() == 1 && conditions(ours[0]).get("Accepted").is_some_and(|line| line == "False/UnsupportedValue@1")
    });
    let told = message(entries(&useless, &world.controller)[0], "Accepted");
    for (word, _) in inexpressible() {
        assert!(told.contains(word), "{word} is not named in {told}");
    }
    let mut mixed = rules;
    mixed.push(rule("/good", "cart"));
    world.apply(&route(world.name, "mixed", "edge", "mixed.example.com", &json!(mixed)));
    let mixed = world.eventually(&world.route_path("mixed"), "is accepted in part", |route| {
        let ours = entries(route, &world.controller);
        ours.len() == 1
            && conditions(ours[0]).get("PartiallyInvalid").is_some_and(|line| line == "True/UnsupportedValue@1")
    });
    assert_eq!(conditions(entries(&mixed, &world.controller)[0])["Accepted"], "True/Accepted@1");
    let made = world.mesh_route_of("HTTPRoute", "mixed");
    assert_eq!(made["spec"]["to"][0]["rules"].as_array().map(Vec::len), Some(1), "{}", made["spec"]);
    assert_eq!(routes_of(world, "HTTPRoute", "useless").len(), 0);
}
