//! The HTTP server: the desk, the API, and the metrics of the process.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::{Router, extract::State, http::header::CONTENT_TYPE, response::IntoResponse, routing::get};
use listenfd::ListenFd;
use metrics_exporter_prometheus::PrometheusHandle;
use otklik_ports::Log;
use otklik_web::App;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{stages::lags, system::System};

/// Records a stage has still to read.
const LAG_RECORDS: &str = "otklik_stage_lag_records";

/// Takes the address, or the socket that the service manager hands over in its place: that one stays open while the process
/// is started again, and who asks meanwhile waits.
///
/// # Errors
/// It is taken, or is none of this machine; the message names it.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let handed_over =
        ListenFd::from_env().take_tcp_listener(0).context("what was handed over is no socket to listen on")?;
    let listener = match handed_over {
        Some(listener) => {
            listener.set_nonblocking(true).context("cannot use the socket that was handed over")?;
            TcpListener::from_std(listener).context("cannot use the socket that was handed over")?
        }
        None => TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}: choose another by `listen` of [web] or --listen"))?,
    };
    let address = listener.local_addr().context("cannot listen")?;
    Ok((listener, address))
}

/// Serves until `stop`, then lets the requests that run come to their end.
///
/// # Errors
/// The server fails.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await.context("the server failed")
}

/// The desk, the API and the metrics of a process that does everything.
pub(crate) fn desk(app: App, system: &System, handle: PrometheusHandle) -> Router {
    let own = metrics_route(Arc::clone(&system.engines.log), handle);
    otklik_web::router(app).merge(own)
}

/// The metrics.
pub(crate) fn metrics_route(log: Arc<dyn Log>, handle: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(render)).with_state(Metrics { log, handle })
}

/// What `/metrics` is rendered from.
#[derive(Clone)]
struct Metrics {
    log: Arc<dyn Log>,
    handle: PrometheusHandle,
}

async fn render(State(own): State<Metrics>) -> impl IntoResponse {
    match lags(own.log.as_ref()).await {
        Ok(lags) => {
            for (stage, lag) in lags {
                metrics::gauge!(LAG_RECORDS, "stage" => stage).set(lag as f64);
            }
        }
        Err(error) => tracing::warn!(error = %error, "lags cannot be read"),
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], own.handle.render())
}
