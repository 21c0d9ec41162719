//! What the process tells about itself: log lines on standard error, metrics for Prometheus.

use std::io::IsTerminal;

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config::{LogFormat, log_filter};

/// Log lines of a deployment: warnings, and what Otklik itself has to say.
pub(crate) const ALL: &str = "warn,otklik=info";
/// Log lines beside output that somebody reads.
pub(crate) const WARNINGS: &str = "warn";

/// Starts writing log lines: those `OTKLIK_LOG` asks for, else the usual ones.
///
/// # Errors
/// `OTKLIK_LOG` makes no sense.
pub(crate) fn start_logging(format: LogFormat, usual: &str) -> anyhow::Result<()> {
    let filter = log_filter();
    let filter = filter.as_deref().unwrap_or(usual);
    let filter = EnvFilter::try_new(filter).context("OTKLIK_LOG makes no sense, write it like `warn,otklik=debug`")?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.compact().boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init().context("cannot start the log lines")
}

/// Starts counting; the handle renders what was counted.
///
/// # Errors
/// Something counts already.
pub(crate) fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().context("cannot start the metrics")
}
