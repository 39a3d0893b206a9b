//! Every kind of edit, there and back, in a corner of the cluster of which nothing else depends.

use dataflows::model::Update;
use serde_json::{Value, json};

use super::world::{asserted, gone};
use crate::objects::{CLASS, HOT, Route, gateway, grant, mesh, namespace, service};

const CORNER: &str = "corner";
/// The namespace of Services that routes of the corner need a grant for.
const LENDER: &str = "corner-lender";
/// The mesh of the corner.
const MESH: &str = "corner";
const EDGE: &str = "corner-edge";

/// Something that is done and undone.
pub(super) struct Edit {
    pub(super) name: &'static str,
    states: [Edited; 2],
}

enum Edited {
    There(Value),
    Gone(Value),
}

impl Edit {
    const fn between(name: &'static str, done: Value, undone: Value) -> Self {
        Self { name, states: [Edited::There(done), Edited::There(undone)] }
    }

    fn comes_and_goes(name: &'static str, object: Value) -> Self {
        Self { name, states: [Edited::There(object.clone()), Edited::Gone(object)] }
    }

    /// The edit of that turn: done at even ones, undone at odd ones. Each has a generation of its own.
    pub(super) fn turn(&self, turn: u32) -> Vec<Update> {
        match &self.states[turn as usize % 2] {
            Edited::There(object) => asserted(object.clone(), turn + 2),
            Edited::Gone(object) => gone(object.clone()),
        }
    }
}

/// What is in the corner while nothing happens.
pub(super) fn corner() -> Vec<Update> {
    let objects = [
        namespace(CORNER, "blue"),
        namespace(LENDER, "blue"),
        mesh(MESH, "Disabled"),
        edge(None),
        service(CORNER, "cart", 80),
        service(LENDER, "orders", 80),
        route("cart", EDGE, "/", (CORNER, "cart")),
        route("orders", EDGE, "/", (LENDER, "orders")),
    ];
    objects.into_iter().flat_map(|object| asserted(object, 1)).collect()
}

/// All kinds of edits.
pub(super) fn edits() -> Vec<Edit> {
    let cart = (CORNER, "cart");
    let hot = |path| route("hot", HOT, path, cart);
    vec![
        Edit::comes_and_goes("route added, removed", route("new", EDGE, "/", cart)),
        Edit::between("rule edited", route("cart", EDGE, "/more", cart), route("cart", EDGE, "/", cart)),
        Edit::comes_and_goes("route on the busiest Gateway added, removed", hot("/")),
        Edit::between("listener hostname edited", edge(Some("*.example.com")), edge(None)),
        Edit::comes_and_goes("grant added, removed", grant(LENDER, "grant", CORNER)),
        Edit::between("Service port moved", service(CORNER, "cart", 81), service(CORNER, "cart", 80)),
        Edit::between("namespace relabelled", namespace(CORNER, "red"), namespace(CORNER, "blue")),
        Edit::between("mesh mode changed", mesh(MESH, "Exclusive"), mesh(MESH, "Disabled")),
    ]
}

fn edge(hostname: Option<&str>) -> Value {
    in_the_mesh(gateway(EDGE, CLASS, hostname, Some("blue")))
}

fn route(name: &str, gateway: &str, path: &str, backend: (&str, &str)) -> Value {
    let route = Route { namespace: CORNER, name, gateway, path, backend }.object();
    if gateway == EDGE { in_the_mesh(route) } else { route }
}

fn in_the_mesh(mut object: Value) -> Value {
    object["metadata"]["labels"] = json!({"kuma.io/mesh": MESH});
    object
}
