//! M7, M8 and M9: starts cold and warm, what they write, and what they hold in memory.

use std::time::Duration;

use super::controller::Controller;
use super::rig::Rig;
use super::trouble::Trouble;
use crate::record::Figure;

/// Milliseconds of processor time per 1,000 routes, seconds until ready, and a share of the calibrated ceiling.
const WARM_MAX: f64 = 50.0;
const READY_MAX: f64 = 2.0;
const SHARE_MIN: f64 = 0.9;

/// Memory that we aim for, in MiB: with nothing, and per 1,000 routes.
const BASE_MAX: f64 = 25.0;
const PER_THOUSAND_MAX: f64 = 4.0;
const PEAK_MAX: f64 = 1.5;

/// What may be left in memory once everything is gone: what was there before, give or take an eighth.
pub(super) fn left_max(base: f64) -> f64 {
    base * 1.125
}

/// Memory in MiB.
pub(super) fn memory(controller: &Controller) -> f64 {
    mebibytes(controller.memory())
}

fn mebibytes(kibibytes: u64) -> f64 {
    // Memory in KiB is far below the 2^52 that a float can hold.
    #[allow(clippy::cast_precision_loss)]
    let kibibytes = kibibytes as f64;
    kibibytes / 1024.0
}

/// With nothing of ours in the cluster; returns the memory.
pub(super) async fn empty(rig: &Rig) -> Result<f64, Trouble> {
    let mut controller = rig.start()?;
    controller.ready()?;
    rig.settle(&controller).await?;
    let base = memory(&controller);
    Figure::new("M9", "no object", "Pss", 0, base, "MiB").aim(BASE_MAX).tell();
    Ok(base)
}

/// Everything is there, and nothing was generated yet.
pub(super) async fn cold(rig: &Rig, base: f64) -> Result<Controller, Trouble> {
    let routes = rig.shape.routes;
    let mut controller = rig.start()?;
    let mark = rig.mark(&controller)?;
    let ready = controller.ready()?;
    let settled = rig.settle(&controller).await?;
    let cost = rig.cost(&controller, &mark)?;
    let writing = settled.saturating_duration_since(mark.at).saturating_sub(ready);
    let rate = cost.metrics.writes() / writing.as_secs_f64();
    let figure = |measure, value, unit| Figure::new("M7", "start, nothing generated yet", measure, routes, value, unit);
    let best = rig.ceiling.writes_per_second;
    figure("writes", rate, "1/s").aim(SHARE_MIN * best).calibrated(best).tell();
    figure("ready", ready.as_secs_f64(), "s").tell();
    cost.tell_requests("M7", "start, nothing generated yet", routes, None);
    let of = cost.tell_processor_time("M7", "start, nothing generated yet", "processor time per route", routes, routes);
    of.tell();
    let (now, peak) = (memory(&controller), mebibytes(controller.peak_memory()));
    let figure = |measure, value, unit| Figure::new("M9", "all routes, settled", measure, routes, value, unit);
    figure("Pss", now, "MiB").tell();
    let per_thousand = (now - base) * 1e3 / f64::from(routes);
    figure("Pss per 1,000 routes", per_thousand, "MiB").aim(PER_THOUSAND_MAX).tell();
    figure("peak over Pss", peak / now, "×").aim(PEAK_MAX).tell();
    Ok(controller)
}

/// Killed and started again: everything is right already.
pub(super) async fn warm(rig: &Rig, controller: Controller, silence: Duration) -> Result<Controller, Trouble> {
    let routes = rig.shape.routes;
    let log = rig.place.audit().map(|audit| audit.mark()).transpose()?;
    drop(controller);
    let mut controller = rig.start()?;
    let ready = controller.ready()?;
    let spent = controller.processor_time();
    tokio::time::sleep(silence).await;
    let case = "start, everything right already";
    let figure = |measure, value, unit| Figure::new("M7", case, measure, routes, value, unit);
    let per_thousand = spent.as_secs_f64() * 1e6 / f64::from(routes);
    figure("processor time per 1,000 routes", per_thousand, "ms").aim(WARM_MAX).tell();
    figure("ready", ready.as_secs_f64(), "s").aim(READY_MAX).tell();
    tell_silence(rig, &controller, "killed and started again", log)?;
    Ok(controller)
}

/// The API server goes and comes back, where it is ours.
pub(super) async fn outage(rig: &Rig, controller: &Controller, silence: Duration) -> Result<(), Trouble> {
    let Some(server) = rig.place.server() else { return Ok(()) };
    let log = rig.place.audit().map(|audit| audit.mark()).transpose()?;
    tokio::task::block_in_place(|| server.restart())?;
    tokio::time::sleep(silence).await;
    tell_silence(rig, controller, "API server started again", log)
}

/// Whatever was written although nothing had to be.
fn tell_silence(
    rig: &Rig,
    controller: &Controller,
    case: &str,
    log: Option<kit::apiserver::Mark>,
) -> Result<(), Trouble> {
    let logged =
        rig.place.audit().zip(log).map(|(audit, mark)| audit.since(mark).writes_of(kit::apiserver::User::Deltagate));
    // Without the log there is what the controller counted since its start.
    let writes = match logged.transpose()? {
        // A count of requests is far below the 2^52 that a float can hold.
        #[allow(clippy::cast_precision_loss)]
        Some(writes) => writes.len() as f64,
        None => controller.metrics().writes(),
    };
    Figure::new("M8", case, "requests that write", rig.shape.routes, writes, "").aim(0.0).tell();
    Ok(())
}
