//! One relation per file. A view is plumbing around rules; what it means is said at its head: the meaning of a row,
//! its key, and what later views lean on.

mod accepted_classes;
mod attached_routes;
mod attachments;
mod blocked;
mod class_statuses;
mod desired_objects;
mod desired_statuses;
mod gateway_statuses;
mod granted_references;
mod held;
mod listener_certificates;
mod listener_hostnames;
mod listener_reports;
mod listener_set_statuses;
mod listener_sets;
mod listeners;
mod managed_gateways;
mod mesh_gateway_instances;
mod mesh_gateways;
mod mesh_http_routes;
mod mesh_tcp_routes;
mod object_meshes;
mod parent_verdicts;
mod pending_objects;
mod pending_of_gateways;
mod pending_statuses;
mod resolved_backends;
mod route_conflicts;
mod route_rules;
mod route_statuses;
mod rule_precedence;
mod secret_copies;
mod service_connections;
mod service_floors;
mod service_parents;
mod service_routes;
mod servings;
mod tasks;

pub(crate) use accepted_classes::accepted_classes;
pub(crate) use attached_routes::attached_routes;
pub(crate) use attachments::attachments;
pub(crate) use blocked::blocked;
pub(crate) use class_statuses::class_statuses;
pub(crate) use desired_objects::desired_objects;
pub(crate) use desired_statuses::desired_statuses;
pub(crate) use gateway_statuses::gateway_statuses;
pub(crate) use granted_references::granted_references;
pub(crate) use held::held;
pub(crate) use listener_certificates::listener_certificates;
pub(crate) use listener_hostnames::listener_hostnames;
pub(crate) use listener_reports::listener_reports;
pub(crate) use listener_set_statuses::listener_set_statuses;
pub(crate) use listener_sets::listener_sets;
pub(crate) use listeners::listeners;
pub(crate) use managed_gateways::managed_gateways;
pub(crate) use mesh_gateway_instances::mesh_gateway_instances;
pub(crate) use mesh_gateways::mesh_gateways;
pub(crate) use mesh_http_routes::mesh_http_routes;
pub(crate) use mesh_tcp_routes::mesh_tcp_routes;
pub(crate) use object_meshes::object_meshes;
pub(crate) use parent_verdicts::parent_verdicts;
pub(crate) use pending_objects::pending_objects;
pub(crate) use pending_of_gateways::pending_of_gateways;
pub(crate) use pending_statuses::pending_statuses;
pub(crate) use resolved_backends::resolved_backends;
pub(crate) use route_conflicts::route_conflicts;
pub(crate) use route_rules::route_rules;
pub(crate) use route_statuses::route_statuses;
pub(crate) use rule_precedence::rule_precedence;
pub(crate) use secret_copies::secret_copies;
pub(crate) use service_connections::service_connections;
pub(crate) use service_floors::service_floors;
pub(crate) use service_parents::service_parents;
pub(crate) use service_routes::service_routes;
pub(crate) use servings::servings;
pub(crate) use tasks::tasks;

use crate::model::{Desired, Key};

/// A row of what should be, under the key of its object.
fn keyed(desired: Desired) -> (Key, Desired) {
    (desired.object.key(), desired)
}
