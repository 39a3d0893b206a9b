//! From a user's objects to the objects of Kuma and the statuses, field by field.

use serde_json::{Value, json};

use super::cluster::shared;
use super::objects::{conditions, entries, expected, gateway, message, owner, route, rule, service, without};
use super::world::World;

#[test]
fn a_gateway_and_two_routes_become_the_right_objects_and_statuses() {
    let world = World::with_class(shared(), "translated");
    let _controller = world.start();
    write_objects(&world);

    generated_objects_are_complete(&world);
    statuses_are_complete(&world);

    // What Kuma does once the cloud has given the gateway's Service an address.
    let address = json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}}});
    world.cluster.merge(&format!("{}/status", world.instance_path("edge")), &address);
    let programmed = expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "True/Programmed@1")]);
    let edge = world.gateway_says("edge", &programmed);
    assert_eq!(edge["status"]["addresses"], json!([{"type": "IPAddress", "value": "192.0.2.10"}]));

    let changed = json!({"spec": {"hostnames": ["late.example.com"]}});
    world.cluster.merge(&world.route_path("cart"), &changed);
    world.route_says("cart", &expected(&[("Accepted", "True/Accepted@2"), ("ResolvedRefs", "True/ResolvedRefs@2")]));
    let mesh_route = world.mesh_route_of("HTTPRoute", "cart");
    assert_eq!(mesh_route["spec"]["to"][0]["hostnames"], json!(["late.example.com"]));
}

fn write_objects(world: &World<'_>) {
    let listeners = json!([{"name": "web", "port": 80, "protocol": "HTTP", "hostname": "*.example.com"}]);
    let redirect = json!({"matches": [{"path": {"type": "PathPrefix", "value": "/old"}}], "filters": [
        {"type": "RequestRedirect", "requestRedirect": {"hostname": "new.example.com", "statusCode": 301}},
    ]});
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &listeners));
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/cart", "cart")])));
    world.apply(&route(world.name, "moved", "edge", "shop.example.com", &json!([redirect])));
}

fn generated_objects_are_complete(world: &World<'_>) {
    let tags = json!({"gateways.kuma.io/listener-name": "web", "gateways.kuma.io/listener-port": "80"});
    let mesh_gateway = world.eventually(&world.mesh_gateway_path("edge"), "is there", |_| true);
    assert_eq!(mesh_gateway["mesh"], "default");
    assert_eq!(
        mesh_gateway["spec"],
        json!({
            "selectors": [{"match": {"kuma.io/service": "edge_translated_svc"}}],
            "conf": {"listeners": [{"port": 80, "protocol": "HTTP", "hostname": "*.example.com", "tags": tags}]},
        })
    );
    let instance = world.eventually(&world.instance_path("edge"), "is there", |_| true);
    let labels = json!({"gateway.networking.k8s.io/gateway-name": "edge",
                        "gateway.networking.k8s.io/gateway-class-name": "translated"});
    let template = json!({"metadata": {"labels": labels}});
    let expected = json!({"replicas": 1, "serviceType": "LoadBalancer", "podTemplate": template,
                          "serviceTemplate": template});
    assert_eq!(instance["spec"], expected);
    assert_eq!(instance["metadata"]["labels"]["kuma.io/mesh"], "default");

    let cart = world.mesh_route_of("HTTPRoute", "cart");
    let subset = json!({"kind": "MeshServiceSubset", "name": "cart_translated_svc_8080", "weight": 1,
                        "tags": {"kuma.io/zone": "default"}});
    assert_eq!(cart["spec"], spec(&tags, "/cart", &json!({"filters": [], "backendRefs": [subset]})));
    let labels = &cart["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/managed-by"], "deltagate");
    assert_eq!((&labels["kuma.io/mesh"], &labels["kuma.io/origin"]), (&json!("default"), &json!("zone")));

    let moved = world.mesh_route_of("HTTPRoute", "moved");
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {
        "scheme": "http", "hostname": "new.example.com", "port": 80, "statusCode": 301}});
    assert_eq!(moved["spec"], spec(&tags, "/old", &json!({"filters": [redirect], "backendRefs": []})));

    let floor = world.mesh_route_of("Gateway", "edge");
    let never = |kind: &str| json!({"name": "x-deltagate-floor", "type": kind});
    assert_eq!(floor["spec"]["targetRef"], json!({"kind": "MeshGateway", "name": "edge.translated"}));
    assert_eq!(
        floor["spec"]["to"][0]["rules"][0]["matches"],
        json!([{"path": {"type": "Exact", "value": "/"}, "headers": [never("Present"), never("Absent")]}])
    );
    let owners: Vec<String> = world.mesh_routes().iter().map(|route| owner(route).to_owned()).collect();
    assert_eq!(owners.len(), 3, "nothing else is made: {owners:?}");
}

fn spec(tags: &Value, prefix: &str, default: &Value) -> Value {
    let matches = json!([{"path": {"type": "PathPrefix", "value": prefix}}]);
    json!({
        "targetRef": {"kind": "MeshGateway", "name": "edge.translated", "tags": tags},
        "to": [{
            "targetRef": {"kind": "Mesh"},
            "hostnames": ["shop.example.com"],
            "rules": [{"matches": matches, "default": default}],
        }],
    })
}

fn statuses_are_complete(world: &World<'_>) {
    let good = expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]);
    for name in ["cart", "moved"] {
        let route = world.route_says(name, &good);
        let parent = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"});
        assert_eq!(entries(&route, &world.controller)[0]["parentRef"], parent);
    }
    let waiting = expected(&[("Accepted", "True/Accepted@1"), ("Programmed", "False/AddressNotAssigned@1")]);
    let edge = world.gateway_says("edge", &waiting);
    assert!(message(&edge["status"], "Programmed").contains("MeshGatewayInstance"), "{}", edge["status"]);
    let listener = world.eventually(&world.gateway_path("edge"), "counts both routes", |gateway| {
        gateway["status"]["listeners"][0]["attachedRoutes"] == 2
    })["status"]["listeners"][0]
        .clone();
    let all =
        [("Accepted", "True/Accepted@1"), ("Programmed", "True/Programmed@1"), ("ResolvedRefs", "True/ResolvedRefs@1")];
    assert_eq!(conditions(&listener), expected(&all));
    assert_eq!(
        without(&listener, &["conditions"]),
        json!({"name": "web", "attachedRoutes": 2,
               "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"},
                                  {"group": "gateway.networking.k8s.io", "kind": "GRPCRoute"}]})
    );
    let class =
        world.eventually("/apis/gateway.networking.k8s.io/v1/gatewayclasses/translated", "is accepted", |class| {
            conditions(&class["status"]).get("Accepted").is_some_and(|line| line == "True/Accepted@1")
        });
    assert!(!conditions(&class["status"]).values().any(|line| line.starts_with("Unknown")), "{class}");
}
