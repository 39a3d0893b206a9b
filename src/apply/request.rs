//! From a task and the newest observation to a request. Pure.

use std::fmt;

use dataflows::manifest;
use dataflows::model::{Action, Desired, Fingerprint, Kind, ObjectName, Pending, Ref, Settings, Written};
use dataflows::rules::pending::is_claimed;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::dispatch::Step;
use super::{finalizer, status};
use crate::observations::kinds::object_path;
use crate::observations::{Entry, Identity, Memory};
use crate::vault::Vault;

/// How something is written.
///
/// Everything that we own is applied by server-side apply, creation included save for Secrets: a POST makes a second field
/// manager of us (operation `Update`), and fields it set do not leave by a later apply, but only by a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Apply an object that is not there as far as we know. With the resourceVersion 0, which no stored object has: if
    /// somebody made one of that name first, custom resources answer 409 or 422 and nothing is merged into it.
    Create,
    /// Make a Secret that is not there as far as we know. Secrets take the resourceVersion 0 for "whichever version", and
    /// we do not watch those without our labels: an apply would take one back from whoever took the labels off.
    Post,
    /// Apply an object that is there. Forced, and bound to its uid and, where that costs nothing, to the version seen.
    Apply,
    /// Apply our part of the status of a class, Gateway or ListenerSet. Lists in it are maps by name or type. Bound to the
    /// version seen, as the API server does not look at the uid here: a successor of that name is not touched.
    ApplyStatus,
    /// Write the whole `status.parents` of a route, entries of others included, if nobody was faster.
    MergeStatus,
    /// Write the whole list of finalizers of a class, those of others included, if nobody was faster.
    MergeFinalizers,
    /// Replace an object that others added to, as apply cannot take away what others own.
    Replace,
    /// The same for a status.
    ReplaceStatus,
    /// Delete exactly the state that was seen.
    Delete,
    /// Look at it.
    Read,
}

impl Verb {
    /// The verb as a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Post => "post",
            Self::Apply => "apply",
            Self::ApplyStatus => "apply_status",
            Self::MergeStatus => "merge_status",
            Self::MergeFinalizers => "merge_finalizers",
            Self::Replace => "replace",
            Self::ReplaceStatus => "replace_status",
            Self::Delete => "delete",
            Self::Read => "read",
        }
    }

    const fn method(self) -> Method {
        match self {
            Self::Create | Self::Apply | Self::ApplyStatus | Self::MergeStatus | Self::MergeFinalizers => Method::PATCH,
            Self::Post => Method::POST,
            Self::Replace | Self::ReplaceStatus => Method::PUT,
            Self::Delete => Method::DELETE,
            Self::Read => Method::GET,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Create | Self::Apply | Self::ApplyStatus => "application/apply-patch+yaml",
            Self::MergeStatus | Self::MergeFinalizers => "application/merge-patch+json",
            Self::Post | Self::Replace | Self::ReplaceStatus | Self::Delete | Self::Read => "application/json",
        }
    }

    fn query(self, manager: &str) -> String {
        match self {
            Self::Create => format!("?fieldManager={manager}&force=false"),
            Self::Apply | Self::ApplyStatus => format!("?fieldManager={manager}&force=true"),
            Self::Post | Self::MergeStatus | Self::MergeFinalizers | Self::Replace | Self::ReplaceStatus => {
                format!("?fieldManager={manager}")
            }
            Self::Delete | Self::Read => String::new(),
        }
    }

    const fn of_status(self) -> bool {
        matches!(self, Self::ApplyStatus | Self::MergeStatus | Self::ReplaceStatus)
    }
}

/// A request, not yet in the form of HTTP.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// What it does.
    pub verb: Verb,
    /// To what.
    pub object: ObjectName,
    /// With what; null for none.
    pub body: Value,
}

/// Without the body: it may hold a key.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.name(), self.object)
    }
}

impl Request {
    /// A look at an object.
    pub const fn read(object: ObjectName) -> Self {
        Self { verb: Verb::Read, object, body: Value::Null }
    }

    /// Path and query, for a field manager, in a version that is served.
    pub fn target(&self, manager: &str, version: &str) -> String {
        let path = object_path(&self.object, version);
        let (path, status) = match self.verb {
            Verb::Post => (path.rsplit_once('/').map_or(&*path, |(collection, _)| collection), ""),
            verb if verb.of_status() => (&*path, "/status"),
            _ => (&*path, ""),
        };
        format!("{path}{status}{}", self.verb.query(manager))
    }

    /// The request in the form of HTTP, for a field manager, in a version that is served.
    pub fn http(&self, manager: &str, version: &str) -> Result<http::Request<Vec<u8>>, http::Error> {
        let body = if self.body.is_null() { Vec::new() } else { self.body.to_string().into_bytes() };
        http::Request::builder()
            .method(self.verb.method())
            .uri(self.target(manager, version))
            .header(http::header::CONTENT_TYPE, self.verb.content_type())
            .header(http::header::ACCEPT, "application/json")
            .body(body)
    }
}

/// The request that does what is pending, given the newest observation of the object.
///
/// `None` if that observation, which the dataflow may not have folded in yet, leaves nothing to do: the object shows
/// what is asked for, is gone, or is not ours. [`Step::Insist`] once the dataflow has had time and still asks for it.
pub fn plan(
    (settings, vault): (&Settings, &Vault),
    pending: &Pending,
    entry: Option<&Entry>,
    step: Step,
    now: Timestamp,
) -> Option<Request> {
    let kind = pending.object.kind;
    match (&pending.action, kind.written(), entry) {
        (Action::Write(desired), Written::Whole, None) => apply((settings, vault), desired, None),
        (Action::Obstructed(_), ..) | (_, Written::Nothing, _) | (_, _, None) => None,
        // Whatever the dataflow thought when it asked for it: what bears no owner label of ours is not touched.
        (action, Written::Whole, Some(entry)) if !may_touch(settings, action, entry) => None,
        (Action::Write(desired), ..)
            if entry.is_some_and(|entry| shows(settings, entry, desired)) && step != Step::Insist =>
        {
            None
        }
        (Action::Write(desired), Written::Status, Some(entry))
            if finalizer::is_all_that_differs(settings, desired, entry.shown) =>
        {
            Some(finalizer::patch(desired, entry))
        }
        (Action::Write(desired), Written::Whole, Some(entry)) => apply((settings, vault), desired, Some(entry)),
        (Action::Write(desired), Written::Status, Some(entry)) => {
            Some(write_status(pending, manifest::render(settings, desired), entry, now))
        }
        (Action::Remove { .. }, Written::Status, Some(entry)) if entry.shown.is_none() && step != Step::Insist => None,
        (Action::Remove { .. }, Written::Status, Some(entry)) => Some(write_status(pending, json!({}), entry, now)),
        (Action::Remove { .. }, Written::Whole, Some(entry)) => Some(delete(pending, entry)),
    }
}

/// Whether an object is ours, by its annotation or because it bears the label that we would put on it.
fn may_touch(settings: &Settings, action: &Action, entry: &Entry) -> bool {
    let claimed = |desired: &Ref<Desired>| is_claimed(settings, entry.claim.as_deref(), desired);
    entry.ours || action.desired().is_some_and(claimed)
}

fn shows(settings: &Settings, entry: &Entry, desired: &Desired) -> bool {
    entry.shown == Some(manifest::fingerprint(settings, desired))
}

fn apply((settings, vault): (&Settings, &Vault), desired: &Desired, entry: Option<&Entry>) -> Option<Request> {
    let mut body = vault.render(settings, desired)?;
    let verb = match entry {
        None if desired.object.kind == Kind::Secret => Verb::Post,
        None => {
            body["metadata"]["resourceVersion"] = "0".into();
            Verb::Create
        }
        Some(entry) => {
            bind(&mut body["metadata"], &entry.identity);
            Verb::Apply
        }
    };
    Some(Request { verb, object: desired.object.clone(), body })
}

/// Binds the write of an object of ours to what was seen: to its uid, so that a successor of that name is not touched, and to
/// its version, so that nobody's labels are put back who took them off a moment ago. Kuma keeps writing the status of
/// instances, and would make every other apply of one fail.
fn bind(metadata: &mut Value, seen: &Identity) {
    metadata["uid"] = (*seen.uid).into();
    if seen.name.kind != Kind::MeshGatewayInstance {
        metadata["resourceVersion"] = seen.version.to_string().into();
    }
}

fn write_status(pending: &Pending, mut rendered: Value, entry: &Entry, now: Timestamp) -> Request {
    let object = pending.object.clone();
    status::stamp(object.kind, &mut rendered, &entry.memory, now);
    let version = entry.identity.version.to_string();
    if object.kind.is_route() {
        let parents = status::parents(&mut rendered, &entry.memory);
        let body = json!({"metadata": {"resourceVersion": version}, "status": {"parents": parents}});
        return Request { verb: Verb::MergeStatus, object, body };
    }
    let mut metadata = json!({"name": &*object.name, "resourceVersion": version});
    if object.kind.namespaced() {
        metadata["namespace"] = (&*object.namespace).into();
    }
    let mut body = json!({
        "apiVersion": manifest::api_version(object.kind),
        "kind": object.kind.name(),
        "metadata": metadata,
    });
    // To take our part out is to apply nothing. An empty status would do the same to its fields, but leave us behind as
    // the owner of the status itself, and the defaults that come back would look like ours.
    if let Some(status) = rendered.get_mut("status") {
        body["status"] = status.take();
    }
    Request { verb: Verb::ApplyStatus, object, body }
}

fn delete(pending: &Pending, entry: &Entry) -> Request {
    let identity = &entry.identity;
    let body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": *identity.uid, "resourceVersion": identity.version.to_string()},
    });
    Request { verb: Verb::Delete, object: pending.object.clone(), body }
}

/// What an object of ours, or a status that we write, shows.
pub fn shown(settings: &Settings, kind: Kind, object: &Value) -> Option<Fingerprint> {
    let observed = match kind.written() {
        Written::Nothing => None,
        Written::Status => manifest::observe_status(settings, kind, object),
        Written::Whole => manifest::observe(settings, kind, object),
    };
    observed.map(|observed| observed.fingerprint)
}

/// The request that takes away what others added inside what we own, given the answer to an apply; `None` if the
/// answer shows what is desired. Only where the answer still differs, for it needs a precondition and can be too late.
pub fn replacement((settings, vault): (&Settings, &Vault), desired: &Desired, answered: &Value) -> Option<Request> {
    let kind = desired.object.kind;
    // A finalizer is no matter of a status: what lacks it alone is told apart by whoever writes it.
    let as_desired = |object: &Value| {
        let shown = shown(settings, kind, object);
        shown == Some(manifest::fingerprint(settings, desired))
            || finalizer::is_all_that_differs(settings, desired, shown)
    };
    if as_desired(answered) {
        return None;
    }
    let rendered = vault.render(settings, desired)?;
    let (verb, mut body) = match kind.written() {
        Written::Whole => (Verb::Replace, whole_replacement(answered, &rendered, as_desired)),
        Written::Status if !kind.is_route() => {
            let memory = Memory::of(&settings.controller_name, kind, answered);
            (Verb::ReplaceStatus, status_replacement(kind, answered, rendered, &memory, as_desired))
        }
        Written::Status | Written::Nothing => return None,
    };
    // We read managers only in part. A write without them leaves them as they are.
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    Some(Request { verb, object: desired.object.clone(), body })
}

/// The answered object with our content in place of its own. Labels and annotations of others stay, unless they are
/// what makes the difference.
fn whole_replacement(answered: &Value, rendered: &Value, as_desired: impl Fn(&Value) -> bool) -> Value {
    let mut body = answered.clone();
    for (field, value) in rendered.as_object().into_iter().flatten() {
        if !matches!(field.as_str(), "apiVersion" | "kind" | "metadata" | "status") {
            body[field] = value.clone();
        }
    }
    if !as_desired(&body) {
        for field in ["labels", "annotations"] {
            body["metadata"][field] = rendered["metadata"].get(field).cloned().unwrap_or_else(|| json!({}));
        }
    }
    body
}

/// The answered object with our status in place of its own. Fields and conditions of others stay: those without which
/// the status shows the same.
fn status_replacement(
    kind: Kind,
    answered: &Value,
    mut rendered: Value,
    memory: &Memory,
    as_desired: impl Fn(&Value) -> bool,
) -> Value {
    // Every condition of ours is in the answer, so each has its time there.
    status::stamp(kind, &mut rendered, memory, Timestamp::UNIX_EPOCH);
    let mut body = answered.clone();
    body["status"] = rendered["status"].clone();
    let mut keep_if_foreign = |add: &dyn Fn(&mut Value)| {
        let mut with = body.clone();
        add(&mut with["status"]);
        if as_desired(&with) || !as_desired(&body) {
            body = with;
        }
    };
    let fields = answered["status"].as_object().into_iter().flatten();
    for (field, value) in fields.filter(|(field, _)| rendered["status"].get(field.as_str()).is_none()) {
        keep_if_foreign(&|status| status[field] = value.clone());
    }
    let is_ours = |condition: &Value| status_conditions(&rendered).iter().any(|own| own["type"] == condition["type"]);
    for condition in status_conditions(answered).iter().filter(|condition| !is_ours(condition)) {
        keep_if_foreign(&|status| {
            if let Some(conditions) = status["conditions"].as_array_mut() {
                conditions.push(condition.clone());
            }
        });
    }
    body
}

fn status_conditions(object: &Value) -> &[Value] {
    object["status"]["conditions"].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
