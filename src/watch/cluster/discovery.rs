//! Which of the watched kinds the API server serves, and in which version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dataflows::model::{Group, Settings};
use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};
use http::Request;
use http::header::ACCEPT;
use kube::Client;
use kube::core::WatchEvent;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::Notify;

use super::patience::{Late, SILENCE_MAX, within};
use crate::kubernetes::Document;
use crate::observations::Watched;
use crate::observations::kinds::{Collection, WATCHED, version_path};

/// Collections of kinds that are served, each with the best version that we can read.
pub(super) type Served = BTreeMap<Collection, &'static str>;

#[derive(Deserialize)]
struct ResourceList {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    #[serde(default)]
    verbs: Vec<String>,
}

/// Why it is not known what is served.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// Ask again.
    #[error(transparent)]
    Late(#[from] Late),
    /// See what the API server says.
    #[error(transparent)]
    Refused(#[from] kube::Error),
}

/// Asks for all groups and versions of the table. An error leaves everything as it was: only the answer that a kind
/// is not there counts as its absence.
pub(super) async fn served(client: &Client) -> Result<Served, Unanswered> {
    let wanted: BTreeSet<(Group, &str)> = WATCHED
        .iter()
        .flat_map(|watched| watched.versions.iter().map(|version| (watched.collection.kind.group(), *version)))
        .collect();
    let mut resources = BTreeMap::new();
    for (group, version) in wanted {
        resources.insert((group, version), watchable(client, group, version).await?);
    }
    let best = |watched: &Watched| {
        let kind = watched.collection.kind;
        let group = kind.group();
        let has = |version: &str| resources.get(&(group, version)).is_some_and(|names| names.contains(kind.plural()));
        watched.versions.iter().find(|version| has(version)).map(|version| (watched.collection, *version))
    };
    Ok(WATCHED.iter().filter_map(best).collect())
}

async fn watchable(client: &Client, group: Group, version: &str) -> Result<BTreeSet<String>, Unanswered> {
    let request = Request::get(version_path(group, version)).body(Vec::new()).map_err(kube::Error::HttpError)?;
    match within(client.request::<ResourceList>(request)).await? {
        Ok(list) => {
            let can_watch = |resource: &Resource| resource.verbs.iter().any(|verb| verb == "watch");
            let watchable = list.resources.into_iter().filter(can_watch);
            Ok(watchable.map(|resource| resource.name).collect())
        }
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(BTreeSet::new()),
        Err(error) => Err(error.into()),
    }
}

/// What is known of a kind after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is served in this version.
    Served(&'static str),
    /// Discovery lacks it, and we may not read it: who may not is told so before anybody looks whether it is there.
    Forbidden(&'static str),
    /// Neither discovery nor the collection itself is there.
    Missing,
    /// Discovery lacks it, and the collection was not heard of.
    Unclear,
}

impl Found {
    /// What it comes to for a kind that was read before, or never was. What was read is there, and its stream says which
    /// permission it misses now. What never was is not waited for: discovery does not know it, and nobody may look.
    pub(super) const fn of_kind(self, was_read: bool) -> Self {
        match self {
            Self::Forbidden(version) if was_read => Self::Served(version),
            Self::Forbidden(_) => Self::Missing,
            found => found,
        }
    }
}

/// Asks for a collection that discovery lacks, in all versions, the one that was served last first.
///
/// An API server that starts serves custom resources some seconds before its discovery lists them. What discovery lacks is
/// missing only if it cannot be listed either.
pub(super) async fn ask(client: &Client, settings: &Settings, watched: &Watched, last: Option<&'static str>) -> Found {
    let mut versions = watched.versions.to_vec();
    versions.sort_by_key(|version| Some(*version) != last);
    let codes = versions.into_iter().map(async |version| {
        let path = format!("{}limit=1", watched.collection.path(settings, version));
        (version, code(client, &path).await)
    });
    found(&join_all(codes).await)
}

/// The HTTP status with which a list is answered, if it is answered. One that may be read counts as 200.
async fn code(client: &Client, path: &str) -> Option<u16> {
    // No more than names: nobody looks at what is in there, and it may be a key.
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let request = Request::get(path).header(ACCEPT, accept).body(Vec::new()).ok()?;
    match within(client.request::<IgnoredAny>(request)).await {
        Ok(Ok(_)) => Some(200),
        Ok(Err(kube::Error::Api(status))) => Some(status.code),
        Ok(Err(_)) | Err(Late) => None,
    }
}

/// What the answers of all versions of a collection say.
fn found(codes: &[(&'static str, Option<u16>)]) -> Found {
    let first = |wanted| codes.iter().find(|(_, code)| *code == Some(wanted)).map(|(version, _)| *version);
    match (first(200), first(403)) {
        (Some(version), _) => Found::Served(version),
        (None, Some(version)) => Found::Forbidden(version),
        (None, None) if codes.iter().all(|(_, code)| *code == Some(404)) => Found::Missing,
        (None, None) => Found::Unclear,
    }
}

/// Tells when custom resource definitions of our groups change, if we may know.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    changed: Notify,
    followed: AtomicBool,
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions\
                           ?watch=true&allowWatchBookmarks=true&timeoutSeconds=290";

/// Pause before the watch of the definitions is opened again.
const REOPEN: Duration = Duration::from_secs(5);

/// Pause after we were told that we may not watch them. Discovery is polled more often meanwhile.
const FORBIDDEN: Duration = Duration::from_secs(300);

impl Definitions {
    /// Waits until a definition of our groups has changed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Whether changes are noticed. If not, the only way is to ask again and again.
    pub(super) fn followed(&self) -> bool {
        self.followed.load(Ordering::Relaxed)
    }

    /// Asks for a look at discovery, for a reason that the definitions do not tell.
    pub(super) fn suspect(&self) {
        self.changed.notify_one();
    }

    /// Follows the definitions, for ever.
    pub(super) async fn follow(self: Arc<Self>, client: Client) {
        loop {
            let result = self.session(&client).await;
            self.followed.store(false, Ordering::Relaxed);
            let forbidden = matches!(&result, Err(Unanswered::Refused(kube::Error::Api(status))) if status.code == 403);
            if forbidden {
                tracing::debug!("CustomResourceDefinitions may not be watched; discovery is polled instead");
            }
            tokio::time::sleep(if forbidden { FORBIDDEN } else { REOPEN }).await;
        }
    }

    async fn session(&self, client: &Client) -> Result<(), Unanswered> {
        // Names are enough, and the schemas of all definitions of a cluster are megabytes.
        let request = Request::get(DEFINITIONS)
            .header(ACCEPT, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
            .body(Vec::new())
            .map_err(kube::Error::HttpError)?;
        let mut events = within(client.request_events::<Document>(request)).await??.boxed();
        self.followed.store(true, Ordering::Relaxed);
        // Bookmarks come every minute, so that a stream which says nothing for longer is dead.
        while let Ok(event) = tokio::time::timeout(SILENCE_MAX, events.try_next()).await {
            let Document(object) = match event? {
                Some(WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object)) => object,
                Some(WatchEvent::Bookmark(_)) => continue,
                Some(WatchEvent::Error(status)) => return Err(kube::Error::Api(status).into()),
                None => break,
            };
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let ours = |group: &Group| name.strip_suffix(group.name()).is_some_and(|plural| plural.ends_with('.'));
            if [Group::Gateway, Group::Kuma].iter().any(ours) {
                self.changed.notify_one();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_missing_only_if_each_of_its_versions_is_not_found() {
        use Found::{Forbidden, Missing, Served, Unclear};
        for (codes, expected) in [
            (vec![("v1", Some(404))], Missing),
            (vec![("v1", Some(404)), ("v1beta1", Some(404))], Missing),
            (vec![("v1", Some(200)), ("v1beta1", Some(404))], Served("v1")),
            (vec![("v1", Some(404)), ("v1beta1", Some(200))], Served("v1beta1")),
            (vec![("v1", Some(403)), ("v1beta1", Some(200))], Served("v1beta1")),
            (vec![("v1", Some(403)), ("v1beta1", Some(403))], Forbidden("v1")),
            (vec![("v1", Some(404)), ("v1beta1", Some(503))], Unclear),
            (vec![("v1", Some(404)), ("v1beta1", None)], Unclear),
            (vec![("v1", Some(500))], Unclear),
        ] {
            assert_eq!(found(&codes), expected, "{codes:?}");
        }
    }

    #[test]
    fn who_may_not_look_believes_what_was_read_before() {
        use Found::{Forbidden, Missing, Served, Unclear};
        for (found, was_read, expected) in [
            (Forbidden("v1"), true, Served("v1")),
            (Forbidden("v1"), false, Missing),
            (Served("v1"), false, Served("v1")),
            (Missing, true, Missing),
            (Unclear, false, Unclear),
        ] {
            assert_eq!(found.of_kind(was_read), expected, "{found:?} {was_read}");
        }
    }
}
