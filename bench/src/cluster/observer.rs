//! What an independent watcher sees, and when: the other end of every latency.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use kube::Client;
use kube::core::WatchEvent;
use serde_json::Value;
use tokio::sync::watch;

use super::trouble::Trouble;
use crate::objects::{GATEWAY_API, KUMA};

/// What is watched: all kinds that the controller writes.
const COLLECTIONS: [(&str, &str); 6] = [
    (GATEWAY_API, "gatewayclasses"),
    (GATEWAY_API, "gateways"),
    (GATEWAY_API, "httproutes"),
    (KUMA, "meshgateways"),
    (KUMA, "meshgatewayinstances"),
    (KUMA, "meshhttproutes"),
];

/// The annotation that names whom a generated object was made for.
const OWNER: &str = "deltagate.io/owner";

/// An object as it was last seen.
#[derive(Clone)]
pub(crate) struct Sight {
    pub(crate) at: Instant,
    /// Null once it is gone.
    pub(crate) object: Value,
}

#[derive(Default)]
struct State {
    /// By plural and `namespace/name`; generated routes by whom they were made for instead.
    seen: HashMap<(&'static str, String), Sight>,
    /// Events per plural.
    events: HashMap<&'static str, u64>,
    /// What the first listeners of Gateways counted, by `namespace/name`.
    counts: HashMap<String, Vec<(Instant, i64)>>,
}

/// Follows the kinds from its start to its end.
#[derive(Clone)]
pub(crate) struct Observer {
    state: Arc<Mutex<State>>,
    news: watch::Receiver<()>,
}

impl Observer {
    pub(crate) fn start(client: &Client) -> Self {
        let (sender, news) = watch::channel(());
        let (sender, state) = (Arc::new(sender), Arc::<Mutex<State>>::default());
        for (version, plural) in COLLECTIONS {
            let (client, state, sender) = (client.clone(), Arc::clone(&state), Arc::clone(&sender));
            tokio::spawn(async move {
                // The API server ends watches now and then; all of it again is as good as what was missed.
                loop {
                    let _ = follow(&client, version, plural, &state, &sender).await;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
        }
        Self { state, news }
    }

    /// Waits until an object shows something, and says when that was first seen.
    pub(crate) async fn until(
        &self,
        (plural, name): (&'static str, &str),
        limit: Duration,
        mut shows: impl FnMut(&Value) -> bool,
    ) -> Result<Instant, Trouble> {
        let (mut news, key) = (self.news.clone(), (plural, name.to_owned()));
        let shown = async {
            loop {
                let sight = self.lock().seen.get(&key).cloned();
                if let Some(sight) = sight.filter(|sight| shows(&sight.object)) {
                    return sight.at;
                }
                if news.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let what = || format!("{plural} {name} does not show what is waited for");
        tokio::time::timeout(limit, shown).await.map_err(|_| Trouble::Late { what: what(), limit })
    }

    /// Events so far in the kinds that the controller writes.
    pub(crate) fn events(&self) -> u64 {
        self.lock().events.values().sum()
    }

    /// What the first listener of a Gateway has counted since.
    pub(crate) fn counts(&self, gateway: &str, since: Instant) -> Vec<(Instant, i64)> {
        let counts = self.lock().counts.get(gateway).cloned().unwrap_or_default();
        counts.into_iter().filter(|(at, _)| *at >= since).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follow(
    client: &Client,
    version: &str,
    plural: &'static str,
    state: &Mutex<State>,
    news: &watch::Sender<()>,
) -> Result<(), kube::Error> {
    let path = format!("/apis/{version}/{plural}?watch=true&timeoutSeconds=3600");
    let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    let events = client.request_events::<Value>(request).await?;
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.try_next().await? {
        let at = Instant::now();
        let (object, gone) = match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
            WatchEvent::Deleted(object) => (object, true),
            WatchEvent::Bookmark(_) => continue,
            WatchEvent::Error(_) => return Ok(()),
        };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        *state.events.entry(plural).or_default() += 1;
        let name = name(plural, &object);
        if let Some(count) = object.pointer("/status/listeners/0/attachedRoutes").and_then(Value::as_i64) {
            state.counts.entry(name.clone()).or_default().push((at, count));
        }
        state.seen.insert((plural, name), Sight { at, object: if gone { Value::Null } else { object } });
        drop(state);
        news.send_replace(());
    }
    Ok(())
}

fn name(plural: &str, object: &Value) -> String {
    let metadata = &object["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match metadata["annotations"][OWNER].as_str() {
        Some(owner) if plural == "meshhttproutes" => owner.to_owned(),
        _ => format!("{}/{}", text(&metadata["namespace"]), text(&metadata["name"])),
    }
}

/// Whether some entry of a route says Accepted with this status at the generation of the route.
pub(crate) fn says_accepted(route: &Value, status: &str) -> bool {
    let parents = route.pointer("/status/parents").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    parents.iter().any(|entry| {
        let conditions = entry["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        conditions.iter().any(|condition| {
            condition["type"] == "Accepted"
                && condition["status"] == status
                && condition["observedGeneration"] == route["metadata"]["generation"]
        })
    })
}
