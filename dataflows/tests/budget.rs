//! An edit costs what depends on it, not what surrounds it: the same counts of work with a thousand unrelated routes
//! and with ten thousand.
//!
//! All three counters are exact. Records and arranged rows are counted where they are made, before any merging of
//! batches, and an operator is only scheduled when it has input or its frontier moves; what merges of old batches cost
//! is not in any of them. So sizes are compared without slack, and the bounds below only leave room for honest change
//! of the dataflow itself.

mod world;

use dataflows::Engine;
use dataflows::engine::Work;
use dataflows::manifest;
use dataflows::model::{
    BackendKind, CertificateProblem, Fact, Kind, MeshServices, Refusal, RouteKind, Settings, Update,
};
use world::*;

const SMALL: u32 = 1_000;
const LARGE: u32 = 10_000;
/// Of the unrelated objects so many are routes for each ListenerSet.
const ROUTES_PER_LISTENER_SET: u32 = 50;
/// How often operators may run for an edit and its echo. An epoch in which nothing happens costs about ninety runs: each
/// operator hears that time has moved.
const SCHEDULED_MAX: u64 = 600;

/// What an edit may cost.
struct Bound {
    records: u64,
    arranged: u64,
}

/// What happens, by name, with what it may cost including the answers to all writes that follow from it.
fn edits() -> Vec<(&'static str, Update, Bound)> {
    let web = || route("shop/web").in_mesh("other").on("infra/edge").rule("/web", &["cart:80", "db/orders:80"]);
    let new = || route("shop/new").in_mesh("other").on("infra/edge").rule("/new", &["cart:80"]);
    let hot = || route("shop/hot").on("infra/gateway-0").rule("/hot", &["cart:80"]);
    let inner = || route("shop/inner").in_mesh("other").on_service("shop/till", None).rule("/inner", &["till:80"]);
    let crowded = || route("crowd/new").on_service("crowd/hall", None).rule("/new", &["hall:80"]);
    let bound = |records, arranged| Bound { records, arranged };
    let gone = |kind, name| Update { source: named(kind, name).key(), facts: Vec::new() };
    vec![
        ("rule changed", web().rule("/more", &["cart:80"]).into(), bound(125, 40)),
        ("rule changed back", web().into(), bound(125, 40)),
        ("annotation changed", web().into(), bound(0, 0)),
        ("route added", new().into(), bound(270, 90)),
        ("route removed", gone(Kind::HttpRoute, "shop/new"), bound(270, 90)),
        ("hot route added", hot().into(), bound(270, 90)),
        ("hot rule changed", hot().rule("/more", &["cart:80"]).into(), bound(125, 40)),
        ("hot route removed", gone(Kind::HttpRoute, "shop/hot"), bound(280, 95)),
        ("route on a Service added", inner().into(), bound(270, 90)),
        ("route on a Service changed", inner().rule("/more", &["till:80"]).into(), bound(125, 40)),
        ("port of a Service with a route added", http_service("shop/till", &[80, 81]), bound(270, 90)),
        ("port of a Service with a route removed", http_service("shop/till", &[80]), bound(270, 90)),
        ("last route on a Service removed", gone(Kind::HttpRoute, "shop/inner"), bound(270, 90)),
        ("route on a Service with many routes added", crowded().into(), bound(270, 90)),
        ("route on a Service with many routes removed", gone(Kind::HttpRoute, "crowd/new"), bound(270, 90)),
        ("listener narrowed", edge("*.example").into(), bound(320, 110)),
        ("listener widened", edge("").into(), bound(320, 110)),
        ("grant added", grant("db/grant", "shop", None), bound(130, 50)),
        ("grant removed", gone(Kind::ReferenceGrant, "db/grant"), bound(130, 50)),
        ("Service port moved", service("shop/cart", &[81]), bound(105, 35)),
        ("Service port moved back", service("shop/cart", &[80]), bound(105, 35)),
        ("namespace relabelled", namespace("shop", Some("red")), bound(210, 85)),
        ("namespace relabelled back", namespace("shop", Some("blue")), bound(210, 85)),
        ("mesh mode changed", mesh("other", MeshServices::Exclusive), bound(240, 75)),
        ("class parameters changed", parameters("tuning", 2), bound(280, 95)),
    ]
}

/// The same of the kinds of input beside routes, Gateways and Services.
fn surroundings() -> Vec<(&'static str, Update, Bound)> {
    let bound = |records, arranged| Bound { records, arranged };
    let gone = |kind, name| Update { source: named(kind, name).key(), facts: Vec::new() };
    let spare = || gateway("infra/spare").of_class("spare").listener("web", 80, "");
    let no_address = || Update { facts: Vec::new(), ..address("infra/edge", "192.0.2.1") };
    let sql = || route_of(RouteKind::Tcp, "crowd/sql").on_service("crowd/hall", None).rule("/", &["hall:80"]);
    vec![
        ("certificate renewed", secret("infra/cert", Ok("b")), bound(125, 55)),
        ("certificate is broken", secret("infra/cert", Err(CertificateProblem::Mismatch)), bound(205, 80)),
        ("certificate is mended", secret("infra/cert", Ok("b")), bound(245, 125)),
        ("definition of another version", definition("gateways", "v1.3.0"), bound(100, 30)),
        ("definition of a known version", definition("gateways", "v1.6.1"), bound(100, 30)),
        ("address appears", address("infra/edge", "192.0.2.1"), bound(35, 18)),
        ("address goes", no_address(), bound(35, 18)),
        ("first Gateway of a class", spare().into(), bound(290, 120)),
        ("last Gateway of a class goes", gone(Kind::Gateway, "infra/spare"), bound(230, 60)),
        ("namespace chooses a mesh", namespace_in_mesh("moved", "other"), bound(410, 175)),
        ("namespace chooses none", namespace("moved", None), bound(410, 175)),
        ("TCPRoute on a port with many HTTPRoutes", sql().into(), bound(105, 25)),
        ("listener of a ListenerSet narrowed", more(&["*.shop.example"]), bound(320, 110)),
        ("listener of a ListenerSet added", more(&["*.shop.example", "docs.example"]), bound(320, 110)),
        ("listener of a ListenerSet removed", more(&["*.shop.example"]), bound(320, 110)),
        ("listener of a ListenerSet widened", more(&["*.example"]), bound(320, 110)),
        ("TCPRoute goes from there", gone(Kind::TcpRoute, "crowd/sql"), bound(105, 25)),
    ]
}

/// The ListenerSet that is edited.
fn more(hostnames: &[&str]) -> Update {
    listener_set("shop/more", "infra/added", hostnames)
}

/// The same of routes of other kinds, and of backends of Kuma's kinds.
fn kinds() -> Vec<(&'static str, Update, Bound)> {
    use BackendKind::{ExternalService, MeshExternalService, MeshMultiZoneService, MeshService};
    let bound = |records, arranged| Bound { records, arranged };
    let gone = |kind, name| Update { source: named(kind, name).key(), facts: Vec::new() };
    let calls =
        |host| route_of(RouteKind::Grpc, "shop/calls").created(9).in_mesh("third").on("infra/calls").hostname(host);
    let calls = |host| calls(host).rule("/calls", &["cart:80"]);
    let inner = |kind| route_of(kind, "shop/inner").in_mesh("other").on_service("shop/till", None);
    let inner = |kind| inner(kind).rule("/inner", &["till:80"]);
    let name = |name| route_of(RouteKind::Tls, "infra/name").on("infra/passing").hostname(name);
    let name = |hostname| name(hostname).rule("/", &["shop/cart:80"]);
    let of_kuma = |kind, name| backend_of_kuma(kind, name, "third");
    vec![
        ("class names no parameters", class("tuned", None), bound(280, 95)),
        ("class names parameters", class("tuned", Some("tuning")), bound(280, 95)),
        ("GRPCRoute added", calls("calls.example").into(), bound(270, 90)),
        ("GRPCRoute gives way to an HTTPRoute", calls("kuma.example").into(), bound(270, 90)),
        ("GRPCRoute removed", gone(Kind::GrpcRoute, "shop/calls"), bound(270, 90)),
        ("HTTPRoute on a Service added", inner(RouteKind::Http).into(), bound(270, 90)),
        ("GRPCRoute comes before it", inner(RouteKind::Grpc).into(), bound(270, 90)),
        ("GRPCRoute goes from there", gone(Kind::GrpcRoute, "shop/inner"), bound(270, 90)),
        ("HTTPRoute on a Service removed", gone(Kind::HttpRoute, "shop/inner"), bound(270, 90)),
        ("TLSRoute added", name("a.example").into(), bound(270, 90)),
        ("TLSRoute for another name", name("b.example").into(), bound(270, 90)),
        ("TLSRoute removed", gone(Kind::TlsRoute, "infra/name"), bound(270, 90)),
        ("MeshService goes", gone(Kind::MeshService, "shop/local"), bound(105, 35)),
        ("MeshService comes", of_kuma(MeshService, "shop/local"), bound(105, 35)),
        ("MeshMultiZoneService goes", gone(Kind::MeshMultiZoneService, "shop/zones"), bound(105, 35)),
        ("MeshMultiZoneService comes", of_kuma(MeshMultiZoneService, "shop/zones"), bound(105, 35)),
        ("MeshExternalService goes", gone(Kind::MeshExternalService, "shop/far"), bound(105, 35)),
        ("MeshExternalService comes", of_kuma(MeshExternalService, "shop/far"), bound(105, 35)),
        ("ExternalService goes", gone(Kind::ExternalService, "mail"), bound(105, 35)),
        ("ExternalService comes", of_kuma(ExternalService, "mail"), bound(105, 35)),
    ]
}

fn all() -> Vec<(&'static str, Update, Bound)> {
    edits().into_iter().chain(surroundings()).chain(kinds()).collect()
}

/// A route to a backend of each of Kuma's kinds, with the Gateways of the routes of other kinds.
fn other_kinds() -> Vec<Update> {
    use BackendKind::{ExternalService, MeshExternalService, MeshMultiZoneService, MeshService};
    let backends = [
        (MeshService, "shop/local"),
        (MeshMultiZoneService, "shop/zones"),
        (MeshExternalService, "shop/far"),
        (ExternalService, "mail"),
    ];
    let mut route = route("shop/kuma").created(1).in_mesh("third").on("infra/calls");
    let mut updates = vec![
        mesh("third", PLAIN),
        gateway("infra/calls").in_mesh("third").listener("web", 80, "").into(),
        gateway("infra/passing").listener("tls", 443, "").but(passing_through).into(),
    ];
    for (kind, name) in backends {
        updates.push(backend_of_kuma(kind.clone(), name, "third"));
        route = route.rule(&format!("/{name}"), &[&format!("{name}:80")]).of_kind(kind);
    }
    updates.push(route.hostname("kuma.example").into());
    updates
}

/// The Gateway that is edited: of a class, a mesh and a team of its own.
fn edge(hostname: &str) -> GatewayObject {
    gateway("infra/edge").of_class("tuned").in_mesh("other").listener("web", 80, hostname).for_team("blue")
}

/// A settled cluster: one route on the Gateway that is edited and one on the ListenerSet, many on other Gateways, which other
/// `ListenerSets` add to, and as many on one Service.
fn cluster(routes: u32, gateways: u32) -> World {
    let mut world = World::around(Engine::counting(Settings::default()));
    let mut updates = vec![class("kuma", None), class("tuned", Some("tuning")), parameters("tuning", 1)];
    updates.extend([mesh("default", PLAIN), mesh("other", PLAIN), namespace("shop", Some("blue"))]);
    updates.extend([service("shop/cart", &[80]), service("db/orders", &[80]), edge("").into()]);
    updates.extend([http_service("shop/till", &[80]), http_service("crowd/hall", &[80])]);
    updates.extend([class("spare", None), definition("gateways", "v1.6.1"), secret("infra/cert", Ok("a"))]);
    updates.push(gateway("infra/secure").listener("tls", 443, "").but(secured("infra", "cert")).into());
    updates.push(gateway("moved/edge").listener("web", 80, "").into());
    updates.push(gateway("infra/added").listener("web", 80, "own.example").for_listener_sets().into());
    updates.extend([more(&["*.example"]), service("shop/bags", &[80])]);
    updates.extend(other_kinds());
    updates.push(route("shop/added").on_listener_set("shop/more").rule("/added", &["bags:80"]).into());
    for index in 0..gateways {
        let name = format!("infra/gateway-{index}");
        updates.push(gateway(&name).listener("web", 80, "").for_listener_sets().into());
    }
    for index in 0..routes / ROUTES_PER_LISTENER_SET {
        let (name, hostname) = (format!("team-{}/set-{index}", index % 50), format!("host-{index}.example"));
        updates.push(listener_set(&name, &format!("infra/gateway-{}", index % gateways), &[&hostname]));
    }
    for index in 0..routes {
        let (namespace, gateway) = (format!("team-{}", index % 50), format!("infra/gateway-{}", index % gateways));
        let backend = format!("service-{index}");
        updates.push(service(&format!("{namespace}/{backend}"), &[80]));
        let on_service =
            route(&format!("crowd/route-{index}")).created(i64::from(index)).on_service("crowd/hall", None);
        updates.push(on_service.rule(&format!("/{index}"), &["hall:80"]).into());
        let route = route(&format!("{namespace}/route-{index}")).created(i64::from(index)).on(&gateway);
        updates.push(route.rule(&format!("/{index}"), &[&format!("{backend}:80")]).into());
    }
    updates.push(route("shop/web").in_mesh("other").on("infra/edge").rule("/web", &["cart:80", "db/orders:80"]).into());
    world.step(updates);
    world.settle();
    assert_eq!(world.to_do(), [""; 0]);
    world.engine.work();
    world
}

/// What each edit costs: by itself, and with the answers to the writes that follow from it.
fn costs(routes: u32, gateways: u32) -> Vec<[Work; 2]> {
    let mut world = cluster(routes, gateways);
    let cost = |(what, update, bound): (_, Update, Bound)| {
        let changes = world.put(update);
        assert_eq!(changes > 0, bound.records > 0, "{what} has an effect");
        let edit = world.engine.work();
        world.settle();
        [edit, world.engine.work()]
    };
    all().into_iter().map(cost).collect()
}

fn compare(gateways: u32) {
    let (small, large) = (costs(SMALL, gateways), costs(LARGE, gateways));
    let mut wrong = Vec::new();
    for (((what, _, bound), small), large) in all().into_iter().zip(small).zip(large) {
        if small != large {
            wrong.push(format!("{what}: {SMALL} routes cost {small:?}, {LARGE} cost {large:?}"));
        }
        let [edit, echo] = large;
        let (records, arranged) = (edit.records + echo.records, edit.arranged + echo.arranged);
        if records > bound.records || arranged > bound.arranged || edit.scheduled + echo.scheduled > SCHEDULED_MAX {
            wrong.push(format!(
                "{what}: {edit:?} and {echo:?}, {} records, {} arranged rows and {SCHEDULED_MAX} runs of operators are allowed",
                bound.records, bound.arranged
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn an_edit_costs_the_same_whatever_surrounds_it() {
    compare(20);
}

#[test]
fn an_edit_costs_the_same_however_many_routes_share_its_gateway() {
    compare(1);
}

/// What it costs to hear that a write was refused, and that it is tried again.
fn refusal(routes: u32) -> [Work; 2] {
    let mut world = cluster(routes, 20);
    world.put(route("shop/web").in_mesh("other").on("infra/edge").rule("/other", &["cart:80"]));
    let refused = world.tasks_of(Kind::MeshHttpRoute).next().expect("the route is to be written");
    let desired = refused.pending.action.desired().expect("it is written, not removed").clone();
    let key = desired.object.key();
    let fingerprint = Some(manifest::fingerprint(&Settings::default(), &desired));
    let facts = vec![Fact::refusal(key, Refusal { fingerprint, reason: "denied".into() })];
    let source = key.part("refusal", "");
    world.engine.work();
    let [told, taken_back] = [facts, Vec::new()].map(|facts| {
        assert!(world.put(Update { source, facts }) > 0, "its owner is told");
        world.engine.work()
    });
    [told, taken_back]
}

#[test]
fn a_refusal_costs_the_same_whatever_surrounds_it() {
    let [small, large] = [SMALL, LARGE].map(refusal);
    assert_eq!(small, large);
    for work in large {
        assert!(work.records <= 60 && work.arranged <= 20, "{work:?}");
    }
}
