//! The cluster as a source: one watch per served kind, decoded into facts and dropped.

mod client;
mod discovery;
mod patience;
mod requests;
mod stream;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use kube::Client;
use tokio::sync::watch::{Receiver, Sender};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use client::{ConnectError, client, connect};
pub use requests::{RequestLabels, Requests};

use crate::causes::chain;
use crate::observations::kinds::Collection;
use crate::observations::{Feed, Standing, WATCHED};
use discovery::{Definitions, Found, Unanswered};
use stream::Stream;

/// Pause between two looks at discovery where the definitions are followed as well.
const LOOK_SELDOM: Duration = Duration::from_secs(30);

/// Pause between two looks where nothing else tells that a kind appeared.
const LOOK_OFTEN: Duration = Duration::from_secs(3);

/// Pause between two looks while something is changing: discovery lags behind the definitions.
const LOOK_SOON: Duration = Duration::from_millis(1_100);

/// How long something counts as changing.
const CHANGING: Duration = Duration::from_secs(10);

/// How long every look must miss a kind that was read before it counts as not served. To believe it wrongly would mean to
/// delete what depends on it, and who removes a kind can wait.
const ABSENT: Duration = Duration::from_secs(10);

/// The same of a kind that was never read: nothing of it is known to be there, and the start waits for it.
const ABSENT_AT_FIRST: Duration = Duration::from_secs(1);

/// Watches all kinds of the table until `stop` says true (or is dropped).
pub async fn watch(client: Client, feed: Arc<Feed>, mut stop: Receiver<bool>) {
    let definitions = Arc::new(Definitions::default());
    let mut source = Source::new(client.clone(), feed, Arc::clone(&definitions));
    let follower = tokio::spawn(Arc::clone(&definitions).follow(client));
    let mut changing_until = Instant::now() + CHANGING;
    loop {
        let found = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            found = source.look() => found,
        };
        let settled = source.follow(found).await;
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

/// A kind that the last looks have missed.
struct Missed {
    since: Instant,
    /// It counts as not served.
    absent: bool,
}

/// Whether a kind that was missed for so long counts as not served.
fn is_absent(missed_for: Duration, was_read: bool) -> bool {
    missed_for >= if was_read { ABSENT } else { ABSENT_AT_FIRST }
}

/// The streams that are open, and the kinds that have none.
struct Source {
    client: Client,
    feed: Arc<Feed>,
    definitions: Arc<Definitions>,
    streams: BTreeMap<Collection, Open>,
    missed: BTreeMap<Collection, Missed>,
    failing: bool,
}

impl Source {
    fn new(client: Client, feed: Arc<Feed>, definitions: Arc<Definitions>) -> Self {
        for watched in WATCHED {
            feed.health().set(watched.collection, Standing::Starting, None);
        }
        Self { client, feed, definitions, streams: BTreeMap::new(), missed: BTreeMap::new(), failing: false }
    }

    /// Looks what is served.
    async fn look(&self) -> Result<Vec<(Collection, Found)>, Unanswered> {
        let served = discovery::served(&self.client).await?;
        let found = WATCHED.iter().map(async |watched| {
            let of = watched.collection;
            let found = match served.get(&of) {
                Some(version) => Found::Served(version),
                None if self.counts_as_absent(of) => Found::Missing,
                None => {
                    let last = self.streams.get(&of).map(|open| open.version);
                    discovery::ask(&self.client, self.feed.settings(), watched, last).await
                }
            };
            (of, found)
        });
        Ok(join_all(found).await)
    }

    /// Opens and closes streams. False if it has to be looked again soon.
    async fn follow(&mut self, found: Result<Vec<(Collection, Found)>, Unanswered>) -> bool {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                self.missed.retain(|_, missed| missed.absent);
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
        for (of, found) in found {
            match found.of_kind(self.feed.is_complete(of)) {
                Found::Served(version) | Found::Forbidden(version) => self.open(of, version).await,
                Found::Missing => settled &= self.close(of).await,
                Found::Unclear => {
                    self.missed.remove(&of);
                    settled = false;
                }
            }
        }
        settled
    }

    async fn open(&mut self, of: Collection, version: &'static str) {
        let was_missed = self.missed.remove(&of).is_some();
        self.feed.serves(of.kind, version);
        if let Some(open) = self.streams.remove(&of) {
            // A stream whose kind was away waits longer and longer for it.
            if open.version == version && !open.task.is_finished() && !was_missed {
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

    fn counts_as_absent(&self, of: Collection) -> bool {
        self.missed.get(&of).is_some_and(|missed| missed.absent)
    }

    /// True once the kind counts as not served.
    async fn close(&mut self, of: Collection) -> bool {
        let since = Instant::now();
        let missed = self.missed.entry(of).or_insert(Missed { since, absent: false });
        if missed.absent || !is_absent(missed.since.elapsed(), self.feed.is_complete(of)) {
            return missed.absent;
        }
        missed.absent = true;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Event;
    use testing::{Answer, Server};

    #[tokio::test(start_paused = true)]
    async fn an_api_server_that_does_not_answer_is_asked_again_and_does_not_hold_the_end_up() {
        let (server, (feed, _events)) = (Server::new(|_, _| Answer::Nothing), testing::feed());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let begun = Instant::now();
        let watching = tokio::spawn(watch(server.client(), feed, stopped));
        // Discovery and the definitions, each of them twice.
        let asked = server.asked(4).await;
        let count = |part: &str| asked.iter().filter(|path| path.contains(part)).count();
        let definitions = count("/customresourcedefinitions");
        assert_eq!((asked.len() - definitions, definitions), (2, 2), "{asked:?}");
        assert!(begun.elapsed() < Duration::from_secs(70), "{:?}", begun.elapsed());
        stop.send(true).unwrap();
        let ended = Instant::now();
        watching.await.unwrap();
        assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_kind_that_is_neither_listed_nor_permitted_holds_nothing_up() {
        let nothing = |path: &str, _| match path.split_once('?') {
            None => Answer::Whole(r#"{"resources": []}"#.to_owned()),
            Some(_) => Answer::Refused(403),
        };
        let (server, (feed, events)) = (Server::new(nothing), testing::feed());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let watching = tokio::spawn(watch(server.client(), feed, stopped));
        let begun = Instant::now();
        let mut complete = std::collections::BTreeSet::new();
        while complete.len() < WATCHED.len() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{complete:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
            complete.extend(events.try_iter().filter_map(|event| match event {
                Event::Complete { input } => Some(input),
                _ => None,
            }));
        }
        stop.send(true).unwrap();
        watching.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn definitions_that_say_nothing_are_followed_anew() {
        let server = Server::new(|_, _| Answer::Open(Vec::new()));
        let definitions = Arc::new(Definitions::default());
        let following = tokio::spawn(Arc::clone(&definitions).follow(server.client()));
        let asked = server.asked(2).await;
        assert!(asked[1].contains("allowWatchBookmarks=true"), "{asked:?}");
        following.abort();
    }

    #[test]
    fn a_kind_that_was_read_is_missed_for_longer_before_it_counts_as_gone() {
        for (was_read, seconds, absent) in
            [(false, 0, false), (false, 1, true), (true, 1, false), (true, 9, false), (true, 10, true)]
        {
            assert_eq!(is_absent(Duration::from_secs(seconds), was_read), absent, "{was_read} {seconds}");
        }
    }
}
