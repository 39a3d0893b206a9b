//! One kind: list, follow, and begin again when the thread is lost.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use dataflows::model::{Key, Kind};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use http::Request;
use http::header::ACCEPT;
use kube::Client;
use kube::core::WatchEvent;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::discovery::Definitions;
use super::patience::{SILENCE_MAX, within};
use crate::kubernetes::Document;
use crate::observations::kinds::{Collection, api_version, can_do_without, metadata_is_enough};
use crate::observations::pause::growing;
use crate::observations::{Feed, Origin, Standing};
use crate::vault;
use ended::Ended;

mod ended;
#[cfg(test)]
mod tests;

/// Seconds after which the API server ends a watch by itself. Just under the five minutes that proxies like to allow.
const WATCH_SECONDS: u32 = 290;

/// Objects per page of a list, for API servers without streaming lists.
const PAGE: u32 = 500;

const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// At the longest pause a failure is repeated in the log every so many attempts, about every five minutes.
const REMIND_EVERY: u32 = 10;

/// One collection, followed for ever.
pub(super) struct Stream {
    client: Client,
    feed: Arc<Feed>,
    definitions: Arc<Definitions>,
    collection: Collection,
    version: &'static str,
    resume: Option<String>,
    /// How long the connections that went on from there have told nothing at all.
    silence: Duration,
    /// Whether lists are streamed. Not after the end of one did not come: pages always end.
    streaming: bool,
    /// Whether pages of a list may be used. Not after continue tokens expired twice: the collection is then too large
    /// to be walked within the time that the API server keeps a version.
    pages: bool,
    heard: bool,
    /// Never sends; gone once the stream has to end. It ends between two objects only, so that none is half taken.
    stop: Receiver<()>,
}

impl Stream {
    /// A stream that has not begun. It ends when the other end of `stop` is dropped.
    pub(super) fn new(
        client: Client,
        feed: Arc<Feed>,
        definitions: Arc<Definitions>,
        (collection, version): (Collection, &'static str),
        stop: Receiver<()>,
    ) -> Self {
        let (resume, silence, streaming, pages, heard) = (None, Duration::ZERO, true, true, false);
        Self { client, feed, definitions, collection, version, resume, silence, streaming, pages, heard, stop }
    }

    /// Follows the kind until it is stopped.
    pub(super) async fn follow(mut self) {
        let mut failures = 0;
        loop {
            self.heard = false;
            let begun = Instant::now();
            let Err(ended) = self.session().await else {
                failures = 0;
                continue;
            };
            failures = if self.heard { 0 } else { failures };
            match &ended {
                // A server that hangs up at once is no better than one that fails.
                Ended::Closed if self.heard || begun.elapsed() > PAUSE_MAX => continue,
                Ended::NoStreamingLists => {
                    self.streaming = false;
                    continue;
                }
                Ended::Expired => self.resume = None,
                Ended::NotServed(_) => {
                    self.resume = None;
                    self.definitions.suspect();
                }
                Ended::Closed | Ended::Forbidden { .. } | Ended::Failed(_) => {}
                Ended::Stopped => return,
            }
            failures += 1;
            self.report(&ended, failures);
            if matches!(ended, Ended::Forbidden { .. }) && can_do_without(self.collection.kind) {
                self.feed.unreadable(self.collection).await;
            }
            if self.unless_stopped(tokio::time::sleep(growing(PAUSE_FIRST, PAUSE_MAX, failures))).await.is_err() {
                return;
            }
        }
    }

    fn report(&self, ended: &Ended, failures: u32) {
        let kind = self.collection.kind;
        let growing_still = growing(PAUSE_FIRST, PAUSE_MAX, failures) < PAUSE_MAX;
        let tell = growing_still || failures.is_multiple_of(REMIND_EVERY);
        let standing = match ended {
            Ended::Forbidden { verb, reason } => {
                if can_do_without(kind) {
                    if failures == 1 {
                        tracing::warn!(
                            %kind, verb, %reason,
                            "not permitted to read a kind that only tells which version of Gateway API is installed: classes \
                             say SupportedVersion Unknown until our ClusterRole permits get, list, watch"
                        );
                    }
                } else if tell {
                    let (resource, group) = (kind.plural(), kind.group().name());
                    tracing::error!(
                        %kind, verb, group, resource, %reason,
                        "not permitted to read a kind, so nothing starts and nothing is deleted because of it: add a \
                         rule to our ClusterRole with verbs get, list, watch for this resource of this API group"
                    );
                }
                Standing::Forbidden
            }
            Ended::Closed | Ended::Expired | Ended::Stopped => return,
            _ => {
                if failures > 1 && tell {
                    tracing::warn!(
                        %kind, reason = %ended, failures, "a kind cannot be read; what was known still holds"
                    );
                }
                Standing::Failing
            }
        };
        self.feed.health().set(self.collection, standing, Some(ended.to_string()));
    }

    /// One connection. Ends with the reason, or `Ok` if the next should begin at once.
    async fn session(&mut self) -> Result<(), Ended> {
        if self.resume.is_none() {
            if !self.feed.is_complete(self.collection) {
                self.feed.health().set(self.collection, Standing::Listing, None);
            }
            if !self.streaming {
                let (seen, version) = self.list().await?;
                return self.listed(&seen, version).await;
            }
        }
        let mut relist = self.resume.is_none().then(HashSet::new);
        let events = self.client.request_events::<Document>(self.request(&self.watch_path(), "PartialObjectMetadata")?);
        let events = self.unless_stopped(within(events)).await??.map_err(|error| self.ended(&error, "watch"))?;
        if relist.is_none() {
            self.feed.health().set(self.collection, Standing::Watching, None);
        }
        let opened = Instant::now();
        let ended = self.events(events.boxed(), &mut relist).await;
        match &ended {
            Err(Ended::Closed | Ended::Failed(_)) if relist.is_some() => self.streaming = false,
            _ if self.heard => self.silence = Duration::ZERO,
            _ => self.forget_what_is_silent(opened.elapsed()),
        }
        ended
    }

    /// A version from the future is no error to a server whose cluster was restored from a backup: it says nothing until
    /// it has got there, not even a bookmark. A new list costs little.
    fn forget_what_is_silent(&mut self, silent_for: Duration) {
        self.silence += silent_for;
        if self.silence >= SILENCE_MAX {
            tracing::debug!(input = self.collection.name(), "nothing was heard; listing again");
            self.silence = Duration::ZERO;
            self.resume = None;
        }
    }

    /// Takes events until there are no more.
    async fn events(
        &mut self,
        mut events: BoxStream<'_, Result<WatchEvent<Document>, kube::Error>>,
        relist: &mut Option<HashSet<Key>>,
    ) -> Result<(), Ended> {
        loop {
            let next = tokio::time::timeout(SILENCE_MAX, events.try_next());
            let event = match self.unless_stopped(next).await? {
                Ok(Ok(Some(event))) => event,
                Ok(Err(error)) => return Err(self.ended(&error, "watch")),
                Ok(Ok(None)) | Err(_) => return Err(Ended::Closed),
            };
            self.feed.health().heard(self.collection);
            self.event(event, relist).await?;
        }
    }

    async fn event(&mut self, event: WatchEvent<Document>, relist: &mut Option<HashSet<Key>>) -> Result<(), Ended> {
        match event {
            WatchEvent::Added(Document(mut object)) | WatchEvent::Modified(Document(mut object)) => {
                let origin = if relist.is_some() { Origin::List } else { Origin::Watch };
                let key = self.observed(&mut object, origin).await;
                match relist {
                    Some(seen) => seen.extend(key),
                    None => self.heard_of(&object),
                }
            }
            WatchEvent::Deleted(Document(mut object)) => {
                self.feed.deleted(self.collection.kind, &object).await;
                self.wipe(&mut object);
                if relist.is_none() {
                    self.heard_of(&object);
                }
            }
            WatchEvent::Bookmark(bookmark) => {
                let metadata = bookmark.metadata;
                match relist {
                    Some(seen) if metadata.annotations.contains_key("k8s.io/initial-events-end") => {
                        self.listed(seen, Some(metadata.resource_version)).await?;
                        *relist = None;
                    }
                    Some(_) => {}
                    None => {
                        self.feed.passed_by(self.collection, &metadata.resource_version);
                        self.resume = Some(metadata.resource_version);
                        self.heard = true;
                    }
                }
            }
            WatchEvent::Error(status) => return Err(self.ended(&kube::Error::Api(status), "watch")),
        }
        Ok(())
    }

    /// The list is complete: only now is what it lacks gone.
    async fn listed(&mut self, seen: &HashSet<Key>, version: Option<String>) -> Result<(), Ended> {
        if !self.feed.listed(self.collection, seen, version.as_deref()).await {
            return Err(Ended::Expired);
        }
        let Some(version) = version else { return Err(Ended::Failed("a list without resourceVersion".to_owned())) };
        tracing::debug!(input = self.collection.name(), objects = seen.len(), "listed");
        self.resume = Some(version);
        self.heard = true;
        self.feed.health().set(self.collection, Standing::Watching, None);
        self.feed.complete(self.collection).await;
        Ok(())
    }

    async fn list(&mut self) -> Result<(HashSet<Key>, Option<String>), Ended> {
        let (mut seen, mut next) = (HashSet::new(), None::<String>);
        loop {
            let path = self.list_path(next.as_deref());
            let page = self.client.request::<Page>(self.request(&path, "PartialObjectMetadataList")?);
            let page = match self.unless_stopped(within(page)).await?? {
                Ok(page) => page,
                Err(error) => {
                    let ended = self.ended(&error, "list");
                    self.pages &= !(next.is_some() && matches!(ended, Ended::Expired));
                    return Err(ended);
                }
            };
            self.feed.health().heard(self.collection);
            for Document(mut object) in page.items.into_iter().flatten() {
                seen.extend(self.observed(&mut object, Origin::List).await);
            }
            next = page.metadata.next.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok((seen, page.metadata.resource_version));
            }
        }
    }

    async fn unless_stopped<T>(&self, wait: impl Future<Output = T>) -> Result<T, Ended> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            _ = stop.changed() => Err(Ended::Stopped),
            value = wait => Ok(value),
        }
    }

    /// Hands an object on. What a Secret holds is not kept beyond that.
    async fn observed(&self, object: &mut Value, origin: Origin) -> Option<Key> {
        self.name_kind(object);
        let key = self.feed.observed(self.collection.kind, object, origin).await;
        self.wipe(object);
        key
    }

    fn wipe(&self, object: &mut Value) {
        if self.collection.kind == Kind::Secret {
            vault::wipe(object);
        }
    }

    /// Items of lists of built-in kinds do not say what they are, and metadata says that it is metadata.
    fn name_kind(&self, object: &mut Value) {
        let kind = self.collection.kind;
        if let Some(fields) = object.as_object_mut() {
            if metadata_is_enough(kind) {
                fields.remove("apiVersion");
                fields.remove("kind");
            }
            fields.entry("apiVersion").or_insert_with(|| api_version(kind.group(), self.version).into());
            fields.entry("kind").or_insert_with(|| kind.name().into());
        }
    }

    /// A request for whole objects, or for their metadata in this form.
    fn request(&self, path: &str, metadata: &str) -> Result<Request<Vec<u8>>, Ended> {
        let accept = if metadata_is_enough(self.collection.kind) {
            format!("application/json;as={metadata};g=meta.k8s.io;v=v1")
        } else {
            "application/json".to_owned()
        };
        let request = Request::get(path).header(ACCEPT, accept).body(Vec::new());
        request.map_err(|error| Ended::Failed(error.to_string()))
    }

    fn heard_of(&mut self, object: &Value) {
        self.heard = true;
        if let Some(version) = object["metadata"]["resourceVersion"].as_str() {
            self.resume = Some(version.to_owned());
        }
    }

    fn watch_path(&self) -> String {
        let collection = self.collection.path(self.feed.settings(), self.version);
        let from = match &self.resume {
            Some(version) => format!("resourceVersion={}", encoded(version)),
            // Without a resourceVersion the initial events are a consistent read, never the past.
            None => "sendInitialEvents=true&resourceVersionMatch=NotOlderThan".to_owned(),
        };
        format!("{collection}watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&{from}")
    }

    fn list_path(&self, next: Option<&str>) -> String {
        let collection = self.collection.path(self.feed.settings(), self.version);
        match next {
            Some(token) => format!("{collection}limit={PAGE}&continue={}", encoded(token)),
            None if self.pages => format!("{collection}limit={PAGE}"),
            None => collection,
        }
    }

    fn ended(&self, error: &kube::Error, verb: &'static str) -> Ended {
        match error {
            kube::Error::Api(status) if matches!(status.code, 400 | 422) && self.streaming && self.resume.is_none() => {
                match Ended::of(error, verb) {
                    Ended::Failed(_) => Ended::NoStreamingLists,
                    ended => ended,
                }
            }
            _ => Ended::of(error, verb),
        }
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    /// Null in a list of metadata that is empty.
    #[serde(default)]
    items: Option<Vec<Document>>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(rename = "resourceVersion")]
    resource_version: Option<String>,
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// Versions and continue tokens are opaque; only unreserved characters go into a query as they are.
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
