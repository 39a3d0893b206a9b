//! What operators ask over HTTP: is it alive, is it ready, what does it count.

mod inputs;
pub mod metrics;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::engine_thread::Readiness;
use metrics::Metrics;

/// What the pages are made from.
#[derive(Clone, Debug)]
pub struct Admin {
    /// How far the start has come.
    pub readiness: Readiness,
    /// The counters.
    pub metrics: Arc<Metrics>,
}

/// The pages.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_page))
        .with_state(admin)
}

/// Binds the address. Apart from [`serve`], so that a port in use is told before anything starts.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves the pages until `shutdown` is done.
pub async fn serve(
    listener: TcpListener,
    admin: Admin,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(admin)).with_graceful_shutdown(shutdown).await
}

async fn readyz(State(admin): State<Admin>) -> Response {
    if admin.readiness.is_ready() {
        return "ok\n".into_response();
    }
    let missing = admin.readiness.missing();
    let reason = if missing.is_empty() {
        "not ready: the first epoch is being computed\n".to_owned()
    } else {
        let cause = admin.readiness.cause().map_or_else(String::new, |cause| format!(": {cause}"));
        format!("not ready: waiting for {}{cause}\n", missing.join(", "))
    };
    (StatusCode::SERVICE_UNAVAILABLE, reason).into_response()
}

async fn metrics_page(State(admin): State<Admin>) -> Response {
    match admin.metrics.encode() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
