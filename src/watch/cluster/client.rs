//! The connection to the API server.

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::client::ClientBuilder;
use kube::config::InferConfigError;
use kube::{Client, Config};

use super::requests::Requests;

/// Why there is no connection, named for what the operator does next.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Say where the cluster is.
    #[error(
        "no cluster found: set KUBECONFIG, create ~/.kube/config, or run inside a cluster \
         (or use --from DIR, which needs none)"
    )]
    NoCluster(#[source] Box<InferConfigError>),
    /// Mend the kubeconfig: it names something that cannot be used.
    #[error("the kubeconfig cannot be used (see KUBECONFIG; --from DIR needs no cluster)")]
    Unusable(#[source] Box<kube::Error>),
}

/// A client for the cluster of the kubeconfig, else of the pod we run in.
///
/// It retries nothing and limits no rate: the writer paces itself by what the server answers.
pub async fn connect(requests: &Requests) -> Result<Client, ConnectError> {
    let config = Config::infer().await.map_err(|error| ConnectError::NoCluster(Box::new(error)))?;
    client(config, requests)
}

/// A client for a configuration that somebody else found. What it asks is counted.
pub fn client(mut config: Config, requests: &Requests) -> Result<Client, ConnectError> {
    let agent = HeaderValue::from_static(concat!("deltagate/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, agent));
    // Retries inside the client would hide 429 and Retry-After from the writer.
    config.default_retry = false;
    let builder = ClientBuilder::try_from(config).map_err(|error| ConnectError::Unusable(Box::new(error)))?;
    Ok(builder.with_layer(requests).build())
}
