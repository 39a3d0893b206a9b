//! One size of cluster: load, memory, every kind of edit, bursts, and the work that an edit is.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use dataflows::Engine;
use dataflows::engine::Work;
use dataflows::model::{Settings, Update};
use deltagate::watch::decode;
use kit::processes::Processes;
use serde_json::Value;

use super::edits::{Edit, corner, edits};
use super::world::{Subject, World, asserted};
use crate::memory;
use crate::objects::{CLASS, Shape, class, mesh};
use crate::record::Figure;
use crate::statistics::{Percentiles, micros};

/// The measure that sizes are compared by.
pub(super) const EDIT_MEDIAN: &str = "edit p50";

/// Turns of each edit that are timed; a tenth as many come first to warm up.
const TURNS: u32 = 400;
/// Routes all over the cluster that are edited one after the other.
const SCATTERED: u32 = 1_000;
/// Routes that are edited in one epoch.
const BURST: u32 = 1_000;
/// Turns of each edit whose work is counted, and the most routes at which: everything is loaded again for it.
const COUNTED: u32 = 20;
const COUNTED_ROUTES_MAX: u32 = 10_000;
/// The most routes at which numbers of workers and processes are compared, for which everything is loaded again as well.
const SPREAD_ROUTES_MAX: u32 = 100_000;

/// What we aim for, in microseconds and bytes.
const EDIT_P50_MAX: f64 = 150.0;
const EDIT_P99_MAX: f64 = 1_000.0;
const BYTES_PER_ROUTE_MAX: f64 = 4_096.0;

/// Measures one size in this process.
pub(super) fn all(crowd: &str, shape: Shape) {
    let mut world = load(crowd, shape);
    for edit in edits() {
        let (alone, answered) = time(&mut world, &edit);
        tell(&format!("{}, {crowd}", edit.name), shape.routes, alone, answered);
    }
    scattered(crowd, &mut world, shape);
    burst(crowd, &mut world, shape);
    drop(world);
    decoding(shape);
    if shape.routes <= COUNTED_ROUTES_MAX {
        count(crowd, shape);
    }
    if shape.routes <= SPREAD_ROUTES_MAX {
        let (one, two, settings) = (NonZeroUsize::MIN, NonZeroUsize::MIN.saturating_add(1), Settings::default());
        for workers in [one, two] {
            let engine =
                Engine::with_workers(settings.clone(), workers).expect("a machine that measures has a thread to spare");
            spread(&format!("{WORKERS}{workers}, {crowd}"), shape, engine);
        }
        spread(&format!("{WORKERS}1 in each of 2 processes, {crowd}"), shape, Processes::start(&settings, two, one));
    }
}

fn population(shape: Shape) -> impl Iterator<Item = Vec<Update>> {
    let surroundings = [class(CLASS, &Settings::default().controller_name), mesh("default", "Disabled")];
    let objects = surroundings.into_iter().chain(shape.namespaces()).chain(shape.gateways());
    let objects = objects.chain(shape.services()).chain(shape.routes());
    objects.map(|object| asserted(object, 1)).chain([corner()])
}

fn load(crowd: &str, shape: Shape) -> World {
    let before = memory::settled();
    let updates: Vec<_> = population(shape).flatten().collect();
    let mut world = World::new(Engine::new(Settings::default()));
    let took = world.step(updates);
    let figure = |figure, measure, value, unit| Figure::new(figure, crowd, measure, shape.routes, value, unit);
    figure("M7", "load in one epoch", took.as_secs_f64(), "s").tell();
    figure("M7", "load per route", micros(took) / f64::from(shape.routes), "µs").tell();
    world.settle();
    let bytes = memory::settled().saturating_sub(before);
    // Sizes of memory are far below the 2^52 that a float can hold.
    #[allow(clippy::cast_precision_loss)]
    let per_route = bytes as f64 / f64::from(shape.routes);
    figure("M9", "resident memory per route, settled", per_route, "B").aim(BYTES_PER_ROUTE_MAX).tell();
    world
}

fn tell(case: &str, routes: u32, alone: Vec<Duration>, answered: Vec<Duration>) {
    let [median, last] = Percentiles::of(alone).figures("M4", case, "edit", routes);
    median.aim(EDIT_P50_MAX).tell();
    last.aim(EDIT_P99_MAX).tell();
    Percentiles::of(answered).figures("M4", case, "edit with its answers", routes).into_iter().for_each(Figure::tell);
}

/// How long the turns of an edit take: by themselves, and with the answers to all writes that follow from them.
fn time(world: &mut World, edit: &Edit) -> (Vec<Duration>, Vec<Duration>) {
    let warm = TURNS / 10;
    let mut times: Vec<_> = (0..TURNS + warm).map(|turn| one(world, edit.turn(turn))).collect();
    times.drain(..warm as usize);
    times.into_iter().unzip()
}

fn one<S: Subject>(world: &mut World<S>, updates: Vec<Update>) -> (Duration, Duration) {
    let alone = world.step(updates);
    (alone, alone + world.settle())
}

/// Rules edited of routes all over the cluster, so that no cache remembers them.
fn scattered(crowd: &str, world: &mut World, shape: Shape) {
    // A stride that is coprime to the number of routes visits Gateways and namespaces evenly.
    let route = |turn: u32| asserted(shape.route(turn.wrapping_mul(7_919) % shape.routes, turn + 2), turn + 2);
    let (alone, answered) = (0..SCATTERED).map(|turn| one(world, route(turn))).unzip();
    tell(&format!("rule of any route edited, {crowd}"), shape.routes, alone, answered);
}

/// Many routes edited in one epoch: what a change costs when they pile up.
fn burst(crowd: &str, world: &mut World, shape: Shape) {
    let routes = BURST.min(shape.routes);
    let generation = SCATTERED + 2;
    let updates = (0..routes).flat_map(|index| asserted(shape.route(index, generation), generation)).collect();
    let (alone, answered) = one(world, updates);
    let case = format!("{routes} routes edited in one epoch, {crowd}");
    for (measure, took) in [("per edit", alone), ("per edit with its answers", answered)] {
        Figure::new("M12", &case, measure, shape.routes, micros(took) / f64::from(routes), "µs").tell();
    }
}

/// From the bytes of a watch event to the facts of one route.
fn decoding(shape: Shape) {
    let bytes = serde_json::to_vec(&shape.route(0, 1)).unwrap_or_default();
    let settings = Settings::default();
    let times = (0..SCATTERED).map(|_| {
        let begin = Instant::now();
        let object: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let decoded = decode::decode(&settings, &object);
        let took = begin.elapsed();
        assert!(decoded.is_ok(), "the objects of a benchmark are valid");
        took
    });
    let times = Percentiles::of(times.collect());
    times.figures("M2", "a route read from JSON", "decode", shape.routes).into_iter().for_each(Figure::tell);
}

/// What edits are, counted in an engine of its own, as counting takes time. The counts are exact.
fn count(crowd: &str, shape: Shape) {
    let mut world = World::new(Engine::counting(Settings::default()));
    world.step(population(shape).flatten().collect());
    world.settle();
    world.engine.work();
    for edit in edits() {
        for turn in 0..COUNTED {
            one(&mut world, edit.turn(turn));
        }
        let Work { scheduled, records, arranged, .. } = world.engine.work();
        let case = format!("{}, {crowd}", edit.name);
        for (measure, count) in
            [("operators scheduled", scheduled), ("records moved", records), ("rows arranged", arranged)]
        {
            // Counts of twenty edits are far below the 2^52 that a float can hold.
            #[allow(clippy::cast_precision_loss)]
            let per_edit = count as f64 / f64::from(COUNTED);
            Figure::new("M4", &case, measure, shape.routes, per_edit, "").tell();
        }
    }
}

/// How the cases begin that tell numbers of workers apart.
pub(super) const WORKERS: &str = "workers: ";

/// Load and single edits, with the dataflow spread over workers or processes. The latter are threads of this process that
/// talk by sockets.
fn spread(case: &str, shape: Shape, engine: impl Subject) {
    const EDITS: u32 = 200;
    let updates: Vec<_> = population(shape).flatten().collect();
    let mut world = World::new(engine);
    let took = world.step(updates);
    world.settle();
    Figure::new("M12", case, "load in one epoch", shape.routes, took.as_secs_f64(), "s").tell();
    let route = |turn: u32| asserted(shape.route(turn.wrapping_mul(7_919) % shape.routes, turn + 2), turn + 2);
    let times = (0..EDITS).map(|turn| one(&mut world, route(turn)).0).collect();
    Percentiles::of(times).figures("M12", case, "edit", shape.routes).into_iter().for_each(Figure::tell);
}
