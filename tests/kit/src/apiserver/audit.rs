//! What the API server was asked, by whom: the audit log as values that a test can count.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{HarnessError, User};

/// Time between two looks at the log while waiting.
const POLL: Duration = Duration::from_millis(20);

/// A place in the audit log, between two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// The audit log from some place on. It keeps nothing in memory: each question reads the file again.
///
/// Guaranteed: a write whose answer has arrived is in the log, except within a few milliseconds of an answer so large
/// that the server sends it in parts. Not guaranteed: requests that are still under way, apart from watches.
#[derive(Clone, Debug)]
pub struct AuditLog {
    path: PathBuf,
    from: Mark,
}

/// One request for a resource that the API server has answered; a watch counts once, when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What was asked for: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The plural name of the kind.
    pub resource: String,
    /// For example `status`, empty for the object itself.
    pub subresource: String,
    /// Empty for cluster scoped objects and for requests over all namespaces.
    pub namespace: String,
    /// Empty where the request names no object.
    pub name: String,
    /// HTTP status of the answer.
    pub code: u16,
    /// How the client called itself.
    pub user_agent: String,
    /// When the request arrived; as text in RFC 3339 with microseconds, which sorts by time.
    pub time: String,
}

impl Request {
    /// Whether the request only looks.
    pub fn is_read(&self) -> bool {
        matches!(self.verb.as_str(), "get" | "list" | "watch")
    }

    /// Whether the request creates, changes or deletes, successfully or not.
    pub fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection")
    }

    /// Whether the request is about a Lease: a leader renews its own without anything having changed.
    pub fn is_lease(&self) -> bool {
        self.group == "coordination.k8s.io" && self.resource == "leases"
    }
}

impl AuditLog {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, from: Mark(0) }
    }

    /// The present end of the log.
    pub fn mark(&self) -> Result<Mark, HarnessError> {
        let text = self.read()?;
        Ok(Mark(self.from.0 + text.len() as u64))
    }

    /// The log after a mark.
    #[must_use]
    pub fn since(&self, mark: Mark) -> Self {
        Self { path: self.path.clone(), from: mark }
    }

    /// All requests of a user for resources, in the order in which they were logged.
    pub fn requests_of(&self, user: User) -> Result<Vec<Request>, HarnessError> {
        let text = self.read()?;
        let needle = format!("\"username\":\"{user}\"");
        text.lines().filter(|line| line.contains(&needle)).filter_map(|line| request(line, user).transpose()).collect()
    }

    /// The requests of a user that create, change or delete, apart from those for Leases.
    pub fn writes_of(&self, user: User) -> Result<Vec<Request>, HarnessError> {
        let mut requests = self.requests_of(user)?;
        requests.retain(|request| request.is_write() && !request.is_lease());
        Ok(requests)
    }

    /// Waits until the requests of a user satisfy a condition, and returns them.
    pub fn wait_until(
        &self,
        user: User,
        limit: Duration,
        mut condition: impl FnMut(&[Request]) -> bool,
    ) -> Result<Vec<Request>, HarnessError> {
        let deadline = Instant::now() + limit;
        loop {
            let requests = self.requests_of(user)?;
            if condition(&requests) {
                return Ok(requests);
            }
            if Instant::now() >= deadline {
                return Err(HarnessError::new(format!(
                    "the requests of {user} are not what the test waits for after {limit:?}: {requests:#?}"
                )));
            }
            thread::sleep(POLL);
        }
    }

    /// Waits until a user has written nothing (Leases apart) for `quiet`, and returns the end of the log at that time.
    pub fn wait_for_silence(&self, user: User, quiet: Duration, limit: Duration) -> Result<Mark, HarnessError> {
        let deadline = Instant::now() + limit;
        let (mut mark, mut since) = (self.from, Instant::now());
        loop {
            let rest = self.since(mark);
            let end = rest.mark()?;
            if !rest.writes_of(user)?.is_empty() {
                since = Instant::now();
            } else if since.elapsed() >= quiet {
                return Ok(end);
            }
            if Instant::now() >= deadline {
                let writes = self.writes_of(user)?;
                return Err(HarnessError::new(format!(
                    "{user} was not silent for {quiet:?} within {limit:?}; {} writes, the last of them {:#?}",
                    writes.len(),
                    writes.last()
                )));
            }
            mark = end;
            thread::sleep(POLL);
        }
    }

    /// The complete lines from the start of this part on.
    fn read(&self) -> Result<String, HarnessError> {
        let failed = || HarnessError::because(format!("reading {}", self.path.display()));
        let mut file = File::open(&self.path).map_err(failed())?;
        file.seek(SeekFrom::Start(self.from.0)).map_err(failed())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed())?;
        let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes.truncate(complete);
        String::from_utf8(bytes).map_err(HarnessError::because(format!("reading {}", self.path.display())))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    stage: String,
    verb: String,
    user: UserInfo,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: Option<ObjectRef>,
    #[serde(default)]
    response_status: Option<ResponseStatus>,
    request_received_timestamp: String,
}

#[derive(Deserialize)]
struct UserInfo {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct ResponseStatus {
    #[serde(default)]
    code: u16,
}

/// The request of one line; none for discovery, for another user and for the end of a watch.
fn request(line: &str, user: User) -> Result<Option<Request>, HarnessError> {
    let event: Event =
        serde_json::from_str(line).map_err(HarnessError::because(format!("reading the audit log line {line}")))?;
    // The one place where a watch is counted is its start: its end says that a client or the server went away.
    let counted = (event.stage == "ResponseStarted") == (event.verb == "watch");
    if event.user.username != user.name() || !counted {
        return Ok(None);
    }
    Ok(event.object_ref.map(|object| Request {
        verb: event.verb,
        group: object.api_group,
        resource: object.resource,
        subresource: object.subresource,
        namespace: object.namespace,
        name: object.name,
        code: event.response_status.map_or(0, |status| status.code),
        user_agent: event.user_agent,
        time: event.request_received_timestamp,
    }))
}
