//! A cluster whose policies refuse or change what we write.

use http::Method;
use serde_json::{Value, json};

use super::cluster::{eventually, path, shared};
use super::objects::{KUMA, conditions, entries, expected, gateway, message, route, rule, service, web};
use super::world::World;

const POLICIES: &str = "admissionregistration.k8s.io/v1";

/// Routes, of which one is refused.
const ROUTES: usize = 10;

/// A policy with its binding, for the MeshHTTPRoutes of one world. Both go with the value.
struct Policy<'a> {
    world: &'a World<'a>,
    kind: &'static str,
}

impl<'a> Policy<'a> {
    /// `kind` is `Validating` or `Mutating`, `spec` what it has beside its selection of objects.
    fn new(world: &'a World<'a>, kind: &'static str, spec: &Value) -> Self {
        let name = format!("{}-policy", world.name);
        let mut policy = json!({
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{
                "apiGroups": ["kuma.io"], "apiVersions": ["*"], "resources": ["meshhttproutes"],
                "operations": ["CREATE", "UPDATE"],
            }]},
            "matchConditions": [{
                "name": "world",
                "expression": format!("object.metadata.namespace == '{}-system'", world.name),
            }],
        });
        for (field, value) in spec.as_object().into_iter().flatten() {
            policy[field] = value.clone();
        }
        let mut binding = json!({ "policyName": name });
        if kind == "Validating" {
            binding["validationActions"] = json!(["Deny"]);
        }
        for (suffix, spec) in [("Policy", policy), ("PolicyBinding", binding)] {
            let kind = format!("{kind}Admission{suffix}");
            world.apply(&json!({"apiVersion": POLICIES, "kind": kind, "metadata": {"name": name}, "spec": spec}));
        }
        Self { world, kind }
    }

    fn path(&self, suffix: &str) -> String {
        path(POLICIES, &format!("{}Admission{suffix}", self.kind), "", &format!("{}-policy", self.world.name))
    }

    /// Policies act some moments after they were written.
    fn wait_until_it_acts(&self, acts: impl Fn(Result<Value, String>) -> bool) {
        let collection = path(KUMA, "MeshHTTPRoute", &format!("{}-system", self.world.name), "");
        eventually("the policy acts", || {
            let body = probe(self.world);
            let answer = self.world.cluster.request(Method::POST, &format!("{collection}?dryRun=All"), Some(&body));
            if acts(answer.map_err(|refused| refused.to_string())) { Ok(()) } else { Err("not yet".to_owned()) }
        });
    }
}

impl Drop for Policy<'_> {
    fn drop(&mut self) {
        for suffix in ["PolicyBinding", "Policy"] {
            let _ = self.world.cluster.request(Method::DELETE, &self.path(suffix), None);
        }
    }
}

/// What the refused route becomes, in short.
fn probe(world: &World<'_>) -> Value {
    json!({
        "apiVersion": KUMA,
        "kind": "MeshHTTPRoute",
        "metadata": {
            "name": format!("{}-probe", world.name),
            "labels": {"kuma.io/mesh": "default"},
            "annotations": {"deltagate.io/owner": format!("HTTPRoute/{}/r3", world.name)},
        },
        "spec": {"targetRef": {"kind": "Mesh"}, "to": [{"targetRef": {"kind": "Mesh"}, "rules": [{
            "matches": [{"path": {"type": "Exact", "value": "/"}}],
            "default": {"backendRefs": [{"kind": "MeshService", "name": "x"}]},
        }]}]},
    })
}

#[test]
fn one_write_of_ten_that_is_refused_for_ever_is_quoted_and_the_others_work() {
    let world = World::with_class(shared(), "judged");
    let controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("edge"), "is there", |_| true);

    let rule_of_world = "object.metadata.?annotations['deltagate.io/owner'].orValue('') != 'HTTPRoute/judged/r3'";
    let validations = json!({"validations": [{"expression": rule_of_world, "message": "the third route is too red"}]});
    let policy = Policy::new(&world, "Validating", &validations);
    policy.wait_until_it_acts(|answer| answer.is_err_and(|refused| refused.contains("too red")));
    let start = world.mark();
    for number in 0..ROUTES {
        let (name, host) = (format!("r{number}"), format!("r{number}.example.com"));
        world.apply(&route(world.name, &name, "edge", &host, &json!([rule("/", "cart")])));
    }
    let good = expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]);
    for number in (0..ROUTES).filter(|number| *number != 3) {
        world.route_says(&format!("r{number}"), &good);
        world.mesh_route_of("HTTPRoute", &format!("r{number}"));
    }
    let refused = world.eventually(&world.route_path("r3"), "says why it is refused", |route| {
        let ours = entries(route, &world.controller);
        ours.len() == 1 && message(ours[0], "Accepted").contains("the third route is too red")
    });
    let said = conditions(entries(&refused, &world.controller)[0]);
    assert_eq!(said["Accepted"], "False/UnsupportedValue@1");
    assert_eq!(world.mesh_routes().len(), ROUTES, "the floor and nine routes");
    let writes = world.settled_since(start);
    let tries = writes.iter().filter(|write| write.starts_with("patch meshhttproutes 4")).count();
    assert!((1..=4).contains(&tries), "it is not tried again and again: {writes:?}");
    let asked = controller.log().lines().filter(|line| line.contains("WARN") && line.contains("too red")).count();
    assert!((1..=2).contains(&asked), "told once, not at each attempt: {}", controller.tail());

    drop(policy);
    world.route_says("r3", &good);
    world.mesh_route_of("HTTPRoute", "r3");
    let start = world.settle();
    assert_eq!(world.settled_since(start), Vec::<String>::new());
}

#[test]
fn a_policy_that_changes_what_we_write_is_told_and_not_fought() {
    let world = World::with_class(shared(), "mutated");
    let controller = world.start();
    world.apply(&service(world.name, "cart"));
    world.apply(&gateway(world.name, "edge", world.name, &web()));
    world.eventually(&world.mesh_gateway_path("edge"), "is there", |_| true);
    world.mesh_route_of("Gateway", "edge");
    world.settle();

    let patch = "[JSONPatch{op: 'add', path: '/spec/to/0/rules/0/default/filters', value: [Object.spec.to.rules.default.filters{\
                 type: 'RequestHeaderModifier', requestHeaderModifier: Object.spec.to.rules.default.filters.requestHeaderModifier{\
                 remove: ['x-mutated']}}]}]";
    let mutations = json!({
        "reinvocationPolicy": "Never",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
    });
    let policy = Policy::new(&world, "Mutating", &mutations);
    policy.wait_until_it_acts(|answer| answer.is_ok_and(|made| made.to_string().contains("x-mutated")));
    let start = world.mark();
    world.apply(&route(world.name, "cart", "edge", "shop.example.com", &json!([rule("/", "cart")])));
    let told = world.eventually(&world.route_path("cart"), "says that it is changed", |route| {
        let ours = entries(route, &world.controller);
        ours.len() == 1 && message(ours[0], "Accepted").contains("comes back changed")
    });
    assert_eq!(conditions(entries(&told, &world.controller)[0])["Accepted"], "False/UnsupportedValue@1");
    let writes = world.settled_since(start);
    assert!(writes.len() <= 8, "nobody is fought: {writes:?}");
    assert!(controller.log().contains("comes back changed"), "{}", controller.tail());

    drop(policy);
    let good = expected(&[("Accepted", "True/Accepted@1"), ("ResolvedRefs", "True/ResolvedRefs@1")]);
    world.route_says("cart", &good);
    let made = world.mesh_route_of("HTTPRoute", "cart");
    assert!(!made.to_string().contains("x-mutated"), "{made}");
}
