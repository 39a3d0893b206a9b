//! M11: what the controller spends on what is none of its business.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use serde_json::{Value, json};

use super::controller::Controller;
use super::load::path_of;
use super::rig::Rig;
use super::start::memory;
use super::trouble::Trouble;
use crate::objects::{GATEWAY_API, Route, class, gateway};
use crate::record::Figure;

/// The class of another controller.
const OTHER: &str = "other";
const CONTROLLER: &str = "example.com/other";
const NAMESPACE: &str = "measured-0";

/// Microseconds of processor time per event that we aim for.
const PER_EVENT_MAX: f64 = 20.0;
/// KiB per foreign route that we aim for.
const RETAINED_MAX: f64 = 0.3;

/// Requests of the others at once.
const AT_ONCE: usize = 16;

fn routes(count: u32) -> impl Iterator<Item = Value> {
    (0..count).map(|number| {
        let name = format!("other-{number}");
        Route { namespace: NAMESPACE, name: &name, gateway: OTHER, path: "/", backend: (NAMESPACE, "app-0") }.object()
    })
}

pub(super) async fn measure(rig: &Rig, controller: &Controller, count: u32) -> Result<(), Trouble> {
    let load = &rig.load;
    load.apply(&class(OTHER, CONTROLLER)).await?;
    load.apply(&gateway(OTHER, OTHER, None, None)).await?;
    rig.settle(controller).await?;
    let before = memory(controller);
    let made = async { load.apply_all(routes(count), AT_ONCE).await.map(drop) };
    measure_one(rig, controller, "routes of another controller made", count, made).await?;
    let retained = (memory(controller) - before) * 1024.0 / f64::from(count);
    let case = "routes of another controller";
    Figure::new("M11", case, "memory per route", count, retained, "KiB").aim(RETAINED_MAX).tell();
    measure_one(rig, controller, "statuses of another controller on its routes", count, statuses(rig, count)).await?;
    let secrets = async { load.apply_all((0..count).map(secret), AT_ONCE).await.map(drop) };
    measure_one(rig, controller, "Secrets that are no certificates made", count, secrets).await?;
    load.delete_all(routes(count).map(|route| path_of(&route)), AT_ONCE).await?;
    load.delete_all((0..count).map(|number| path_of(&secret(number))), AT_ONCE).await?;
    load.delete(&path_of(&gateway(OTHER, OTHER, None, None))).await?;
    load.delete(&path_of(&class(OTHER, CONTROLLER))).await?;
    rig.settle(controller).await.map(drop)
}

async fn measure_one(
    rig: &Rig,
    controller: &Controller,
    case: &str,
    events: u32,
    act: impl Future<Output = Result<(), Trouble>>,
) -> Result<(), Trouble> {
    let mark = rig.mark(controller)?;
    act.await?;
    // Whatever there is to do is done within this.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cost = rig.cost(controller, &mark)?;
    let micros = cost.processor_time.as_secs_f64() * 1e6 / f64::from(events);
    Figure::new("M11", case, "processor time per event", events, micros, "µs").aim(PER_EVENT_MAX).tell();
    Figure::new("M11", case, "requests that write", events, cost.metrics.writes(), "").aim(0.0).tell();
    Ok(())
}

/// The other controller answers its routes.
async fn statuses(rig: &Rig, count: u32) -> Result<(), Trouble> {
    let written = stream::iter(routes(count)).map(|route| async move {
        let condition = json!({
            "type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        let parent = json!({
            "controllerName": CONTROLLER, "parentRef": route["spec"]["parentRefs"][0], "conditions": [condition],
        });
        let metadata = json!({"namespace": NAMESPACE, "name": route["metadata"]["name"]});
        let body = json!({"apiVersion": GATEWAY_API, "kind": "HTTPRoute", "metadata": metadata, "status": {"parents": [parent]}});
        let path = format!("{}/status?fieldManager=other&force=true", path_of(&route));
        rig.load.send(Method::PATCH, "application/apply-patch+yaml", &path, &body).await.map(drop)
    });
    written.buffer_unordered(AT_ONCE).try_collect().await
}

/// Five KiB that nobody should read.
fn secret(number: u32) -> Value {
    let name = format!("other-{number}");
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": NAMESPACE, "name": name},
           "stringData": {"value": "x".repeat(5 << 10)}})
}
