//! The dataflow alone: no API server, no decoding, no writes.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use dataflows::engine::Work;
use dataflows::model::{Key, Ref, Settings, Task};
use dataflows::{Engine, Step};
use serde::Serialize;

use crate::memory;
use crate::population::{Population, written};
use crate::statistics::Percentiles;

/// Edits that are timed per size; as many again come first to warm up.
const EDITS: u32 = 1_000;
/// Edits whose work is counted.
const COUNTED: u32 = 100;
/// Gateways over which routes are spread.
const GATEWAYS: u32 = 100;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Numbers of routes to measure, each in a process of its own.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    routes: Vec<u32>,
    /// Measures one size here instead of in a process of its own.
    #[arg(long, hide = true)]
    gateways: Option<u32>,
}

/// What one size gave.
#[derive(Serialize)]
struct Result {
    measurement: &'static str,
    routes: u32,
    gateways: u32,
    /// From empty to the first complete epoch.
    load_s: f64,
    /// One route edited: from the change to the closed epoch that holds all its consequences.
    route_edit_us: Percentiles,
    /// The answers to the two writes that an edit causes, folded in: what the echo of an edit costs.
    echo_us: Percentiles,
    /// Resident memory per route, desired and observed state included.
    bytes_per_route: u64,
    scheduled_per_edit: f64,
    records_per_edit: f64,
    arranged_per_edit: f64,
}

pub(crate) fn run(arguments: &Arguments) {
    for &routes in &arguments.routes {
        match arguments.gateways {
            Some(gateways) => measure(Population { routes, gateways }),
            None => [GATEWAYS, 1].into_iter().for_each(|gateways| measure_apart(routes, gateways)),
        }
    }
}

/// A process of its own starts from the same memory each time.
fn measure_apart(routes: u32, gateways: u32) {
    eprintln!("engine: {routes} routes on {gateways} gateways");
    let program = std::env::current_exe().unwrap_or_else(|_| "bench".into());
    let numbers = [routes.to_string(), gateways.to_string()];
    let status = Command::new(program).args(["engine", "--routes", &numbers[0], "--gateways", &numbers[1]]).status();
    if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
        eprintln!("engine: the measurement of {routes} routes failed: {status:?}");
        std::process::exit(1);
    }
}

fn measure(population: Population) {
    let updates = population.updates();
    let before = memory::resident();
    let mut world = World::new(Engine::new(Settings::default()));
    let start = Instant::now();
    let step = world.engine.step(updates);
    let load = start.elapsed();
    world.take(step);
    while world.settle() {}
    let bytes = memory::resident().saturating_sub(before);

    world.edit(population, 2, EDITS);
    let (edits, echoes) = world.edit(population, 2 + i64::from(EDITS), EDITS);
    drop(world);
    let work = count(population);
    // Counts of a hundred edits are far below the 2^52 that a float can hold.
    #[allow(clippy::cast_precision_loss)]
    let per_edit = |count: u64| count as f64 / f64::from(COUNTED);
    let result = Result {
        measurement: "engine",
        routes: population.routes,
        gateways: population.gateways,
        load_s: load.as_secs_f64(),
        route_edit_us: Percentiles::of(edits),
        echo_us: Percentiles::of(echoes),
        bytes_per_route: bytes / u64::from(population.routes),
        scheduled_per_edit: per_edit(work.scheduled),
        records_per_edit: per_edit(work.records),
        arranged_per_edit: per_edit(work.arranged),
    };
    println!("{}", serde_json::to_string(&result).unwrap_or_default());
}

/// What edits do, counted in an engine of its own, as counting takes time.
fn count(population: Population) -> Work {
    let mut world = World::new(Engine::counting(Settings::default()));
    let step = world.engine.step(population.updates());
    world.take(step);
    while world.settle() {}
    world.engine.work();
    world.edit(population, 2, COUNTED);
    world.engine.work()
}

/// An engine whose writes all succeed.
struct World {
    engine: Engine,
    settings: Settings,
    tasks: BTreeMap<Key, Ref<Task>>,
}

impl World {
    fn new(engine: Engine) -> Self {
        Self { engine, settings: Settings::default(), tasks: BTreeMap::new() }
    }

    /// Edits that many routes one after the other, and answers the writes. How long each edit and each answer took.
    fn edit(&mut self, population: Population, generation: i64, edits: u32) -> (Vec<Duration>, Vec<Duration>) {
        let (mut times, mut echoes) = (Vec::new(), Vec::new());
        for edit in 0..edits {
            // A stride that is coprime to the number of routes visits Gateways and namespaces evenly.
            let route = edit.wrapping_mul(7_919) % population.routes;
            let update = population.route(route, generation + i64::from(edit));
            times.push(self.time(|world| {
                let step = world.engine.step([update]);
                world.take(step);
            }));
            while self.pending() {
                echoes.push(self.time(|world| {
                    world.settle();
                }));
            }
        }
        (times, echoes)
    }

    fn take(&mut self, step: Step) {
        for (key, task) in step.tasks {
            match task {
                Some(task) => self.tasks.insert(key, task),
                None => self.tasks.remove(&key),
            };
        }
    }

    fn pending(&self) -> bool {
        self.tasks.values().any(|task| task.blocked_by.is_empty())
    }

    /// Does all that can be done now; whether there was anything.
    fn settle(&mut self) -> bool {
        let ready = self.tasks.values().filter(|task| task.blocked_by.is_empty());
        let answers: Vec<_> = ready.filter_map(|task| written(&self.settings, task)).collect();
        if answers.is_empty() {
            return false;
        }
        let step = self.engine.step(answers);
        self.take(step);
        true
    }

    fn time(&mut self, what: impl FnOnce(&mut Self)) -> Duration {
        let start = Instant::now();
        what(self);
        start.elapsed()
    }
}
