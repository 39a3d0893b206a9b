//! M6: what the controller spends on a change while changes come steadily.

use std::time::Duration;

use super::controller::Controller;
use super::rig::Rig;
use super::trouble::Trouble;

/// Twenty edits per second: enough to rise above what the kernel can tell apart.
const PACE: Duration = Duration::from_millis(50);

/// Processor time per edit that we aim for, in milliseconds.
const PER_EDIT_MAX: f64 = 1.0;

pub(super) async fn measure(rig: &Rig, controller: &Controller, seconds: u32) -> Result<(), Trouble> {
    let (edits, routes) = (seconds * 20, rig.shape.routes);
    rig.settle(controller).await?;
    let mark = rig.mark(controller)?;
    let mut ticks = tokio::time::interval(PACE);
    for turn in 0..edits {
        ticks.tick().await;
        rig.load.apply(&rig.shape.route(turn.wrapping_mul(7_919) % routes, turn + 1_000)).await?;
    }
    // The last edit is answered within this; looking whether it is would itself cost the controller something.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cost = rig.cost(controller, &mark)?;
    let case = "20 rules edited per second";
    cost.tell_processor_time("M6", case, "processor time per edit", routes, edits).aim(PER_EDIT_MAX).tell();
    cost.tell_requests("M6", case, routes, Some(f64::from(edits * 2)));
    rig.settle(controller).await.map(drop)
}
