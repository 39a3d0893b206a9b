//! What this machine and its API server can do, before the controller is there to ask anything.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use serde_json::{Value, json};

use super::load::{Load, path_of};
use super::observer::Observer;
use super::place::Place;
use super::rig::SEEN_MAX;
use super::trouble::Trouble;
use crate::objects::{GATEWAY_API, Route, namespace};
use crate::record::Figure;
use crate::statistics::Percentiles;

/// The namespace of the routes that are written.
const NAMESPACE: &str = "calibration";
/// How many of them there are.
const ROUTES: u32 = 200;
/// Writes at once.
const AT_ONCE: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Bytes that etcd appends for one object.
const APPENDED: usize = 2_300;

/// What figures are held against.
#[derive(Clone, Copy)]
pub(crate) struct Ceiling {
    /// Status writes by server-side apply per second, at the concurrency that gives most.
    pub(super) writes_per_second: f64,
    /// One such write alone.
    pub(super) round_trip: Duration,
    /// From its sending until a watcher has it.
    pub(super) seen: Duration,
}

impl Ceiling {
    /// From the answer to a user's write until a watcher can have the status that follows from it, if deciding took no
    /// time: one hop to the controller, and a write that is seen.
    pub(super) fn convergence(self) -> Duration {
        self.seen + self.seen.saturating_sub(self.round_trip)
    }
}

/// Measures and tells it.
pub(super) async fn calibrate(place: &Place, load: &Load, observer: &Observer) -> Result<Ceiling, Trouble> {
    fsync(place);
    load.apply(&namespace(NAMESPACE, "blue")).await?;
    let routes: Vec<Value> = (0..ROUTES).map(route).collect();
    load.apply_all(routes.iter().cloned(), 8).await?;
    let (round_trip, seen) = hop(load, observer, &routes).await?;
    let mut best = 0.0_f64;
    for at_once in AT_ONCE {
        let (rate, median) = apply_rate(load, &routes, at_once).await?;
        best = best.max(rate);
        let case = format!("status by server-side apply, {at_once} at once");
        Figure::new("calibration", &case, "writes", ROUTES, rate, "1/s").tell();
        Figure::new("calibration", &case, "round trip p50", ROUTES, median.as_secs_f64() * 1e3, "ms").tell();
    }
    let rate = put_rate(load, &routes).await?;
    Figure::new("calibration", "status by PUT, 8 at once", "writes", ROUTES, rate, "1/s").tell();
    load.delete_all(routes.iter().map(path_of), 32).await?;
    Ok(Ceiling { writes_per_second: best, round_trip, seen })
}

/// How long the disk takes for what etcd appends per write.
fn fsync(place: &Place) {
    let path = place.folder().join("fsync");
    let times = || {
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        let append = |_| {
            let begin = Instant::now();
            file.write_all(&[0; APPENDED])?;
            file.sync_data()?;
            Ok(begin.elapsed())
        };
        (0..200).map(append).collect::<std::io::Result<Vec<_>>>()
    };
    if let Ok(times) = times() {
        let times = Percentiles::of(times);
        times.figures("calibration", "append and fdatasync", "2.3 KB", 0).into_iter().for_each(Figure::tell);
    }
    // Left over, it is a few hundred KB in a folder that goes.
    let _ = std::fs::remove_file(path);
}

fn route(index: u32) -> Value {
    let name = format!("calibration-{index}");
    let backend = (NAMESPACE, name.as_str());
    Route { namespace: NAMESPACE, name: &name, gateway: "nobody", path: "/", backend }.object()
}

/// A status as a controller writes it; each turn says something else.
fn status(route: &Value, turn: usize) -> Value {
    let condition = json!({
        "type": "Accepted", "status": "True", "reason": "Accepted", "message": format!("turn {turn}"),
        "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let parent = json!({
        "controllerName": "example.com/calibration", "parentRef": route["spec"]["parentRefs"][0],
        "conditions": [condition],
    });
    json!({"parents": [parent]})
}

async fn apply_status(load: &Load, route: &Value, turn: usize) -> Result<Duration, Trouble> {
    let path = format!("{}/status?fieldManager=calibration&force=true", path_of(route));
    let metadata = json!({"namespace": NAMESPACE, "name": route["metadata"]["name"]});
    let body =
        json!({"apiVersion": GATEWAY_API, "kind": "HTTPRoute", "metadata": metadata, "status": status(route, turn)});
    let begin = Instant::now();
    load.send(Method::PATCH, "application/apply-patch+yaml", &path, &body).await?;
    Ok(begin.elapsed())
}

/// One write alone: until its answer, and until a watcher has it.
async fn hop(load: &Load, observer: &Observer, routes: &[Value]) -> Result<(Duration, Duration), Trouble> {
    let (mut round_trips, mut seen) = (Vec::new(), Vec::new());
    for route in routes {
        let begin = Instant::now();
        round_trips.push(apply_status(load, route, 0).await?);
        let name = format!("{NAMESPACE}/{}", route["metadata"]["name"].as_str().unwrap_or_default());
        let shows = |object: &Value| object.pointer("/status/parents/0").is_some();
        let at = observer.until(("httproutes", &name), SEEN_MAX, shows).await?;
        seen.push(at.saturating_duration_since(begin));
    }
    let (round_trips, seen) = (Percentiles::of(round_trips), Percentiles::of(seen));
    let case = "one status by server-side apply";
    for (times, measure) in [(&round_trips, "until the answer"), (&seen, "until a watcher has it")] {
        times.figures("calibration", case, measure, ROUTES).into_iter().for_each(Figure::tell);
    }
    Ok((round_trips.at(500), seen.at(500)))
}

async fn apply_rate(load: &Load, routes: &[Value], at_once: usize) -> Result<(f64, Duration), Trouble> {
    let begin = Instant::now();
    let written = stream::iter(routes).map(|route| apply_status(load, route, at_once)).buffer_unordered(at_once);
    let times: Vec<Duration> = written.try_collect().await?;
    Ok((f64::from(ROUTES) / begin.elapsed().as_secs_f64(), Percentiles::of(times).at(500)))
}

async fn put_rate(load: &Load, routes: &[Value]) -> Result<f64, Trouble> {
    let path = |route: &Value| path_of(route);
    let current = stream::iter(routes).map(|route| async move { load.get(&path(route)).await });
    let current: Vec<Value> = current.buffered(8).try_collect().await?;
    let begin = Instant::now();
    let written = stream::iter(&current).map(|route| async move {
        let mut body = route.clone();
        body["status"] = status(route, 1_000);
        load.send(Method::PUT, "application/json", &format!("{}/status", path_of(route)), &body).await
    });
    let _: Vec<Value> = written.buffer_unordered(8).try_collect().await?;
    Ok(f64::from(ROUTES) / begin.elapsed().as_secs_f64())
}
