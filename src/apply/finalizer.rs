//! The finalizer of a class that Gateways use: beside the status the one thing of a user's object that is ours, and
//! written by a request of its own.

use dataflows::manifest::{self, CLASS_FINALIZER};
use dataflows::model::{ClassStatus, Content, Desired, Fingerprint, Settings};
use serde_json::{Value, json};

use super::request::{Request, Verb};
use crate::observations::Entry;

/// Whether the finalizer is all that an object lacks, or has too much, to be as desired.
pub(super) fn is_all_that_differs(settings: &Settings, desired: &Desired, shown: Option<Fingerprint>) -> bool {
    let Content::ClassStatus(status) = &desired.content else { return false };
    let status = ClassStatus { in_use: !status.in_use, ..ClassStatus::clone(status) };
    let otherwise = Desired::new(desired.object.clone(), Content::ClassStatus(status.into()));
    shown == Some(manifest::fingerprint(settings, &otherwise))
}

/// The request that puts the finalizer on or takes it off. It writes the whole list, so it is bound to the version whose
/// list was seen: whoever edits it meanwhile makes this request fail instead of losing the edit.
pub(super) fn patch(desired: &Desired, entry: &Entry) -> Request {
    let wanted = matches!(&desired.content, Content::ClassStatus(status) if status.in_use);
    let others = entry.memory.finalizers().filter(|finalizer| *finalizer != CLASS_FINALIZER);
    let finalizers: Vec<&str> = others.chain(wanted.then_some(CLASS_FINALIZER)).collect();
    let metadata = json!({"resourceVersion": entry.identity.version.to_string(), "finalizers": finalizers});
    Request { verb: Verb::MergeFinalizers, object: desired.object.clone(), body: json!({"metadata": metadata}) }
}

/// Whether an object is gone with its last finalizer: it was only waiting to be let go.
pub(super) fn is_let_go(object: &Value) -> bool {
    let held = object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty());
    object["metadata"]["deletionTimestamp"].is_string() && !held
}
