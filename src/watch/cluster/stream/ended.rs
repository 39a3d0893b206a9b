//! Why a connection ended.

use crate::causes::chain;
use crate::watch::cluster::patience::Late;

/// Why a connection ended, named for what the stream does next.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// Go on from the last version.
    #[error("the API server closed the watch")]
    Closed,
    /// Begin with a new list.
    #[error("the last version is no longer kept")]
    Expired,
    /// List in pages instead.
    #[error("streaming lists are not served")]
    NoStreamingLists,
    /// Tell the operator what is missing, and ask again later.
    #[error("may not {verb}: {reason}")]
    Forbidden { verb: &'static str, reason: String },
    /// Look whether the kind is served at all.
    #[error("not served: {0}")]
    NotServed(String),
    /// Try again later.
    #[error("{0}")]
    Failed(String),
    /// Nothing: the stream is not wanted any more.
    #[error("stopped")]
    Stopped,
}

impl Ended {
    /// What an error of a request says.
    pub(super) fn of(error: &kube::Error, verb: &'static str) -> Self {
        let kube::Error::Api(status) = error else { return Self::Failed(chain(error)) };
        let reason = status.message.clone();
        match status.code {
            410 => Self::Expired,
            // The version we ask for is from a future that a restored cluster does not know.
            _ if reason.contains("Too large resource version") => Self::Expired,
            403 => Self::Forbidden { verb, reason },
            404 => Self::NotServed(reason),
            _ => Self::Failed(reason),
        }
    }
}

impl From<Late> for Ended {
    fn from(late: Late) -> Self {
        Self::Failed(late.to_string())
    }
}
