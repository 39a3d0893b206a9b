//! How long an API server is waited for.

use std::future::Future;
use std::time::Duration;

/// Silence after which a stream counts as dead. API servers send a bookmark every minute; where none come, a reconnect
/// costs little.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(150);

/// Longest wait for an answer, for a page of a list or for the headers of a watch.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// An answer did not come.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} s", ANSWER_MAX.as_secs())]
pub(super) struct Late;

/// Waits for an answer, but not for ever.
pub(super) async fn within<T>(answer: impl Future<Output = T>) -> Result<T, Late> {
    tokio::time::timeout(ANSWER_MAX, answer).await.map_err(|_| Late)
}
