//! The HTTP server: the desk, the API, and the metrics of the process.

use std::net::SocketAddr;

use anyhow::Context;
use axum::{Router, extract::State, http::header::CONTENT_TYPE, response::IntoResponse, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use otklik_web::App;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::system::System;

/// Records a stage has still to read.
const LAG_RECORDS: &str = "otklik_stage_lag_records";

/// Seconds since a source answered; whether something stands in its way; lists its crawl may still read today.
const SOURCE_AGE: &str = "otklik_source_age_seconds";
const SOURCE_TROUBLE: &str = "otklik_source_trouble";
const SOURCE_QUOTA: &str = "otklik_source_quota_left";

/// Takes the address.
///
/// # Errors
/// It is taken, or is none of this machine; the message names it.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: choose another by `listen` of [web] or --listen"))?;
    let address = listener.local_addr().context("cannot listen")?;
    Ok((listener, address))
}

/// Serves until `stop`, then lets the requests that run come to their end.
///
/// # Errors
/// The server fails.
pub(crate) async fn serve(
    listener: TcpListener,
    app: App,
    system: Arc<System>,
    metrics: PrometheusHandle,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let own = Router::new().route("/metrics", get(render)).with_state(Metrics { system, metrics });
    let service = otklik_web::router(app).merge(own).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await.context("the server failed")
}

/// What `/metrics` is rendered from.
#[derive(Clone)]
struct Metrics {
    system: Arc<System>,
    metrics: PrometheusHandle,
}

async fn render(State(own): State<Metrics>) -> impl IntoResponse {
    match own.system.lags().await {
        Ok(lags) => {
            for (stage, lag) in lags {
                metrics::gauge!(LAG_RECORDS, "stage" => stage).set(lag as f64);
            }
        }
        Err(error) => tracing::warn!(error = format!("{error:#}"), "lags cannot be read"),
    }
    cover(&own.system);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], own.metrics.render())
}

/// The map of coverage as figures.
fn cover(system: &System) {
    let now = system.clock.now();
    for source in system.coverage.sources() {
        let labels = [("network", source.network.as_str().to_owned()), ("source", source.id)];
        if let Some(answered) = source.answered_at {
            metrics::gauge!(SOURCE_AGE, &labels).set(now.duration_since(answered).as_secs_f64());
        }
        metrics::gauge!(SOURCE_TROUBLE, &labels).set(if source.trouble.is_some() { 1.0 } else { 0.0 });
        if let Some(left) = source.quota_left {
            metrics::gauge!(SOURCE_QUOTA, "crawl" => source.crawl).set(f64::from(left));
        }
    }
}
