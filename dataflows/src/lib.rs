#![doc = include_str!("../README.md")]

pub mod engine;
pub mod manifest;
pub mod model;
pub mod operators;
pub mod rules;
mod views;

pub use engine::{Engine, Step};

use engine::Plan;
use model::{
    BackendRef, Certificate, Class, ClassParameters, CrdVersion, Destination, Gateway, GatewayAddress, Generation,
    Grant, Listener, ListenerSet, Mesh, MeshChoice, NamespaceLabels, Observed, ParentRef, Refusal, Rule, Settings,
    Task,
};
use operators::{Rows, together};

/// What the dataflow is told. One collection per relation; a kind that is not served is an empty one.
pub struct Inputs<'s> {
    classes: Rows<'s, Class>,
    class_parameters: Rows<'s, ClassParameters>,
    definitions: Rows<'s, CrdVersion>,
    gateways: Rows<'s, Gateway>,
    listeners: Rows<'s, Listener>,
    listener_sets: Rows<'s, ListenerSet>,
    parent_refs: Rows<'s, ParentRef>,
    rules: Rows<'s, Rule>,
    backend_refs: Rows<'s, BackendRef>,
    generations: Rows<'s, Generation>,
    route_generations: Rows<'s, Generation>,
    namespace_labels: Rows<'s, NamespaceLabels>,
    mesh_choices: Rows<'s, MeshChoice>,
    destinations: Rows<'s, Destination>,
    grants: Rows<'s, Grant>,
    certificates: Rows<'s, Certificate>,
    meshes: Rows<'s, Mesh>,
    addresses: Rows<'s, GatewayAddress>,
    observed_objects: Rows<'s, Observed>,
    observed_statuses: Rows<'s, Observed>,
    refusals: Rows<'s, Refusal>,
}

/// What the dataflow tells: all that the writer has to do.
pub struct Outputs<'s> {
    tasks: Rows<'s, Task>,
}

/// Builds a view and notes under its name which operators it is made of.
macro_rules! view {
    ($plan:ident, $view:ident($($input:expr),* $(; $setting:expr)?)) => {
        $plan.view(stringify!($view), || views::$view($($input,)* $($setting)?))
    };
}

/// Inputs -> views -> outputs. Each line is one file under `views/`.
///
/// There are two strata and so no circle: which objects are pending is known before any status, because a status may
/// say that objects are in place.
pub fn build<'s>(plan: &mut Plan<'s>, settings: &Settings, inputs: Inputs<'s>) -> Outputs<'s> {
    let parameters = inputs.class_parameters.arrange("class parameters");
    let grants = inputs.grants.arrange("grants by edge");
    let choices = inputs.mesh_choices.arrange("mesh choices by namespace");
    let meshes = inputs.meshes.arrange("meshes");
    let destinations = inputs.destinations.arrange("destinations");
    let namespaces = inputs.namespace_labels.arrange("namespaces");

    let (gateways, parents) = view!(plan, object_meshes(inputs.gateways, inputs.parent_refs, choices));
    let classes = view!(plan, accepted_classes(inputs.classes, parameters.clone()));
    let managed = view!(plan, managed_gateways(gateways, classes.clone(), parameters, meshes.clone(); settings));
    let by_gateway = managed.clone().arrange("gateways");
    let sets = view!(plan, listener_sets(inputs.listener_sets, by_gateway.clone(), namespaces.clone()));
    let secured = view!(plan, listener_certificates(inputs.listeners.clone(), inputs.certificates, grants.clone()));
    let listeners = view!(plan, listeners(managed.clone(), sets.clone(), inputs.listeners, secured));

    let on_listeners = view!(plan, attachments(parents.clone(), listeners.clone(), namespaces));
    let (of_services, on_ports) = view!(plan, service_parents(parents.clone(), destinations.clone(), meshes; settings));
    let (attachments, yielded) = view!(plan, route_conflicts(on_listeners.concat(on_ports)));
    let of_gateways = view!(plan, parent_verdicts(parents, by_gateway, sets.clone(), attachments.clone()));

    let granted = view!(plan, granted_references(inputs.backend_refs.clone(), grants));
    let backends = view!(plan, resolved_backends(inputs.backend_refs, granted, destinations));
    let rules = together("rules by route", [inputs.rules.any(), backends.any()]);
    let (route_rules, rules_by_route) = view!(plan, route_rules(rules.clone()));

    let (shadowed, padded) = view!(plan, rule_precedence(attachments.clone(), rules.of()));
    let (servings, servings_by_route) = view!(plan, servings(attachments, shadowed, padded));
    let attached = view!(plan, attached_routes(servings.clone()));
    let hostnames = view!(plan, listener_hostnames(servings.clone()));
    let mesh_gateways = view!(plan, mesh_gateways(listeners.clone(), hostnames));
    let instances = view!(plan, mesh_gateway_instances(listeners.clone()));
    let (http_routes, requests) = view!(plan, mesh_http_routes(servings_by_route.clone(), rules_by_route.clone()));
    let tcp_routes = view!(plan, mesh_tcp_routes(servings_by_route, rules_by_route));
    let service_routes = view!(plan, service_routes(requests.clone()));
    let floors = view!(plan, service_floors(servings.clone(), requests));
    let (connections, given_up) = view!(plan, service_connections(tcp_routes.clone(), servings.clone()));
    let copies = view!(plan, secret_copies(listeners.clone(); settings));
    let routes = (http_routes, tcp_routes, service_routes, connections);
    let desired = view!(plan, desired_objects(mesh_gateways, instances, routes, floors, copies; settings));
    let (seen, seen_statuses, refusals) = (inputs.observed_objects, inputs.observed_statuses, inputs.refusals);
    let held = view!(plan, held(managed.clone(), seen.clone()));
    let (free_objects, objects) = view!(plan, pending_objects(desired, seen, held, refusals.clone(); settings));

    let (generations, of_routes) = (inputs.generations, inputs.route_generations);
    let class = view!(plan, class_statuses(classes, managed.clone(), generations.clone(), inputs.definitions));
    let reports = view!(plan, listener_reports(listeners.clone(), attached));
    let unfinished = view!(plan, pending_of_gateways(listeners, objects.clone(); settings));
    let (addresses, pending) = (inputs.addresses, unfinished.clone());
    let gateway = view!(plan, gateway_statuses(managed, reports.clone(), generations.clone(), addresses, pending));
    let set = view!(plan, listener_set_statuses(sets, reports, generations, unfinished));
    let (verdicts, yielded) = (of_gateways.concat(of_services), yielded.concat(given_up));
    let route = view!(plan, route_statuses(verdicts, route_rules, (servings, yielded), of_routes, objects.clone()));
    let desired = view!(plan, desired_statuses(class, gateway, set, route));
    let (free_statuses, statuses) = view!(plan, pending_statuses(desired, seen_statuses, refusals; settings));

    let (free, involved) = (free_objects.concat(free_statuses), objects.concat(statuses));
    let blocked = view!(plan, blocked(involved.clone(); settings));
    Outputs { tasks: view!(plan, tasks(free, involved, blocked)) }
}
