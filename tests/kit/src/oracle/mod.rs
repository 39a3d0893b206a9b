//! What should be outstanding, computed from scratch: a plain loop over the facts of a moment, with no dataflow and no
//! memory of the moment before.
//!
//! It is slow and short on purpose. It shares with the dataflow the tables of `rules`, the texts of `manifest` and the
//! judgement of the listeners of one Gateway, and writes anew what else depends on more than one object: who attaches
//! where, who holds a match, what waits for what.

mod attachment;
mod cluster;
mod conflicts;
mod difference;
mod gateways;
mod objects;
mod pending;
mod precedence;
mod routes;
mod services;
mod statuses;

use std::collections::BTreeMap;

use dataflows::model::{Fact, Key, Settings, Task};

use cluster::Cluster;
pub use difference::difference;

/// The complete set of tasks that should be outstanding for these facts, by object. `facts` holds what each source
/// asserts at the moment.
pub fn tasks(settings: &Settings, facts: &BTreeMap<Key, Vec<Fact>>) -> BTreeMap<Key, Task> {
    let cluster = Cluster::of(facts);
    let gateways = gateways::all(settings, &cluster);
    let routes = routes::all(&cluster);
    let mut attachments = attachment::all(&cluster, &gateways);
    attachments.extend(services::all(settings, &cluster));
    let attachments = conflicts::settle(attachments);
    let servings = precedence::servings(&cluster, &attachments);

    let objects = objects::desired(settings, &gateways, &servings, &routes);
    let held = pending::held(&cluster, &gateways);
    let objects = pending::pending(settings, &cluster, objects, &held, pending::is_generated);

    let statuses = statuses::Statuses { settings, cluster: &cluster, servings: &servings, pending: &objects };
    let mut desired = statuses.of_classes();
    desired.extend(statuses.of_gateways(&gateways));
    desired.extend(statuses.of_routes(&attachments, &routes));
    let mut all = pending::pending(settings, &cluster, desired, &held, |kind| !pending::is_generated(kind));
    all.extend(objects);
    pending::tasks(settings, &all)
}
