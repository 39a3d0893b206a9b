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
    BackendRef, Class, ClassParameters, CrdVersion, Destination, Gateway, GatewayAddress, Generation, Grant, Listener,
    Mesh, MeshChoice, NamespaceLabels, Observed, ParentRef, Refusal, Rule, Settings, Task,
};
use operators::{Rows, together};

/// What the dataflow is told. One collection per relation; a kind that is not served is an empty one.
pub struct Inputs<'s> {
    classes: Rows<'s, Class>,
    class_parameters: Rows<'s, ClassParameters>,
    definitions: Rows<'s, CrdVersion>,
    gateways: Rows<'s, Gateway>,
    listeners: Rows<'s, Listener>,
    parent_refs: Rows<'s, ParentRef>,
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
    let choices = inputs.mesh_choices.arrange("mesh choices by namespace");

    let (gateways, parent_refs) = view!(plan, object_meshes(inputs.gateways, inputs.parent_refs, choices));
    let classes = view!(plan, accepted_classes(inputs.classes, parameters.clone()));
    let managed = view!(plan, managed_gateways(gateways, classes.clone(), parameters, inputs.meshes; settings));
    let listeners = view!(plan, listeners(managed.clone(), inputs.listeners));

    let parents = parent_refs.arrange("parentRefs by parent");
    let attachments = view!(plan, attachments(parents.clone(), listeners.clone(), inputs.namespace_labels));
    let verdicts = view!(plan, parent_verdicts(parents, managed.clone(), attachments.clone()));

    let granted = view!(plan, granted_references(inputs.backend_refs.clone(), inputs.grants));
    let backends = view!(plan, resolved_backends(inputs.backend_refs, granted, inputs.destinations));
    let rules = together("rules by route", [inputs.rules.any(), backends.any()]);
    let route_rules = view!(plan, route_rules(rules.clone()));

    let (shadowed, padded) = view!(plan, rule_precedence(attachments.clone(), rules.of()));
    let servings = view!(plan, servings(attachments, shadowed, padded));
    let attached = view!(plan, attached_routes(servings.clone()));

    let gateways = view!(plan, mesh_gateways(listeners.clone()));
    let instances = view!(plan, mesh_gateway_instances(listeners.clone()));
    let routes = view!(plan, mesh_http_routes(servings.clone(), route_rules.clone()));
    let desired = view!(plan, desired_objects(gateways, instances, routes; settings));
    let held = view!(plan, held(managed.clone(), inputs.observed_objects.clone()));
    let objects =
        view!(plan, pending_objects(desired, inputs.observed_objects, held, inputs.refusals.clone(); settings));

    let generations = inputs.generations;
    let class = view!(plan, class_statuses(classes, generations.clone(), inputs.definitions));
    let gateway = view!(
        plan,
        gateway_statuses(managed, listeners, attached, generations.clone(), inputs.addresses, objects.clone())
    );
    let route = view!(plan, route_statuses(verdicts, route_rules, servings, generations, objects.clone()));
    let desired = view!(plan, desired_statuses(class, gateway, route));
    let statuses = view!(plan, pending_statuses(desired, inputs.observed_statuses, inputs.refusals; settings));

    let pending = objects.rows().concat(statuses.rows());
    let blocked = view!(plan, blocked(pending.clone(); settings));
    let tasks = view!(plan, tasks(pending, blocked; settings));
    Outputs { tasks }
}
