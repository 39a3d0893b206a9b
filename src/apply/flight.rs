//! One request from the queue to its answer, and what the answer tells.

use std::sync::Arc;
use std::time::Duration;

use dataflows::manifest;
use dataflows::model::{Desired, Kind, ObjectName, Settings, Written};
use http::header::RETRY_AFTER;
use kube::Client;
use serde_json::Value;

use super::counters::Counters;
use super::dispatch::{Dispatch, Landing};
use super::finalizer;
use super::outcome::{Answer, Outcome, judge};
use super::request::{Request, Verb, replacement, shown};
use crate::causes::chain;
use crate::kubernetes::Document;
use crate::observations::kinds::is_followed;
use crate::observations::{Entry, Feed, Identity, Origin};
use crate::vault;

/// Longest wait for an answer: a little more than a webhook may take.
const ANSWER_MAX: Duration = Duration::from_secs(32);

/// What is said when the cluster keeps changing what we write.
const CHANGED_BACK: &str = "what was written comes back changed: something in the cluster, such as a mutating \
                            admission webhook or another controller, alters it";

/// What is said of a Secret that has the name of a copy and is none.
const IN_THE_WAY: &str = "a Secret of this name is there without the labels of ours, and is left alone: delete it if \
                          nothing needs it";

/// What every flight needs.
pub(super) struct Pilot {
    pub(super) client: Client,
    pub(super) feed: Arc<Feed>,
    pub(super) counters: Arc<Counters>,
}

/// A refusal, in the words of whoever refused.
pub(super) struct RefusedWrite {
    pub(super) verb: Verb,
    pub(super) reason: String,
    pub(super) permission: bool,
}

/// The end of a flight.
pub(super) struct Landed {
    pub(super) dispatch: Dispatch,
    pub(super) landing: Landing,
    pub(super) refusal: Option<RefusedWrite>,
    /// Why the API server could not be reached.
    pub(super) unreachable: Option<String>,
    /// What it knew of the object.
    pub(super) sight: Sight,
}

/// What a flight knew of its object.
#[derive(Debug)]
pub(super) struct Sight {
    /// What was there when it started.
    start: Option<Identity>,
    /// What was there when it was answered.
    end: Option<Identity>,
}

impl Sight {
    pub(super) fn of(request: &Request, entry: Option<&Entry>, outcome: &Outcome) -> Self {
        let start = entry.map(|entry| entry.identity.clone());
        let end = match outcome {
            Outcome::Written(object) => Identity::of(request.object.kind, object),
            Outcome::Gone => None,
            _ => start.clone(),
        };
        Self { start, end }
    }

    /// What a landing comes to, given what is there now: what was observed while the flight was on its way is news to
    /// nobody else. `now` must have been asked for after the last news was taken, or some would be lost.
    pub(super) fn compare(&self, landing: Landing, now: Option<&Identity>) -> Landing {
        let (since_start, since_end) = (now != self.start.as_ref(), now != self.end.as_ref());
        match landing {
            Landing::Stale { .. } => Landing::Stale { newer: since_start },
            Landing::Settled if since_end && (since_start || now.is_none()) => Landing::Overtaken,
            landing => landing,
        }
    }
}

impl Pilot {
    /// Sends a request, and the one that may have to follow it, and tells the engine at once what the answers show.
    pub(super) async fn fly(
        self: Arc<Self>,
        dispatch: Dispatch,
        mut request: Request,
        entry: Option<Arc<Entry>>,
    ) -> Landed {
        if let Some(first) = &dispatch.first {
            self.counters.start(first);
        }
        let (verb, mut outcome) = match self.write(&request, entry.as_deref()).await {
            Outcome::Written(object) => self.follow_up(&dispatch, request.verb, object).await,
            Outcome::Stale if request.verb == Verb::Post => (request.verb, self.in_the_way(&request.object).await),
            outcome => (request.verb, outcome),
        };
        vault::wipe(&mut request.body);
        if let (Kind::Secret, Outcome::Written(object)) = (request.object.kind, &mut outcome) {
            vault::wipe(object);
        }
        let sight = Sight::of(&request, entry.as_deref(), &outcome);
        let mut landed = Landed { dispatch, landing: Landing::Settled, refusal: None, unreachable: None, sight };
        landed.landing = match outcome {
            Outcome::Missing => Landing::Missing,
            _ if verb == Verb::Read && !matches!(outcome, Outcome::Later(_) | Outcome::Unreachable(_)) => {
                Landing::Again
            }
            Outcome::Written(object) if self.lacks_finalizer(&landed.dispatch, &object) => Landing::Again,
            Outcome::Written(_) | Outcome::Gone => Landing::Settled,
            Outcome::Stale => Landing::Stale { newer: false },
            Outcome::Later(pause) => Landing::Later(pause),
            Outcome::Unreachable(reason) => {
                landed.unreachable = Some(reason);
                Landing::Unreachable
            }
            Outcome::Refused { reason, permission } => {
                landed.refusal = Some(RefusedWrite { verb, reason, permission });
                if permission { Landing::Forbidden } else { Landing::Refused }
            }
        };
        landed
    }

    /// One request. Whatever its answer shows of the object is an observation.
    async fn write(&self, request: &Request, entry: Option<&Entry>) -> Outcome {
        let outcome = judge(request.verb, &request.object, self.send(request).await);
        let kind = request.object.kind;
        self.counters.count(kind, request.verb, &outcome);
        tracing::debug!(
            object = %request.object, verb = request.verb.name(), outcome = outcome.name(), "answered"
        );
        match (&outcome, entry) {
            // No watch would tell what becomes of it.
            (Outcome::Written(object), _) if !is_followed(self.feed.settings(), kind, object) => {}
            (Outcome::Written(object), _) => drop(self.feed.observed(kind, object, Origin::Answer).await),
            (Outcome::Gone, Some(entry)) => self.feed.buried(&request.object, &entry.identity.uid).await,
            _ => {}
        }
        outcome
    }

    /// Looks at what is there in place of a Secret that was to be made: one that our watch will tell of, or none of ours.
    async fn in_the_way(&self, object: &ObjectName) -> Outcome {
        let Outcome::Written(mut found) = self.write(&Request::read(object.clone()), None).await else {
            return Outcome::Stale;
        };
        vault::wipe(&mut found);
        if is_followed(self.feed.settings(), object.kind, &found) {
            return Outcome::Stale;
        }
        Outcome::Refused { reason: IN_THE_WAY.to_owned(), permission: false }
    }

    /// Looks whether a write had the effect that it should have, and takes away what others added.
    async fn follow_up(&self, dispatch: &Dispatch, verb: Verb, object: Value) -> (Verb, Outcome) {
        if matches!(verb, Verb::Read | Verb::Delete) {
            return (verb, Outcome::Written(object));
        }
        let changed_back = || Outcome::Refused { reason: CHANGED_BACK.to_owned(), permission: false };
        let Some(desired) = dispatch.task.pending.action.desired().filter(|_| !removes(dispatch)) else {
            let removed = is_removed(&self.feed, &dispatch.task.pending.object, &object);
            return (verb, if removed { Outcome::Written(object) } else { changed_back() });
        };
        let settings = self.feed.settings();
        if is_done(settings, verb, desired, &object) {
            return (verb, Outcome::Written(object));
        }
        let Some(mut request) = replacement((&**settings, self.feed.vault()), desired, &object) else {
            return (verb, changed_back());
        };
        let outcome = self.write(&request, None).await;
        vault::wipe(&mut request.body);
        match outcome {
            Outcome::Written(object) if !is_done(settings, request.verb, desired, &object) => {
                (request.verb, changed_back())
            }
            outcome => (request.verb, outcome),
        }
    }

    /// Whether a class has its status, and the finalizer is still to be put on or taken off.
    fn lacks_finalizer(&self, dispatch: &Dispatch, object: &Value) -> bool {
        let settings = self.feed.settings();
        let desired = dispatch.task.pending.action.desired().filter(|_| !removes(dispatch));
        desired.filter(|desired| desired.object.kind == Kind::GatewayClass).is_some_and(|desired| {
            finalizer::is_all_that_differs(settings, desired, shown(settings, desired.object.kind, object))
        })
    }

    async fn send(&self, request: &Request) -> Answer {
        let version = self.feed.served(request.object.kind);
        let request = match request.http(&manifest::field_manager(self.feed.settings()), version) {
            Ok(request) => request.map(Into::into),
            // A name that is no name: only this object is concerned.
            Err(error) => return Answer::Http { code: 400, retry_after: None, body: message(&error.to_string()) },
        };
        let answer = async {
            let response = self.client.send(request).await?;
            let code = response.status().as_u16();
            let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = header.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
            let body = response.into_body().collect_bytes().await?;
            let body = serde_json::from_slice(&body).map(|Document(body)| body).unwrap_or_default();
            Ok::<_, kube::Error>(Answer::Http { code, retry_after, body })
        };
        match tokio::time::timeout(ANSWER_MAX, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Answer::Unreachable(chain(&error)),
            Err(_) => Answer::Late,
        }
    }
}

fn message(text: &str) -> Value {
    serde_json::json!({"message": text})
}

/// Whether what was answered is what the write was for. A finalizer is no matter of a status.
fn is_done(settings: &Settings, verb: Verb, desired: &Desired, answered: &Value) -> bool {
    let shown = shown(settings, desired.object.kind, answered);
    let but_for_finalizer = || finalizer::is_all_that_differs(settings, desired, shown);
    shown == Some(manifest::fingerprint(settings, desired)) || verb != Verb::MergeFinalizers && but_for_finalizer()
}

fn removes(dispatch: &Dispatch) -> bool {
    matches!(dispatch.task.pending.action, dataflows::model::Action::Remove { .. })
}

/// Whether our part is out of a status. The API server puts defaults of its own in place of ours in some kinds.
fn is_removed(feed: &Feed, object: &ObjectName, answered: &Value) -> bool {
    let shown = shown(feed.settings(), object.kind, answered).is_some();
    let is_ours_alone = object.kind.written() == Written::Status && !object.kind.is_route();
    !shown || is_ours_alone && !manifest::owns_status(feed.settings(), answered)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_observed_on_the_way_is_not_lost() {
        let seen = |version: u32| {
            let object = json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": version.to_string()}});
            Identity::of(Kind::MeshGateway, &object)
        };
        let stale = |newer| Landing::Stale { newer };
        let table = [
            // Nothing but what we wrote.
            (Some(1), Some(2), Some(2), Landing::Settled, Landing::Settled),
            (Some(1), None, None, Landing::Settled, Landing::Settled),
            // The same, of which the answer was not taken for an observation: what its watch tells is yet to come.
            (Some(1), Some(2), Some(1), Landing::Settled, Landing::Settled),
            // Others changed it, deleted it, made it anew.
            (Some(1), Some(2), Some(3), Landing::Settled, Landing::Overtaken),
            (Some(1), Some(2), None, Landing::Settled, Landing::Overtaken),
            (None, Some(2), None, Landing::Settled, Landing::Overtaken),
            (Some(1), None, Some(3), Landing::Settled, Landing::Overtaken),
            // They were faster.
            (Some(1), Some(1), Some(1), stale(false), stale(false)),
            (Some(1), Some(1), Some(2), stale(false), stale(true)),
            (Some(1), Some(1), Some(2), Landing::Refused, Landing::Refused),
        ];
        for (start, end, now, landing, expected) in table {
            let sight = Sight { start: start.and_then(seen), end: end.and_then(seen) };
            let now_seen = now.and_then(seen);
            let found = sight.compare(landing, now_seen.as_ref());
            assert_eq!(found, expected, "{start:?} {end:?} {now:?} {landing:?}");
        }
    }
}
