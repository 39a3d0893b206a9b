//! The specifications as pure functions over plain data. Nothing here names a dataflow type; each rule says which
//! sentence of which specification it implements.

pub mod acceptance;
pub mod addresses;
pub mod attachment;
pub mod backends;
pub mod bundle;
pub mod certificates;
pub mod class;
pub mod conflicts;
pub mod expressible;
pub mod features;
pub mod gateways;
pub mod grants;
pub mod hostname;
pub mod infrastructure;
pub mod listener_conflicts;
pub mod listener_sets;
pub mod listeners;
pub mod meshes;
pub mod names;
pub mod order;
pub mod padding;
pub mod pending;
pub mod precedence;
pub mod server_names;
pub mod service_parents;
pub mod service_routes;
