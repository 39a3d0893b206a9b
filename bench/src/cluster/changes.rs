//! M1: what the controller asks of the API server for one change of a user.

use std::future::Future;

use serde_json::{Value, json};

use super::controller::Controller;
use super::load::path_of;
use super::observer::says_accepted;
use super::rig::{Rig, SEEN_MAX};
use super::trouble::Trouble;
use crate::objects::{CLASS, HOT, Route, gateway, service};
use crate::record::Figure;

const NAMESPACE: &str = "measured-0";
const EXTRA: &str = "extra";

/// One of the changes: what it is called, the writes that the specification forces, and events of the user's own.
struct Change {
    case: &'static str,
    forced: f64,
    own: u64,
}

const fn change(case: &'static str, forced: f64, own: u64) -> Change {
    Change { case, forced, own }
}

fn extra(path: &str, service: &str) -> Value {
    Route { namespace: NAMESPACE, name: EXTRA, gateway: HOT, path, backend: (NAMESPACE, service) }.object()
}

/// All changes, with so many routes around.
pub(super) async fn measure(rig: &Rig, controller: &Controller, routes: u32) -> Result<(), Trouble> {
    let load = &rig.load;
    let route = path_of(&extra("/", "app-0"));
    one(rig, controller, routes, change("a: route added", 3.0, 1), load.apply(&extra("/", "app-0"))).await?;
    rig.observer.until(("httproutes", "measured-0/extra"), SEEN_MAX, |route| says_accepted(route, "True")).await?;
    one(rig, controller, routes, change("b: rule edited", 2.0, 1), load.apply(&extra("/b", "app-0"))).await?;
    load.apply(&extra("/b", "late")).await?;
    rig.settle(controller).await?;
    let late = service(NAMESPACE, "late", 80);
    one(rig, controller, routes, change("d: missing Service created", 2.0, 0), load.apply(&late)).await?;
    let named = gateway(HOT, CLASS, Some("*.example.com"), None);
    let case = "e: listener hostname edited, nothing detached";
    one(rig, controller, routes, change(case, 2.0, 1), load.apply(&named)).await?;
    let note = json!({"metadata": {"annotations": {"example.com/note": format!("with {routes} routes")}}});
    one(rig, controller, routes, change("f: annotation on a route", 0.0, 1), load.merge(&route, &note)).await?;
    one(rig, controller, routes, change("g: pod replaced", 0.0, 0), replace_pod(rig)).await?;
    one(rig, controller, routes, change("c: route deleted", 2.0, 1), load.delete(&route)).await?;
    load.delete(&path_of(&late)).await?;
    load.apply(&gateway(HOT, CLASS, None, None)).await?;
    rig.settle(controller).await.map(drop)
}

/// Makes one change, waits until its consequences are written, and counts them.
async fn one<T>(
    rig: &Rig,
    controller: &Controller,
    routes: u32,
    change: Change,
    act: impl Future<Output = Result<T, Trouble>>,
) -> Result<(), Trouble> {
    let mark = rig.mark(controller)?;
    act.await?;
    rig.settle(controller).await?;
    let cost = rig.cost(controller, &mark)?;
    cost.tell_requests("M1", change.case, routes, Some(change.forced));
    // A count of events is far below the 2^52 that a float can hold.
    #[allow(clippy::cast_precision_loss)]
    let changed = cost.events.saturating_sub(change.own) as f64;
    Figure::new("M1", change.case, "objects changed", routes, changed, "").aim(change.forced).tell();
    Ok(())
}

/// A pod goes and another one comes, as in a rollout.
async fn replace_pod(rig: &Rig) -> Result<(), Trouble> {
    let pod = |name: &str| {
        let containers = json!([{"name": "main", "image": "example.com/none"}]);
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": NAMESPACE, "name": name},
               "spec": {"containers": containers, "terminationGracePeriodSeconds": 0}})
    };
    for name in ["pod-0", "pod-1"] {
        rig.load.apply(&pod(name)).await?;
        rig.load.delete(&path_of(&pod(name))).await?;
    }
    Ok(())
}
