//! An API server that says what a test has written down.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use dataflows::model::Settings;
use futures::{Stream, StreamExt, stream};
use http::{Request, Response};
use kube::Client;
use tokio::time::Instant;
use tower::Service;

use crate::events::Event;
use crate::observations::Feed;

/// Time after which nothing more is asked. It is made up, so that it costs nothing.
const PATIENCE: Duration = Duration::from_secs(86_400);

/// What becomes of a request.
pub(super) enum Answer {
    /// It is never answered.
    Nothing,
    /// A text, after which the answer has ended.
    Whole(String),
    /// Lines, after which nothing more is said.
    Open(Vec<String>),
    /// No, with this code of HTTP.
    Refused(u16),
}

/// Answers by what is asked, which it remembers.
#[derive(Clone)]
pub(super) struct Server {
    asked: Arc<Mutex<Vec<String>>>,
    answer: fn(&str, usize) -> Answer,
}

impl Server {
    /// `answer` is given path and query, and how many requests came before.
    pub(super) fn new(answer: fn(&str, usize) -> Answer) -> Self {
        Self { asked: Arc::default(), answer }
    }

    pub(super) fn client(&self) -> Client {
        Client::new(self.clone(), "default")
    }

    /// What was asked, once it is so many requests.
    pub(super) async fn asked(&self, requests: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if asked.len() >= requests {
                return asked;
            }
            assert!(begun.elapsed() < PATIENCE, "{} of {requests} requests: {asked:?}", asked.len());
            // Time goes on by itself where nothing else happens.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

impl<In> Service<Request<In>> for Server {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let asked = request.uri().to_string();
        let mut before = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = (self.answer)(&asked, before.len());
        before.push(asked);
        drop(before);
        Box::pin(async {
            match answer {
                Answer::Nothing => std::future::pending().await,
                Answer::Whole(text) => Ok(Response::new(Body::from(text))),
                Answer::Refused(code) => {
                    let status =
                        format!(r#"{{"kind": "Status", "status": "Failure", "message": "no", "code": {code}}}"#);
                    let mut response = Response::new(Body::from(status));
                    *response.status_mut() = http::StatusCode::from_u16(code).expect("a test names codes that exist");
                    Ok(response)
                }
                Answer::Open(lines) => Ok(Response::new(Body::from_stream(open(lines)))),
            }
        })
    }
}

fn open(lines: Vec<String>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(lines).map(|line| Ok(Bytes::from(line + "\n"))).chain(stream::pending())
}

/// A feed with the events that it gives.
pub(super) fn feed() -> (Arc<Feed>, crossbeam_channel::Receiver<Event>) {
    let (events, received) = crossbeam_channel::unbounded();
    (Arc::new(Feed::new(Arc::new(Settings::default()), events, Arc::default())), received)
}
