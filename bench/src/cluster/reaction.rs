//! M2 and M3: how soon one change is answered, inside the controller and as users see it.

use std::time::{Duration, Instant};

use super::controller::Controller;
use super::load::path_of;
use super::metrics::Metrics;
use super::observer::says_accepted;
use super::rig::{Rig, SEEN_MAX};
use super::trouble::Trouble;
use crate::objects::{HOT, Route};
use crate::record::Figure;
use crate::statistics::{Percentiles, millis};

const NAMESPACE: &str = "measured-0";

/// Edits per second while other changes are on their way, and for how long.
const PACE: Duration = Duration::from_millis(20);
const PACED: u32 = 250;

/// What we aim for inside the controller, in milliseconds.
const REACTION_P50_MAX: f64 = 0.3;
const REACTION_P99_MAX: f64 = 2.0;

/// A route that is made to see how soon it is answered.
pub(super) struct Probe<'a> {
    pub(super) name: &'a str,
    pub(super) gateway: &'a str,
}

impl Probe<'_> {
    pub(super) fn route(&self) -> serde_json::Value {
        let backend = (NAMESPACE, "app-0");
        Route { namespace: NAMESPACE, name: self.name, gateway: self.gateway, path: "/probe", backend }.object()
    }

    /// From the answer to its creation until a watcher has its status, and the object made of it.
    pub(super) async fn make(&self, rig: &Rig) -> Result<Duration, Trouble> {
        rig.load.apply(&self.route()).await?;
        let made = Instant::now();
        let full = format!("{NAMESPACE}/{}", self.name);
        let status = rig.observer.until(("httproutes", &full), SEEN_MAX, |route| says_accepted(route, "True")).await?;
        let owner = format!("HTTPRoute/{full}");
        let object = rig.observer.until(("meshhttproutes", &owner), SEEN_MAX, |object| !object.is_null()).await?;
        Ok(status.max(object).saturating_duration_since(made))
    }
}

/// Routes made one after the other, each awaited; then edits at a steady pace.
pub(super) async fn measure(rig: &Rig, controller: &Controller, probes: u32) -> Result<(), Trouble> {
    let routes = rig.shape.routes;
    let before = controller.metrics();
    let names: Vec<String> = (0..probes).map(|number| format!("probe-{number}")).collect();
    let mut times = Vec::new();
    for name in &names {
        times.push(Probe { name, gateway: HOT }.make(rig).await?);
    }
    rig.settle(controller).await?;
    tell_reaction("one change at a time", routes, &controller.metrics().since(&before));
    tell_convergence(rig, routes, times);

    let before = controller.metrics();
    let mut ticks = tokio::time::interval(PACE);
    for turn in 0..PACED {
        ticks.tick().await;
        rig.load.apply(&rig.shape.route(turn % routes, turn + 2)).await?;
    }
    rig.settle(controller).await?;
    tell_reaction("50 edits per second", routes, &controller.metrics().since(&before));
    let probes = names.iter().map(|name| path_of(&Probe { name, gateway: HOT }.route()));
    rig.load.delete_all(probes, 32).await?;
    rig.settle(controller).await.map(drop)
}

/// From an observation to the first request that follows from it, as the controller's own histogram has it.
fn tell_reaction(case: &str, routes: u32, metrics: &Metrics) {
    for (permille, name, target) in [(500.0, "p50", REACTION_P50_MAX), (990.0, "p99", REACTION_P99_MAX)] {
        let lane = ["lane=\"interactive\""];
        if let Some(time) = metrics.quantile("deltagate_reaction_seconds", &lane, permille) {
            let measure = format!("observation to request {name}");
            Figure::new("M2", case, &measure, routes, millis(time), "ms").aim(target).tell();
        }
    }
}

fn tell_convergence(rig: &Rig, routes: u32, times: Vec<Duration>) {
    let case = "route added, one at a time";
    let floor = millis(rig.ceiling.convergence());
    let slope = slope(&times);
    let times = Percentiles::of(times);
    let figure = |measure: &str, time| Figure::new("M3", case, measure, routes, millis(time), "ms").calibrated(floor);
    figure("seen by a watcher, mean", times.mean()).aim(2.0 * floor).tell();
    figure("seen by a watcher, p50", times.at(500)).tell();
    figure("seen by a watcher, p99", times.at(990)).tell();
    Figure::new("M3", case, "growth per 1,000 routes", routes, slope, "ms").tell();
}

/// By how much a time grows over a thousand of them: least squares.
fn slope(times: &[Duration]) -> f64 {
    // There are at most some thousand.
    #[allow(clippy::cast_precision_loss)]
    let points: Vec<(f64, f64)> = times.iter().enumerate().map(|(at, time)| (at as f64, millis(*time))).collect();
    #[allow(clippy::cast_precision_loss)]
    let count = points.len().max(1) as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (over, under) = points
        .iter()
        .fold((0.0, 0.0), |(over, under), point| (over + (point.0 - x) * (point.1 - y), under + (point.0 - x).powi(2)));
    if under == 0.0 { 0.0 } else { over / under * 1e3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_growth_is_that_of_the_line_through_the_times() {
        let times: Vec<_> = (0..100).map(|at| Duration::from_micros(5_000 + at * 2)).collect();
        assert!((slope(&times) - 2.0).abs() < 1e-6);
        assert!(slope(&times[..1]).abs() < 1e-9);
    }
}
