//! What an answer of the API server means for the writer.

use std::fmt;
use std::time::Duration;

use dataflows::model::{ObjectName, Written};
use serde_json::Value;

use super::finalizer;
use super::pacing::Signal;
use super::request::Verb;

/// Longest text of a refusal that is kept, in bytes: it goes into conditions and rows.
const REASON_MAX: usize = 1_024;

/// Longest pause that a server may ask for.
const ASKED_MAX: Duration = Duration::from_secs(300);

/// An answer, read to its end.
#[derive(Clone)]
pub enum Answer {
    /// The API server answered.
    Http {
        /// The status code.
        code: u16,
        /// The pause that the `Retry-After` header asks for.
        retry_after: Option<Duration>,
        /// The body; null if it was none, or no JSON.
        body: Value,
    },
    /// No answer came in time.
    Late,
    /// The connection failed.
    Unreachable(String),
}

/// Without the body: it may hold a key.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { code, .. } => write!(f, "an answer with code {code}"),
            Self::Late => f.write_str("no answer in time"),
            Self::Unreachable(reason) => write!(f, "no answer: {reason}"),
        }
    }
}

/// What became of a request, named for what the writer does next.
#[derive(Clone, PartialEq)]
pub enum Outcome {
    /// It took effect. The object as it is now is an observation.
    Written(Value),
    /// The object is not there. That is an observation too.
    Gone,
    /// Nothing was found, which does not say that the object is gone. Wait for a newer observation, and look again.
    Missing,
    /// Somebody else was faster, or the object is not what it was. Wait for a newer observation.
    Stale,
    /// Not now. Try again after the pause, or after one of our own.
    Later(Option<Duration>),
    /// The API server is away. Wait until it is back.
    Unreachable(String),
    /// Not in this form. Tell the owner, and try again much later.
    Refused {
        /// The words of whoever refused.
        reason: String,
        /// Whether a missing permission is the cause, which only an operator can mend.
        permission: bool,
    },
}

/// Without the object: it may hold a key.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Outcome {
    /// What it says about the API server.
    pub const fn signal(&self) -> Signal {
        match self {
            Self::Later(_) => Signal::Congested,
            Self::Unreachable(_) => Signal::Unreachable,
            Self::Written(_) | Self::Gone | Self::Missing | Self::Stale | Self::Refused { .. } => Signal::Fine,
        }
    }

    /// The outcome as a metric label.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Written(_) => "written",
            Self::Gone => "gone",
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Later(_) => "later",
            Self::Unreachable(_) => "unreachable",
            Self::Refused { .. } => "refused",
        }
    }
}

/// What an answer to a request for an object means.
pub fn judge(verb: Verb, object: &ObjectName, answer: Answer) -> Outcome {
    let (code, retry_after, body) = match answer {
        Answer::Http { code, retry_after, body } => (code, retry_after, body),
        Answer::Late => return Outcome::Later(None),
        Answer::Unreachable(reason) => return Outcome::Unreachable(reason),
    };
    match code {
        200..=299 if verb == Verb::Delete => deleted(body),
        200..=299 if verb == Verb::MergeFinalizers && finalizer::is_let_go(&body) => Outcome::Gone,
        200..=299 => Outcome::Written(body),
        404 if matches!(verb, Verb::Delete | Verb::Read) && is_lost(object, &body) => Outcome::Gone,
        404 if matches!(verb, Verb::Delete | Verb::Read) => Outcome::Missing,
        // A write that creates misses something other than its object: the namespace, or the kind.
        404 if matches!(verb, Verb::Create | Verb::Post) => refused(&body, code),
        // Somebody made one of that name, with other values in what would be ours.
        409 if verb == Verb::Create && belongs_to_another(&body) => refused(&body, code),
        404 | 409 => Outcome::Stale,
        422 if another_object(&body) => Outcome::Stale,
        // The schema of the kind in this cluster lacks a field: more of the same would not help.
        500 if says(&body, "failed to create typed patch object") => refused(&body, code),
        // Not yet, or not any more, our credentials: a token that is being renewed.
        401 | 408 | 410 | 429 | 500..=599 => Outcome::Later(pause(retry_after, &body)),
        _ => refused(&body, code),
    }
}

/// A delete answers with the object as long as finalizers keep it, and with a `Status` once it is gone.
fn deleted(body: Value) -> Outcome {
    let finalizers = body["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty());
    let lingering = body["metadata"]["deletionTimestamp"].is_string() && finalizers;
    if lingering { Outcome::Written(body) } else { Outcome::Gone }
}

/// Whether a 404 says that an object is gone. A path that is not served, and a proxy without a server, say 404 as well. And
/// what a user made is gone when its watch says so: what goes with it serves traffic, so no single answer is enough.
fn is_lost(object: &ObjectName, body: &Value) -> bool {
    let details = &body["details"];
    let says_so = body["reason"] == "NotFound" && details["name"] == *object.name;
    says_so && object.kind.written() == Written::Whole
}

/// A uid that is not that of the object, or a creation of what is there already, is answered like an invalid field.
fn another_object(body: &Value) -> bool {
    let causes = body["details"]["causes"].as_array().map_or(&[][..], Vec::as_slice);
    causes.iter().any(|cause| cause["field"] == "metadata.uid" || cause["field"] == "metadata.resourceVersion")
}

/// Whether an apply conflicts with fields that somebody else manages.
fn belongs_to_another(body: &Value) -> bool {
    let causes = body["details"]["causes"].as_array().map_or(&[][..], Vec::as_slice);
    causes.iter().any(|cause| cause["reason"] == "FieldManagerConflict")
}

fn says(body: &Value, text: &str) -> bool {
    body["message"].as_str().is_some_and(|message| message.contains(text))
}

fn refused(body: &Value, code: u16) -> Outcome {
    let message = body["message"].as_str().filter(|message| !message.is_empty());
    let reason = match message {
        Some(message) => shortened(message).to_owned(),
        None if code == 404 => "the API server does not serve this kind (is Kuma installed?)".to_owned(),
        None => format!("the API server answered {code}"),
    };
    let webhook = reason.contains("admission webhook") || reason.contains("ValidatingAdmissionPolicy");
    // "is forbidden: User ... cannot patch resource": RBAC. Admission and quotas answer 403 as well.
    let permission = code == 403 && !webhook && reason.contains(" cannot ");
    Outcome::Refused { reason, permission }
}

fn pause(header: Option<Duration>, body: &Value) -> Option<Duration> {
    let asked = || body["details"]["retryAfterSeconds"].as_u64().map(Duration::from_secs);
    header.or_else(asked).filter(|pause| !pause.is_zero()).map(|pause| pause.min(ASKED_MAX))
}

/// The beginning of a text, cut between two characters.
pub fn shortened(text: &str) -> &str {
    let mut end = text.len().min(REASON_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use dataflows::model::Kind;
    use serde_json::json;

    use super::*;

    fn http(code: u16, body: Value) -> Answer {
        Answer::Http { code, retry_after: None, body }
    }

    fn refused_with(reason: &str, permission: bool) -> Outcome {
        Outcome::Refused { reason: reason.to_owned(), permission }
    }

    #[test]
    fn an_answer_says_what_to_do_next() {
        let object = json!({"kind": "MeshGateway"});
        let success = json!({"kind": "Status", "status": "Success"});
        let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x"]}});
        let gone = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
        let let_go = gone.clone();
        let said = |message: &str| json!({"kind": "Status", "message": message});
        let cause = |field: &str| json!({"message": "invalid", "details": {"causes": [{"field": field}]}});
        let manager = json!([{"reason": "FieldManagerConflict", "field": ".data.value"}]);
        let conflict = json!({"message": "conflict with others", "details": {"causes": manager}});
        let schema = "failed to create typed patch object (a): .spec.nope: field not declared in schema";
        let denied = r#"admission webhook "x" denied the request: spec.tags: must not be empty"#;
        let forbidden = r#"meshgateways.kuma.io "a" is forbidden: User "d" cannot patch resource "meshgateways""#;
        let quota = r#"meshgateways.kuma.io "a" is forbidden: exceeded quota"#;
        let object_name = ObjectName::new(Kind::MeshGateway, "", "a");
        for (verb, answer, expected) in [
            (Verb::Apply, http(200, object.clone()), Outcome::Written(object.clone())),
            (Verb::Create, http(201, object.clone()), Outcome::Written(object)),
            (Verb::Delete, http(200, success), Outcome::Gone),
            (Verb::MergeFinalizers, http(200, let_go), Outcome::Gone),
            (Verb::MergeFinalizers, http(200, going.clone()), Outcome::Written(going.clone())),
            (Verb::MergeFinalizers, http(409, Value::Null), Outcome::Stale),
            (Verb::Delete, http(200, going.clone()), Outcome::Written(going)),
            (Verb::Delete, http(202, gone), Outcome::Gone),
            (Verb::Delete, http(409, Value::Null), Outcome::Stale),
            (Verb::ApplyStatus, http(404, Value::Null), Outcome::Stale),
            (Verb::MergeStatus, http(409, Value::Null), Outcome::Stale),
            (Verb::Create, http(404, said("no namespace")), refused_with("no namespace", false)),
            (Verb::Apply, http(400, said(denied)), refused_with(denied, false)),
            (Verb::Apply, http(403, said(denied)), refused_with(denied, false)),
            (Verb::Apply, http(403, said(forbidden)), refused_with(forbidden, true)),
            (Verb::Apply, http(403, said(quota)), refused_with(quota, false)),
            (Verb::Create, http(409, Value::Null), Outcome::Stale),
            (Verb::Post, http(404, said("no namespace")), refused_with("no namespace", false)),
            (Verb::Post, http(409, said("already exists")), Outcome::Stale),
            (Verb::Create, http(409, conflict), refused_with("conflict with others", false)),
            (Verb::Create, http(422, cause("metadata.resourceVersion")), Outcome::Stale),
            (Verb::Apply, http(422, cause("metadata.uid")), Outcome::Stale),
            (Verb::Apply, http(500, said(schema)), refused_with(schema, false)),
            (Verb::Apply, http(500, said("failed calling webhook")), Outcome::Later(None)),
            (Verb::Apply, http(422, Value::Null), refused_with("the API server answered 422", false)),
            (Verb::Apply, http(503, Value::Null), Outcome::Later(None)),
            (Verb::Apply, Answer::Late, Outcome::Later(None)),
            (Verb::Apply, Answer::Unreachable("refused".to_owned()), Outcome::Unreachable("refused".to_owned())),
        ] {
            let shown = format!("{verb:?} {answer:?}");
            assert_eq!(judge(verb, &object_name, answer), expected, "{shown}");
        }
    }

    #[test]
    fn only_an_object_of_ours_that_the_api_server_names_is_gone() {
        let not_found = |name: &str| json!({"kind": "Status", "reason": "NotFound", "details": {"name": name}});
        let table = [
            (Kind::MeshGateway, not_found("a"), Outcome::Gone),
            // The path, or something on the way, is what is missing.
            (Kind::MeshGateway, Value::Null, Outcome::Missing),
            (Kind::MeshGateway, json!({"kind": "Status", "reason": "NotFound"}), Outcome::Missing),
            (Kind::MeshGateway, not_found("n"), Outcome::Missing),
            (Kind::MeshGateway, json!({"reason": "Unknown", "details": {"name": "a"}}), Outcome::Missing),
            // Its watch says when it is gone.
            (Kind::Gateway, not_found("a"), Outcome::Missing),
            (Kind::HttpRoute, not_found("a"), Outcome::Missing),
        ];
        for (kind, body, expected) in table {
            for verb in [Verb::Read, Verb::Delete] {
                let outcome = judge(verb, &ObjectName::new(kind, "", "a"), http(404, body.clone()));
                assert_eq!(outcome, expected, "{verb:?} {kind} {body}");
            }
        }
    }

    #[test]
    fn the_pause_that_the_server_asks_for_is_kept_within_reason() {
        let object = ObjectName::new(Kind::MeshGateway, "", "a");
        let later = |retry_after, body| judge(Verb::Apply, &object, Answer::Http { code: 429, retry_after, body });
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let detail = json!({"details": {"retryAfterSeconds": 7}});
        assert_eq!(later(seconds(3), detail.clone()), Outcome::Later(seconds(3)));
        assert_eq!(later(None, detail), Outcome::Later(seconds(7)));
        assert_eq!(later(seconds(86_400), Value::Null), Outcome::Later(seconds(300)));
        assert_eq!(later(seconds(0), Value::Null), Outcome::Later(None));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let long = "ä".repeat(2_000);
        assert_eq!(shortened(&long).len(), 1_024);
        assert_eq!(shortened(&long[..6]), "äää");
        assert_eq!(shortened(&format!("a{long}")).len(), 1_023);
    }
}
