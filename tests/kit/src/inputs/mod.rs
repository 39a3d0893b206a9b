//! Objects as users write them, drawn by proptest so that a failure shrinks to few of them.
//!
//! [`crate::world`] draws histories of facts, for the dataflow alone. Here are whole clusters in YAML's terms, for what
//! has to hold from the decoder to the last field that is written.

mod aims;
mod backends;
mod calls;
mod connections;
mod crowd;
mod destinations;
mod gateways;
mod parents;
mod requests;
mod routes;
mod run;
mod secrets;
mod surroundings;
mod values;

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

pub use requests::Draw;
use requests::draws;
pub use run::hold;
pub use values::Taste;

/// The objects of a cluster.
#[derive(Clone)]
pub struct World {
    /// In no particular order.
    pub objects: Vec<Value>,
}

/// As YAML, so that a counterexample can be pasted into a scenario.
impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for object in &self.objects {
            let text = serde_yaml_ng::to_string(object).map_err(|_| fmt::Error)?;
            write!(f, "\n---\n{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// Gateways of a world at most.
const GATEWAYS_MAX: usize = 3;
/// `ListenerSets` of a world at most.
const LISTENER_SETS_MAX: usize = 2;
/// HTTPRoutes of a world at most.
const HTTP_ROUTES_MAX: usize = 6;
/// GRPCRoutes of a world at most.
const GRPC_ROUTES_MAX: usize = 2;
/// Routes of connections of a world at most.
const CONNECTION_ROUTES_MAX: usize = 3;

/// A cluster with one to three Gateways, a few `ListenerSets` and routes, and what they refer to. In every other one all routes meet.
pub fn world(taste: Taste) -> impl Strategy<Value = World> {
    let gateways =
        (vec(gateways::gateway(taste), 1..=GATEWAYS_MAX), vec(gateways::listener_set(taste), 0..=LISTENER_SETS_MAX));
    // Routes of different kinds may have one name.
    let routes = (
        vec(routes::http_route(taste), 1..=HTTP_ROUTES_MAX),
        vec(calls::grpc_route(taste), 0..=GRPC_ROUTES_MAX),
        vec(connections::connection_route(taste), 0..=CONNECTION_ROUTES_MAX),
    );
    let around = (surroundings::surroundings(taste), destinations::destinations(), secrets::secrets(taste));
    (gateways, routes, around, any::<bool>()).prop_map(
        move |((gateways, sets), (http, grpc, connections), (around, destinations, secrets), crowded)| {
            let mut objects = [around, destinations, secrets].concat();
            let names = values::gateways(taste);
            objects.extend(gateways.into_iter().zip(names).map(|(gateway, name)| named(gateway, name)));
            objects.extend(sets.into_iter().zip(values::listener_sets(taste)).map(|(set, name)| named(set, name)));
            for routes in [http, grpc, connections] {
                objects.extend(routes.into_iter().zip(values::routes(taste)).map(|(route, name)| named(route, name)));
            }
            if crowded {
                crowd::crowd(taste, &mut objects);
            }
            World { objects }
        },
    )
}

/// A cluster, and so many requests to it at most.
pub fn visited_world(taste: Taste, requests: usize) -> impl Strategy<Value = (World, Vec<Draw>)> {
    (world(taste), draws(requests))
}

fn named(mut object: Value, (namespace, name): (&str, &str)) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    object["metadata"]["name"] = name.into();
    object
}

/// Yes, about once in so many times; shrinks to no.
fn one_in(count: u32) -> impl Strategy<Value = bool> {
    prop::bool::weighted(1.0 / f64::from(count))
}

/// One of several, shrinking to the first.
fn pick<T: Clone + fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

/// One of several about once in so many times, else none.
fn sometimes<T: Clone + fmt::Debug + 'static>(count: u32, all: &'static [T]) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(1.0 / f64::from(count), pick(all))
}

/// Puts a field where there is a value for it.
fn put(object: &mut Value, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object[field] = value.into();
    }
}
