//! Why a measurement on a cluster ended early.

use std::time::Duration;

use kit::apiserver::HarnessError;

/// Named for what whoever runs it does next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Look at what the harness says.
    #[error("the API server of the measurement: {0:?}")]
    Harness(#[from] HarnessError),
    /// Look at the cluster.
    #[error("{what}")]
    Request {
        what: String,
        #[source]
        cause: Box<kube::Error>,
    },
    /// Build the controller, or say where it is.
    #[error("{0}: build it with `cargo build --release`, or name another one with --controller")]
    Controller(String, #[source] std::io::Error),
    /// Look at the controller's log, which is named.
    #[error("{0}")]
    Ended(String),
    /// What was waited for did not come: the cluster is too slow, or the controller is wrong.
    #[error("{what}: not within {limit:?}")]
    Late { what: String, limit: Duration },
}

impl Trouble {
    pub(crate) fn request(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |cause| Self::Request { what, cause: Box::new(cause) }
    }
}
