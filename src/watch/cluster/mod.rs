//! The cluster as a source: one watch per served kind, decoded into facts and dropped.

mod client;
mod discovery;
mod requests;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::Client;
use tokio::sync::watch::{Receiver, Sender};
use tokio::task::JoinHandle;

pub use client::{ConnectError, client, connect};
pub use requests::{RequestLabels, Requests};

use crate::causes::chain;
use crate::observations::kinds::Collection;
use crate::observations::{Feed, Standing, WATCHED};
use discovery::Definitions;
use stream::Stream;

/// Pause between two looks at discovery where the definitions are followed as well.
const LOOK_SELDOM: Duration = Duration::from_secs(30);

/// Pause between two looks where nothing else tells that a kind appeared.
const LOOK_OFTEN: Duration = Duration::from_secs(3);

/// Pause between two looks while something is changing: discovery lags behind the definitions.
const LOOK_SOON: Duration = Duration::from_millis(1_100);

/// How long something counts as changing.
const CHANGING: Duration = Duration::from_secs(10);

/// How long every look must miss a kind before it counts as not served. An API server that starts has answered 404 for
/// kinds that it was about to serve, and to believe it would mean to delete what depends on them.
const ABSENT: Duration = Duration::from_secs(1);

/// Watches all kinds of the table until `stop` says true (or is dropped).
pub async fn watch(client: Client, feed: Arc<Feed>, mut stop: Receiver<bool>) {
    let definitions = Arc::new(Definitions::default());
    let mut source = Source::new(client.clone(), feed, Arc::clone(&definitions));
    let follower = tokio::spawn(Arc::clone(&definitions).follow(client));
    let mut changing_until = Instant::now() + CHANGING;
    loop {
        let settled = source.look().await;
        let pause = if !settled || Instant::now() < changing_until {
            LOOK_SOON
        } else if definitions.followed() {
            LOOK_SELDOM
        } else {
            LOOK_OFTEN
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = definitions.changed() => changing_until = Instant::now() + CHANGING,
            () = tokio::time::sleep(pause) => {}
        }
    }
    follower.abort();
    for (_, open) in std::mem::take(&mut source.streams) {
        open.end().await;
    }
}

/// A stream that is open.
struct Open {
    version: &'static str,
    stop: Sender<()>,
    task: JoinHandle<()>,
}

impl Open {
    /// Ends the stream and waits until it has: nothing of it comes afterwards.
    async fn end(self) {
        drop(self.stop);
        let _ = self.task.await;
    }
}

/// The streams that are open, and the kinds that have none.
struct Source {
    client: Client,
    feed: Arc<Feed>,
    definitions: Arc<Definitions>,
    streams: BTreeMap<Collection, Open>,
    /// Since when discovery misses a kind, and whether it counts as not served.
    missed: BTreeMap<Collection, (Instant, bool)>,
    failing: bool,
}

impl Source {
    fn new(client: Client, feed: Arc<Feed>, definitions: Arc<Definitions>) -> Self {
        for watched in WATCHED {
            feed.health().set(watched.collection, Standing::Starting, None);
        }
        Self { client, feed, definitions, streams: BTreeMap::new(), missed: BTreeMap::new(), failing: false }
    }

    /// Looks at discovery and opens and closes streams. False if it has to be looked at again soon.
    async fn look(&mut self) -> bool {
        let served = match discovery::served(&self.client).await {
            Ok(served) => served,
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(reason = %chain(&error), "the API server does not say what it serves; asking again");
                }
                return false;
            }
        };
        if std::mem::take(&mut self.failing) {
            tracing::info!("the API server says again what it serves");
        }
        let mut settled = true;
        for watched in WATCHED {
            match served.get(&watched.collection) {
                Some(version) => self.open(watched.collection, version).await,
                None => settled &= self.close(watched.collection).await,
            }
        }
        settled && self.streams.len() == served.len()
    }

    async fn open(&mut self, of: Collection, version: &'static str) {
        self.missed.remove(&of);
        self.feed.serves(of.kind, version);
        if let Some(open) = self.streams.remove(&of) {
            if open.version == version && !open.task.is_finished() {
                self.streams.insert(of, open);
                return;
            }
            open.end().await;
        }
        tracing::debug!(input = of.name(), version, "watching");
        let (stop, stopped) = tokio::sync::watch::channel(());
        let (client, feed, definitions) = (self.client.clone(), Arc::clone(&self.feed), Arc::clone(&self.definitions));
        let stream = Stream::new(client, feed, definitions, (of, version), stopped);
        self.streams.insert(of, Open { version, stop, task: tokio::spawn(stream.follow()) });
    }

    /// True once the kind counts as not served.
    async fn close(&mut self, of: Collection) -> bool {
        let (since, absent) = self.missed.entry(of).or_insert_with(|| (Instant::now(), false));
        if *absent || since.elapsed() < ABSENT {
            return *absent;
        }
        *absent = true;
        if let Some(open) = self.streams.remove(&of) {
            open.end().await;
            tracing::info!(input = of.name(), "no longer served; its objects count as gone");
        }
        self.feed.withdrawn(of).await;
        self.feed.health().set(of, Standing::NotServed, None);
        self.feed.complete(of).await;
        true
    }
}
