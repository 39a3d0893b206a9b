//! M5 and M12: many routes on one Gateway at once, and away again.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::controller::Controller;
use super::load::path_of;
use super::observer::says_accepted;
use super::rig::Rig;
use super::trouble::Trouble;
use crate::objects::{CLASS, INFRASTRUCTURE, Route, gateway};
use crate::record::Figure;
use crate::statistics::millis;

const GATEWAY: &str = "storm";
const NAMESPACE: &str = "measured-1";

/// Time for a storm to pass.
const PASSED_MAX: Duration = Duration::from_secs(300);

/// Writes of the Gateway's status per thousand routes, and how soon the last count must be right.
const GATEWAY_WRITES_MAX: f64 = 20.0;
const SETUP_MAX: f64 = 500.0;

/// Deletions at once, as in gateway-api-bench.
const DELETIONS: usize = 100;

fn routes(count: u32) -> impl Iterator<Item = Value> {
    (0..count).map(|number| {
        let (name, path) = (format!("storm-{number}"), format!("/{number}"));
        Route { namespace: NAMESPACE, name: &name, gateway: GATEWAY, path: &path, backend: (NAMESPACE, "app-1") }
            .object()
    })
}

/// So many routes, one after the other and many at once.
pub(super) async fn measure(rig: &Rig, controller: &Controller, count: u32) -> Result<(), Trouble> {
    rig.load.apply(&gateway(GATEWAY, CLASS, None, None)).await?;
    rig.settle(controller).await?;
    for at_once in [1, 16] {
        storm(rig, controller, count, at_once).await?;
    }
    rig.load.delete(&path_of(&gateway(GATEWAY, CLASS, None, None))).await?;
    rig.settle(controller).await.map(drop)
}

async fn storm(rig: &Rig, controller: &Controller, count: u32, at_once: usize) -> Result<(), Trouble> {
    let name = format!("{INFRASTRUCTURE}/{GATEWAY}");
    let case = format!("{count} routes made, {at_once} at once");
    let mark = rig.mark(controller)?;
    rig.load.apply_all(routes(count), at_once).await?;
    let made = Instant::now();
    let counted = |wanted: u32| move |gateway: &Value| gateway["status"]["listeners"][0]["attachedRoutes"] == wanted;
    let right = rig.observer.until(("gateways", &name), PASSED_MAX, counted(count)).await?;
    let last = last_accepted(rig, count).await?;
    rig.settle(controller).await?;
    tell(rig, controller, &case, count, (&mark, made, right), true)?;
    let drained = last.max(right).saturating_duration_since(made);
    Figure::new("M12", &case, "last status after the last route", count, millis(drained), "ms").tell();

    let case = format!("{count} routes deleted, {DELETIONS} at once, {at_once} at once before");
    let mark = rig.mark(controller)?;
    rig.load.delete_all(routes(count).map(|route| path_of(&route)), DELETIONS).await?;
    let gone = Instant::now();
    let right = rig.observer.until(("gateways", &name), PASSED_MAX, counted(0)).await?;
    rig.settle(controller).await?;
    tell(rig, controller, &case, count, (&mark, gone, right), false)
}

async fn last_accepted(rig: &Rig, count: u32) -> Result<Instant, Trouble> {
    let mut last = Instant::now();
    for number in 0..count {
        let name = format!("{NAMESPACE}/storm-{number}");
        let accepted = |route: &Value| says_accepted(route, "True");
        last = last.max(rig.observer.until(("httproutes", &name), PASSED_MAX, accepted).await?);
    }
    Ok(last)
}

/// What it took, and whether the counts on the way went in one direction: any other was never true.
fn tell(
    rig: &Rig,
    controller: &Controller,
    case: &str,
    count: u32,
    (mark, done, right): (&super::rig::Mark, Instant, Instant),
    rising: bool,
) -> Result<(), Trouble> {
    let cost = rig.cost(controller, mark)?;
    let counts = rig.observer.counts(&format!("{INFRASTRUCTURE}/{GATEWAY}"), mark.at);
    let is_wrong = |pair: &&[(Instant, i64)]| if rising { pair[1].1 < pair[0].1 } else { pair[1].1 > pair[0].1 };
    // Counts of writes are far below the 2^52 that a float can hold.
    #[allow(clippy::cast_precision_loss)]
    let (writes, wrong) = (counts.len() as f64, counts.windows(2).filter(is_wrong).count() as f64);
    let per_thousand = writes * 1e3 / f64::from(count);
    let figure = |measure, value, unit| Figure::new("M5", case, measure, count, value, unit);
    figure("count right after the last", millis(right.saturating_duration_since(done)), "ms").aim(SETUP_MAX).tell();
    figure("Gateway status writes per 1,000", per_thousand, "").aim(GATEWAY_WRITES_MAX).tell();
    figure("counts that were never true", wrong, "").aim(0.0).tell();
    cost.tell_requests("M5", case, count, None);
    cost.tell_processor_time("M5", case, "processor time per route", count, count).tell();
    let avoided = cost.metrics.sum("deltagate_writes_avoided_total", &[]);
    Figure::new("M12", case, "writes that were not needed any more", count, avoided, "").tell();
    let throttled = cost.metrics.sum("deltagate_requests_total", &["code=\"429\""]);
    Figure::new("M12", case, "answers 429", count, throttled, "").aim(0.0).tell();
    Ok(())
}
