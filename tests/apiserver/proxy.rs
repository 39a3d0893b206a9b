//! A proxy between the controller and the API server, which does to what passes what networks, load balancers and tired
//! servers do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::{Stream, StreamExt, stream};
use http::header::{CONTENT_LENGTH, HOST};
use http::{Method, StatusCode};
use kit::apiserver::User;
use kube::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::cluster::{Cluster, runtime};

/// What is asked, as far as faults tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// What is served of a group and version. In place of the plural name stands the group.
    Discovery,
    /// A watch that begins with all objects.
    StreamingList,
    /// A watch that goes on from a version.
    Watch,
    /// A list from its first object on.
    List,
    /// The rest of a list.
    NextPage,
    /// One object.
    Read,
    Write,
}

/// What is done to a request or to its answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// It is not passed on, but answered so.
    Answer { code: u16, retry_after: Option<u32> },
    /// It is passed on later.
    Late(Duration),
    /// It is passed on, and the connection breaks in the middle of the answer.
    Unanswered,
    /// Pages of a list hold no more than so many objects.
    Pages(u32),
    /// The stream ends with the event that its version is no longer kept.
    Expired,
    /// Each event of the stream comes twice.
    Twice,
    /// Bookmarks are left out, but for the one after a list.
    NoBookmarks,
    /// The answer is the first list that ever passed, and the stream ends after it.
    Past,
}

/// A fault of requests for one kind of objects, by its plural name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) verb: Verb,
    pub(super) plural: &'static str,
    /// How many requests it happens to.
    pub(super) times: usize,
    pub(super) what: What,
}

/// For as long as it is there.
pub(super) const ALWAYS: usize = usize::MAX;

/// A running proxy, which does nothing but pass on until it is told otherwise. It ends with the value.
pub(super) struct Proxy {
    kubeconfig: PathBuf,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    client: Client,
    faults: Mutex<Vec<(Fault, usize)>>,
    /// Kinds of which no event passes.
    held: Mutex<BTreeSet<&'static str>>,
    /// The first list of each kind, line by line.
    past: Mutex<BTreeMap<String, Vec<Bytes>>>,
    cuts: watch::Sender<u64>,
}

impl Proxy {
    /// Passes on with the rights of the controller.
    pub(super) fn start(cluster: &Cluster, name: &str) -> Self {
        let client = runtime().block_on(cluster.server.client(User::Deltagate)).expect("the kubeconfig is valid");
        let shared = Arc::new(Shared {
            client,
            faults: Mutex::default(),
            held: Mutex::default(),
            past: Mutex::default(),
            cuts: watch::Sender::new(0),
        });
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let kubeconfig = cluster.server.folder().join(format!("{name}-proxy.kubeconfig"));
        let text = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "proxy", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "current-context": "proxy",
        });
        std::fs::write(&kubeconfig, text.to_string()).expect("the folder of the run can be written");
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let server = runtime().spawn(async move { drop(axum::serve(listener, router).await) });
        Self { kubeconfig, shared, server }
    }

    pub(super) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// From now on these faults happen and no others.
    pub(super) fn set(&self, faults: &[Fault]) {
        *lock(&self.shared.faults) = faults.iter().map(|fault| (*fault, 0)).collect();
    }

    /// How often each fault has happened since they were set.
    pub(super) fn happened(&self) -> Vec<usize> {
        lock(&self.shared.faults).iter().map(|(_, count)| *count).collect()
    }

    /// Breaks all streams that are open.
    pub(super) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Keeps back all events of a kind.
    pub(super) fn hold(&self, plural: &'static str) {
        lock(&self.shared.held).insert(plural);
    }

    /// Lets events pass again.
    pub(super) fn release(&self) {
        lock(&self.shared.held).clear();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a request asks for.
struct Asked {
    verb: Verb,
    plural: String,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let parts: Vec<_> = request.uri().path().split('/').filter(|part| !part.is_empty()).collect();
        // Behind "api" come one version, behind "apis" a group and one.
        let rest = parts.get(if parts.first() == Some(&"api") { 2 } else { 3 }..).unwrap_or_default();
        let rest = if rest.len() > 2 && rest[0] == "namespaces" { &rest[2..] } else { rest };
        let query = request.uri().query().unwrap_or_default();
        let verb = match (request.method() == Method::GET, rest.len() > 1) {
            (false, _) => Verb::Write,
            (true, true) => Verb::Read,
            (true, false) if rest.is_empty() => Verb::Discovery,
            (true, false) if query.contains("sendInitialEvents=true") => Verb::StreamingList,
            (true, false) if query.contains("watch=true") => Verb::Watch,
            (true, false) if query.contains("continue=") => Verb::NextPage,
            (true, false) => Verb::List,
        };
        let place = if verb == Verb::Discovery { parts.get(1) } else { rest.first() };
        Self { verb, plural: place.copied().unwrap_or_default().to_owned() }
    }
}

impl Shared {
    /// The fault that happens to this request.
    fn fault(&self, asked: &Asked) -> Option<What> {
        let mut faults = lock(&self.faults);
        let fits = |(fault, count): &&mut (Fault, usize)| {
            fault.verb == asked.verb && fault.plural == asked.plural && *count < fault.times
        };
        let (fault, count) = faults.iter_mut().find(fits)?;
        *count += 1;
        Some(fault.what)
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let asked = Asked::of(&request);
    let fault = shared.fault(&asked);
    match fault {
        Some(What::Answer { code, retry_after }) => return refusal(code, retry_after),
        Some(What::Late(delay)) => tokio::time::sleep(delay).await,
        Some(What::Past) => {
            let lines = lock(&shared.past).get(&asked.plural).cloned().unwrap_or_default();
            return Response::new(Body::from_stream(stream::iter(lines.into_iter().map(Ok::<_, Broken>))));
        }
        _ => {}
    }
    let limit = if let Some(What::Pages(limit)) = fault { Some(limit) } else { None };
    let answer = match forwarded(request, limit).await {
        Some(request) => shared.client.send(request).await,
        None => return refusal(400, None),
    };
    let Ok(answer) = answer else { return refusal(502, None) };
    let (parts, body) = answer.into_parts();
    let body = Body::new(body);
    let is_stream = matches!(asked.verb, Verb::StreamingList | Verb::Watch) && parts.status == StatusCode::OK;
    let body = match fault {
        Some(What::Unanswered) => Body::from_stream(stream::iter([Err::<Bytes, _>(Broken)])),
        _ if is_stream => Body::from_stream(events(shared, asked, fault, body)),
        _ => body,
    };
    let mut response = Response::from_parts(parts, body);
    if is_stream {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

/// The request as it is passed on; the client adds who asks.
async fn forwarded(request: Request, limit: Option<u32>) -> Option<http::Request<kube::client::Body>> {
    let (parts, body) = request.into_parts();
    let uri = parts.uri.path_and_query()?.as_str();
    let uri = limit.map_or_else(|| uri.to_owned(), |limit| uri.replace("limit=500", &format!("limit={limit}")));
    let mut passed = http::Request::builder().method(parts.method).uri(uri);
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != HOST && *name != CONTENT_LENGTH) {
        passed = passed.header(name, value);
    }
    let body = to_bytes(body, usize::MAX).await.ok()?;
    passed.body(body.to_vec().into()).ok()
}

/// An answer as the API server itself would give it.
fn refusal(code: u16, retry_after: Option<u32>) -> Response {
    let body = status(code).to_string();
    let mut response = Response::builder().status(code).header("content-type", "application/json");
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    response.body(Body::from(body)).expect("a code and a text are a response")
}

fn status(code: u16) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
           "reason": if code == 410 { "Expired" } else { "Unknown" }, "message": format!("the proxy says {code}")})
}

/// A connection that breaks.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the connection was cut")
    }
}

impl std::error::Error for Broken {}

/// The events of a watch, one line each.
fn events(
    shared: Arc<Shared>,
    asked: Asked,
    fault: Option<What>,
    body: Body,
) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
    let mut cuts = shared.cuts.subscribe();
    let cut = Box::pin(async move { drop(cuts.changed().await) });
    let whole = !matches!(fault, Some(What::Expired));
    let passed = lines(body).then(move |line| {
        let (shared, plural, verb) = (Arc::clone(&shared), asked.plural.clone(), asked.verb);
        async move {
            while lock(&shared.held).contains(plural.as_str()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if verb == Verb::StreamingList {
                shared.remember(&plural, &line);
            }
            stream::iter(altered(fault, line)).map(Ok)
        }
    });
    let expired = json!({"type": "ERROR", "object": status(410)}).to_string() + "\n";
    let end = if whole { Err(Broken) } else { Ok(Bytes::from(expired)) };
    // One that is cut breaks; one that the server ends is at its end.
    let passed = passed.flatten().take(if whole { usize::MAX } else { 0 });
    passed.take_until(cut).chain(stream::iter([end]))
}

impl Shared {
    /// Keeps the first list of a kind, up to the bookmark that ends it.
    fn remember(&self, plural: &str, line: &Bytes) {
        let mut past = lock(&self.past);
        let list = past.entry(plural.to_owned()).or_default();
        if !list.last().is_some_and(ends_a_list) {
            list.push(line.clone());
        }
    }
}

fn ends_a_list(line: &Bytes) -> bool {
    String::from_utf8_lossy(line).contains("initial-events-end")
}

fn altered(fault: Option<What>, line: Bytes) -> Vec<Bytes> {
    let is_bookmark = line.starts_with(b"{\"type\":\"BOOKMARK\"");
    match fault {
        Some(What::Twice) => vec![line.clone(), line],
        Some(What::NoBookmarks) if is_bookmark && !ends_a_list(&line) => Vec::new(),
        _ => vec![line],
    }
}

/// Cuts a body into its lines, each with its end.
fn lines(body: Body) -> impl Stream<Item = Bytes> + Send {
    let start = (Box::pin(body.into_data_stream()), Vec::new());
    stream::unfold(start, |(mut body, mut rest): (_, Vec<u8>)| async move {
        loop {
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let after = rest.split_off(end + 1);
                return Some((Bytes::from(rest), (body, after)));
            }
            rest.extend_from_slice(&body.next().await?.ok()?);
        }
    })
}
