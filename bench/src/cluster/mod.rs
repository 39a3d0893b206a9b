//! The controller as a process of its own, with a real API server.

mod calibration;
mod changes;
mod churn;
mod controller;
mod fan_out;
mod foreign;
mod load;
mod metrics;
mod observer;
mod place;
mod reaction;
mod rig;
mod start;
mod storm;
mod trouble;

use std::path::PathBuf;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::runtime::Runtime;

use crate::objects::{CLASS, Shape, class, mesh};
use crate::progress;
use crate::record::{Figure, Line, Run};
use controller::Controller;
use load::{Load, path_of};
use observer::Observer;
use place::Place;
use rig::Rig;
pub(crate) use trouble::Trouble;

/// Objects of the surroundings that are written at once.
const AT_ONCE: usize = 16;

const NAMESPACES: u32 = 10;

/// Numbers of routes at which changes are counted as well, where they are smaller than that of the run.
const SMALLER: [u32; 2] = [100, 10];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measures on the cluster of this kubeconfig, whose user may do everything and which has the CRDs. Without it etcd
    /// and kube-apiserver are started for the run.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// What the controller uses on that cluster: a user of its own with the rights of deploy/rbac.yaml.
    #[arg(long, requires = "kubeconfig")]
    controller_kubeconfig: Option<PathBuf>,
    /// The controller [default: `deltagate` beside this program].
    #[arg(long)]
    controller: Option<PathBuf>,
    /// Routes, each with a Service, that surround every change.
    #[arg(long, default_value_t = 1_000)]
    routes: u32,
    /// Routes that are made one after the other, each awaited.
    #[arg(long, default_value_t = 300)]
    probes: u32,
    /// Routes of a storm, and of other controllers.
    #[arg(long, default_value_t = 1_000)]
    storm: u32,
    /// Seconds of steady edits.
    #[arg(long, default_value_t = 20)]
    churn_seconds: u32,
    /// Measures these figures alone [default: all of them].
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FIGURE")]
    only: Vec<Part>,
    /// Seconds in which nothing must be written.
    #[arg(long, default_value_t = 20)]
    silence_seconds: u64,
}

/// What can be measured by itself, once everything is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// M2, M3: how soon one change is answered.
    Reaction,
    /// M6: what steady edits cost.
    Churn,
    /// M5, M12: many routes made and deleted.
    Storms,
    /// M10: one edit for many routes.
    FanOut,
    /// M11: what is not ours.
    Foreign,
    /// M8: the API server starts again.
    Outage,
    /// M1: requests per change, and M9: memory once everything is gone.
    Changes,
}

impl Arguments {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Trouble> {
    Line::Run(Run::here()).tell();
    let place = match &arguments.kubeconfig {
        None => Place::start()?,
        Some(user) => {
            let controller = arguments.controller_kubeconfig.clone().unwrap_or_else(|| user.clone());
            Place::Given { user: user.clone(), controller }
        }
    };
    let beside = std::env::current_exe().ok().and_then(|bench| Some(bench.parent()?.join("deltagate")));
    let program = arguments.controller.clone().or(beside).unwrap_or_else(|| "deltagate".into());
    let runtime = Runtime::new().map_err(|error| Trouble::Controller("no more threads".to_owned(), error))?;
    runtime.block_on(measure(arguments, place, program))
}

/// All figures, in an order in which one leaves behind what the next one needs.
async fn measure(arguments: &Arguments, place: Place, program: PathBuf) -> Result<(), Trouble> {
    let bar = progress::bar(12);
    let load = Load::new(place.client().await?);
    let observer = Observer::start(load.client());
    step(&bar, "calibration");
    let ceiling = calibration::calibrate(&place, &load, &observer).await?;
    let shape = Shape { routes: arguments.routes, gateways: 1, namespaces: NAMESPACES };
    let mut rig = Rig { place, load, observer, program, ceiling, shape };
    let silence = Duration::from_secs(arguments.silence_seconds);
    step(&bar, "M9: memory without objects");
    let base = start::empty(&rig).await?;
    step(&bar, "routes and Services are made");
    populate(&rig).await?;
    step(&bar, "M7: start, nothing generated yet");
    let controller = start::cold(&rig, base).await?;
    step(&bar, "M7, M8: start, everything right already");
    let controller = start::warm(&rig, controller, silence).await?;
    if arguments.wants(Part::Reaction) {
        step(&bar, "M2, M3: reaction and convergence");
        reaction::measure(&rig, &controller, arguments.probes).await?;
    }
    if arguments.wants(Part::Churn) {
        step(&bar, "M6: steady edits");
        churn::measure(&rig, &controller, arguments.churn_seconds).await?;
    }
    if arguments.wants(Part::Storms) {
        step(&bar, "M5, M12: storms");
        storm::measure(&rig, &controller, arguments.storm).await?;
    }
    if arguments.wants(Part::FanOut) {
        step(&bar, "M10: one edit for many routes");
        fan_out::measure(&rig, &controller).await?;
    }
    if arguments.wants(Part::Foreign) {
        step(&bar, "M11: what is not ours");
        foreign::measure(&rig, &controller, arguments.storm).await?;
    }
    if arguments.wants(Part::Outage) {
        step(&bar, "M8: the API server starts again");
        start::outage(&rig, &controller, silence).await?;
    }
    if arguments.wants(Part::Changes) {
        step(&bar, "M1: changes, with fewer and fewer routes");
        fewer_and_fewer(&mut rig, &controller, base).await?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Changes among many routes, some and few; then everything goes.
async fn fewer_and_fewer(rig: &mut Rig, controller: &Controller, base: f64) -> Result<(), Trouble> {
    let routes = rig.shape.routes;
    changes::measure(rig, controller, routes).await?;
    for routes in SMALLER.into_iter().filter(|fewer| *fewer < routes) {
        shrink(rig, routes).await?;
        changes::measure(rig, controller, routes).await?;
    }
    shrink(rig, 0).await?;
    rig.settle(controller).await?;
    let left = start::memory(controller);
    Figure::new("M9", "all objects deleted", "Pss", 0, left, "MiB").aim(start::left_max(base)).tell();
    Ok(())
}

fn step(bar: &ProgressBar, what: &'static str) {
    bar.inc(1);
    bar.set_message(what);
}

/// Everything that surrounds the changes, before the controller sees any of it.
async fn populate(rig: &Rig) -> Result<(), Trouble> {
    let (load, shape) = (&rig.load, rig.shape);
    let controller = dataflows::model::Settings::default().controller_name;
    let surroundings = [class(CLASS, &controller), mesh("default", "Disabled")];
    load.apply_all(surroundings.into_iter().chain(shape.namespaces()).chain(shape.gateways()), 1).await?;
    load.apply_all(shape.services().chain(shape.routes()), AT_ONCE).await.map(drop)
}

/// Deletes routes and their Services until so many are left.
async fn shrink(rig: &mut Rig, routes: u32) -> Result<(), Trouble> {
    let before = rig.shape;
    let keep = routes as usize;
    let gone = before.routes().skip(keep).chain(before.services().skip(keep));
    rig.load.delete_all(gone.map(|object| path_of(&object)), AT_ONCE).await?;
    rig.shape = Shape { routes, ..before };
    Ok(())
}
