//! M10: one edit that concerns many routes, and what it does to somebody else's change meanwhile.

use std::time::{Duration, Instant};

use super::controller::Controller;
use super::load::path_of;
use super::observer::says_accepted;
use super::reaction::Probe;
use super::rig::Rig;
use super::trouble::Trouble;
use crate::objects::{CLASS, HOT, gateway, name};
use crate::record::Figure;
use crate::statistics::{Percentiles, millis};

/// A Gateway on which nothing happens but what a bystander does.
const BYSTANDER: &str = "bystander";

/// Changes of the bystander while all is quiet.
const QUIET_PROBES: u32 = 40;

/// Time for all routes to say what is right.
const ALL_MAX: Duration = Duration::from_secs(300);

/// How much later a bystander may be answered, and the share of the ceiling that we aim for.
const DELAY_MAX: f64 = 2.0;
const SHARE_MIN: f64 = 0.9;

pub(super) async fn measure(rig: &Rig, controller: &Controller) -> Result<(), Trouble> {
    rig.load.apply(&gateway(BYSTANDER, CLASS, None, None)).await?;
    rig.settle(controller).await?;
    let mut quiet = Vec::new();
    for number in 0..QUIET_PROBES {
        quiet.push(bystander(rig, number).await?);
    }
    let quiet = Percentiles::of(quiet);
    rig.settle(controller).await?;
    let mut number = QUIET_PROBES;
    for (case, hostname, status) in [
        ("listener hostname detaches all routes", Some("*.elsewhere.test"), "False"),
        ("listener hostname attaches all routes", None, "True"),
    ] {
        let mark = rig.mark(controller)?;
        rig.load.apply(&gateway(HOT, CLASS, hostname, None)).await?;
        let begin = Instant::now();
        let all = all_say(rig, status);
        let mut all = std::pin::pin!(all);
        let mut during = Vec::new();
        let last = loop {
            tokio::select! {
                last = &mut all => break last?,
                took = bystander(rig, number) => { during.push(took?); number += 1; }
            }
        };
        let took = last.saturating_duration_since(begin);
        rig.settle(controller).await?;
        let cost = rig.cost(controller, &mark)?;
        tell(rig, case, (took, &cost), (&quiet, during));
    }
    let probes = (0..=number).map(|number| path_of(&probe(&probe_name(number)).route()));
    rig.load.delete_all(probes, 32).await?;
    rig.load.delete(&path_of(&gateway(BYSTANDER, CLASS, None, None))).await?;
    rig.settle(controller).await.map(drop)
}

fn probe_name(number: u32) -> String {
    format!("bystander-{number}")
}

const fn probe(name: &str) -> Probe<'_> {
    Probe { name, gateway: BYSTANDER }
}

async fn bystander(rig: &Rig, number: u32) -> Result<Duration, Trouble> {
    probe(&probe_name(number)).make(rig).await
}

/// When the last route said so.
async fn all_say(rig: &Rig, status: &str) -> Result<Instant, Trouble> {
    let mut last = None;
    for index in 0..rig.shape.routes {
        let name = format!("{}/{}", rig.shape.namespace_of(index), name(index));
        let seen = rig.observer.until(("httproutes", &name), ALL_MAX, |route| says_accepted(route, status)).await?;
        last = last.max(Some(seen));
    }
    Ok(last.unwrap_or_else(Instant::now))
}

fn tell(
    rig: &Rig,
    case: &str,
    (took, cost): (Duration, &super::rig::Cost),
    (quiet, during): (&Percentiles, Vec<Duration>),
) {
    let routes = rig.shape.routes;
    let best = rig.ceiling.writes_per_second;
    let rate = cost.metrics.writes() / took.as_secs_f64();
    let figure = |measure, value, unit| Figure::new("M10", case, measure, routes, value, unit);
    figure("last status right", took.as_secs_f64(), "s").tell();
    figure("writes", rate, "1/s").aim(SHARE_MIN * best).calibrated(best).tell();
    cost.tell_requests("M10", case, routes, None);
    cost.tell_processor_time("M10", case, "processor time per route", routes, routes).tell();
    for (measure, permille) in
        [("bystander, observation to request p50", 500.0), ("bystander, observation to request p99", 990.0)]
    {
        if let Some(time) = cost.metrics.quantile("deltagate_reaction_seconds", &["lane=\"interactive\""], permille) {
            figure(measure, millis(time), "ms").tell();
        }
    }
    let during = Percentiles::of(during);
    figure("bystander while all is quiet p50", millis(quiet.at(500)), "ms").tell();
    figure("bystander meanwhile p50", millis(during.at(500)), "ms").tell();
    let delay = during.at(500).as_secs_f64() / quiet.at(500).as_secs_f64();
    figure("bystander, meanwhile over quiet", delay, "×").aim(DELAY_MAX).tell();
}
