//! What an edit allocates does not grow with what surrounds it, and stays within bounds.
//!
//! Counted, not timed, and the same in every run of a build: there is one thread, and nothing is random. Now and then an
//! edit lets arrangements merge batches of earlier ones, so each kind of edit is made many times, and sizes are compared
//! with a little slack for where merges fall.

mod world;

use allocation_counter::{AllocationInfo, measure};
use dataflows::Engine;
use dataflows::model::{Kind, MeshServices, Settings, Update};
use world::*;

const SMALL: u32 = 1_000;
const LARGE: u32 = 10_000;

/// Turns of each edit: there and back.
const TURNS: u64 = 64;

/// Slack between sizes, as parts of a hundred.
const SLACK: u64 = 3;

/// What one turn may allocate: by itself, and with the answers to all writes that follow from it, where most is spent
/// on making those answers here.
const ALONE_MAX: Allocated = Allocated { blocks: 1_500, bytes: 280 << 10 };
const ANSWERED_MAX: Allocated = Allocated { blocks: 2_400, bytes: 480 << 10 };

/// What a route may keep with its Service, what is made of it, and what the cluster shows of that, in bytes that the engine and
/// the world around it asked for. What an allocator adds to that, `bench` measures.
const KEPT_MAX: i64 = 3_800;

#[derive(Clone, Copy, Debug, Default)]
struct Allocated {
    blocks: u64,
    bytes: u64,
}

impl Allocated {
    fn add(self, info: &AllocationInfo) -> Self {
        Self { blocks: self.blocks + info.count_total, bytes: self.bytes + info.bytes_total }
    }

    fn per_turn(self) -> Self {
        Self { blocks: self.blocks / TURNS, bytes: self.bytes / TURNS }
    }

    fn exceeds(self, most: Self, slack: u64) -> bool {
        let exceeds = |this: u64, most: u64| this > most + most * slack / 100;
        exceeds(self.blocks, most.blocks) || exceeds(self.bytes, most.bytes)
    }
}

fn web() -> RouteObject {
    route("shop/web").in_mesh("other").on("infra/edge")
}

/// Every kind of edit, done and undone.
fn edits() -> Vec<(&'static str, [Update; 2])> {
    let gone = |kind, name| Update { source: named(kind, name).key(), facts: Vec::new() };
    let new = route("shop/new").in_mesh("other").on("infra/edge").rule("/new", &["cart:80"]);
    let hot = route("shop/hot").on("infra/gateway-0").rule("/hot", &["cart:80"]);
    vec![
        ("route", [new.into(), gone(Kind::HttpRoute, "shop/new")]),
        ("route on the busiest Gateway", [hot.into(), gone(Kind::HttpRoute, "shop/hot")]),
        ("rule", [web().rule("/more", &["cart:80"]).into(), web().rule("/web", &["cart:80"]).into()]),
        ("listener hostname", [edge("*.example").into(), edge("").into()]),
        ("grant", [grant("db/grant", "shop", None), gone(Kind::ReferenceGrant, "db/grant")]),
        ("Service port", [service("shop/cart", &[81]), service("shop/cart", &[80])]),
        ("namespace label", [namespace("shop", Some("red")), namespace("shop", Some("blue"))]),
        ("mesh mode", [mesh("other", MeshServices::Exclusive), mesh("other", PLAIN)]),
    ]
}

fn edge(hostname: &str) -> GatewayObject {
    gateway("infra/edge").in_mesh("other").listener("web", 80, hostname).for_team("blue")
}

/// A settled cluster: one route on the Gateway that is edited, many on one other.
fn cluster(routes: u32) -> World {
    let mut world = World::around(Engine::new(Settings::default()));
    let mut updates = vec![class("kuma", None), mesh("default", PLAIN), mesh("other", PLAIN)];
    updates.extend([namespace("shop", Some("blue")), service("shop/cart", &[80]), service("db/orders", &[80])]);
    updates.extend([edge("").into(), gateway("infra/gateway-0").listener("web", 80, "").into()]);
    updates.push(web().rule("/web", &["cart:80"]).into());
    for index in 0..routes {
        let (namespace, backend) = (format!("team-{}", index % 50), format!("service-{index}"));
        updates.push(service(&format!("{namespace}/{backend}"), &[80]));
        let route = route(&format!("{namespace}/route-{index}")).created(i64::from(index)).on("infra/gateway-0");
        updates.push(route.rule(&format!("/{index}"), &[&format!("{backend}:80")]).into());
    }
    world.step(updates);
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
    world
}

/// What the turns of each edit allocate on average: alone, and answered.
fn costs(routes: u32) -> Vec<[Allocated; 2]> {
    let mut world = cluster(routes);
    let cost = |(_, states): (_, [Update; 2])| {
        let (mut alone, mut answered) = (Allocated::default(), Allocated::default());
        for _ in 0..TURNS / 2 {
            for update in states.clone() {
                let edit = measure(|| drop(world.step([update])));
                let answers = measure(|| drop(world.settle()));
                alone = alone.add(&edit);
                answered = answered.add(&edit).add(&answers);
            }
        }
        [alone.per_turn(), answered.per_turn()]
    };
    edits().into_iter().map(cost).collect()
}

#[test]
fn an_edit_allocates_the_same_whatever_surrounds_it() {
    let (small, large) = (costs(SMALL), costs(LARGE));
    let mut wrong = Vec::new();
    for (((what, _), small), large) in edits().into_iter().zip(small).zip(large) {
        let grows = large.iter().zip(small).any(|(large, small)| large.exceeds(small, SLACK));
        if grows || large[0].exceeds(ALONE_MAX, 0) || large[1].exceeds(ANSWERED_MAX, 0) {
            wrong.push(format!("{what}: {small:?} at {SMALL} routes, {large:?} at {LARGE}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_route_keeps_little_memory() {
    let kept = |routes| {
        let mut world = None;
        let kept = measure(|| world = Some(cluster(routes))).bytes_current;
        drop(world);
        kept
    };
    let per_route = (kept(LARGE) - kept(SMALL)) / i64::from(LARGE - SMALL);
    assert!(per_route <= KEPT_MAX, "a route and its Service keep {per_route} bytes, at most {KEPT_MAX} are meant");
}
