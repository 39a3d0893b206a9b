//! A stand-in for all nodes: it says of every Pod that it runs and is ready. Nothing runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::{Requests, place};

/// Time between two looks.
const POLL: Duration = Duration::from_millis(200);

/// The one node.
const NODE: &str = "node";

/// A loop that ends with the value.
pub(crate) struct Loop {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Loop {
    /// Does one thing again and again. What fails, because somebody changed or deleted the object meanwhile, is done
    /// again at the next look.
    pub(crate) fn start(mut look: impl FnMut() -> Result<(), String> + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let run = move || {
            while !stopped.load(Ordering::Relaxed) {
                let _ = look();
                thread::sleep(POLL);
            }
        };
        Self { stop, thread: Some(thread::spawn(run)) }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said why.
            let _ = thread.join();
        }
    }
}

/// The stand-in while it works.
pub(crate) struct Kubelet {
    _loop: Loop,
}

impl Kubelet {
    pub(crate) fn start(requests: Requests) -> Self {
        let mut started = 0_u32;
        Self {
            _loop: Loop::start(move || {
                for pod in requests.list("/api/v1/pods")? {
                    tend(&requests, &pod, &mut started)?;
                }
                Ok(())
            }),
        }
    }
}

fn tend(requests: &Requests, pod: &Value, started: &mut u32) -> Result<(), String> {
    let (namespace, name) = place(pod);
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        return requests.delete_now(&path).map(drop);
    }
    if pod["spec"]["nodeName"].is_null() {
        requests.create(&format!("{path}/binding"), &binding(&name))?;
    }
    if !is_ready(pod) {
        *started += 1;
        requests.merge(&format!("{path}/status"), &ready(*started))?;
    }
    Ok(())
}

fn binding(pod: &str) -> Value {
    let target = json!({"apiVersion": "v1", "kind": "Node", "name": NODE});
    json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod}, "target": target})
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    conditions.is_some_and(|conditions| conditions.iter().any(ready))
}

/// Pods have addresses of a range that nobody routes: endpoints must not be loopback addresses.
fn ready(number: u32) -> Value {
    let address = format!("10.250.{}.{}", number / 250 % 250, number % 250 + 1);
    json!({"status": {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    }})
}
