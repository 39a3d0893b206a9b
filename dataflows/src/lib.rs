#![doc = include_str!("../README.md")]

pub mod engine;
pub mod manifest;
pub mod model;
pub mod operators;
pub mod rules;
mod views;

pub use engine::{Engine, Step};

use model::{
    BackendRef, Class, ClassParameters, Destination, Gateway, GatewayAddress, Generation, Grant, Listener, Mesh,
    MeshChoice, NamespaceLabels, Observed, ParentRef, Refusal, RouteMatches, Rule, Settings, Task,
};
use operators::{Cross, Epoch, Rows};
use timely::dataflow::Scope;

/// What the dataflow is told. One collection per relation; a kind that is not served is an empty one.
pub struct Inputs<'s> {
    classes: Rows<'s, Class>,
    class_parameters: Rows<'s, ClassParameters>,
    gateways: Rows<'s, Gateway>,
    listeners: Rows<'s, Listener>,
    parent_refs: Rows<'s, ParentRef>,
    route_matches: Rows<'s, RouteMatches>,
    rules: Rows<'s, Rule>,
    backend_refs: Rows<'s, BackendRef>,
    generations: Rows<'s, Generation>,
    namespace_labels: Rows<'s, NamespaceLabels>,
    mesh_choices: Rows<'s, MeshChoice>,
    destinations: Rows<'s, Destination>,
    grants: Rows<'s, Grant>,
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

/// Builds a view inside a region that bears its name.
macro_rules! view {
    ($scope:ident, $view:ident($($input:expr),* $(; $setting:expr)?)) => {
        $scope.region_named(stringify!($view), |region| {
            views::$view($($input.enter(region),)* $($setting)?).leave($scope)
        })
    };
}

/// Inputs -> views -> outputs. Each line is one file under `views/`.
///
/// There are two strata and so no circle: which objects are pending is known before any status, because a status may
/// say that objects are in place.
pub fn build<'s>(scope: Scope<'s, Epoch>, settings: &Settings, inputs: Inputs<'s>) -> Outputs<'s> {
    let parameters = inputs.class_parameters.arrange("class parameters");
    let choices = inputs.mesh_choices.arrange("mesh choices by namespace");

    let (gateways, parent_refs) = view!(scope, object_meshes(inputs.gateways, inputs.parent_refs, choices));
    let classes = view!(scope, accepted_classes(inputs.classes, parameters.clone()));
    let managed = view!(scope, managed_gateways(gateways, classes.clone(), parameters, inputs.meshes; settings));
    let listeners = view!(scope, listeners(managed.clone(), inputs.listeners));

    let parents = parent_refs.arrange("parentRefs by parent");
    let attachments = view!(scope, attachments(parents.clone(), listeners.clone(), inputs.namespace_labels));
    let verdicts = view!(scope, parent_verdicts(parents, managed.clone(), attachments.clone()));
    let shadowed = view!(scope, rule_precedence(attachments.clone(), inputs.route_matches));
    let servings = view!(scope, servings(attachments, shadowed));
    let attached = view!(scope, attached_routes(servings.clone()));

    let granted = view!(scope, granted_references(inputs.backend_refs.clone(), inputs.grants));
    let backends = view!(scope, resolved_backends(inputs.backend_refs, granted, inputs.destinations));
    let route_rules = view!(scope, route_rules(inputs.rules, backends));

    let gateways = view!(scope, mesh_gateways(listeners.clone()));
    let instances = view!(scope, mesh_gateway_instances(listeners.clone()));
    let routes = view!(scope, mesh_http_routes(servings.clone(), route_rules.clone()));
    let desired = view!(scope, desired_objects(gateways, instances, routes; settings));
    let held = view!(scope, held(managed.clone(), inputs.observed_objects.clone()));
    let objects = view!(scope, pending_objects(desired, inputs.observed_objects, held, inputs.refusals.clone()));

    let generations = inputs.generations;
    let class = view!(scope, class_statuses(classes, generations.clone()));
    let gateway = view!(scope, gateway_statuses(
        managed, listeners, attached, generations.clone(), inputs.addresses, objects.clone()
    ));
    let route = view!(scope, route_statuses(verdicts, route_rules, servings, generations, objects.clone()));
    let desired = view!(scope, desired_statuses(class, gateway, route; settings));
    let statuses = view!(scope, pending_statuses(desired, inputs.observed_statuses, inputs.refusals));

    let pending = objects.rows().concat(statuses.rows());
    let blocked = view!(scope, blocked(pending.clone(); settings));
    let tasks = view!(scope, tasks(pending, blocked));
    Outputs { tasks }
}
