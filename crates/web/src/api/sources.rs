//! `/sources`

use axum::{Json as Reply, extract::State};
use otklik_domain::{Network, RegionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Meta,
    extract::{self, Query},
    page,
};
use crate::{
    App, Caller,
    error::Result,
    service::sources::{self, SOURCE_PAGE_MAX, SourceFilter},
    sources::{CoveredSource, SourceTrouble},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_sources))
}

/// Which sources.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct SourceParams {
    /// Of this network.
    #[param(example = "vk")]
    network: Option<String>,
    /// Whose posts belong to this region.
    region: Option<String>,
    /// Only those with something in the way, or only those without.
    troubled: Option<bool>,
    /// At most so many, 1..1000; 50 when left out.
    limit: Option<usize>,
    /// Skip so many, at most 10,000.
    offset: Option<usize>,
}

/// What is read, and how far it is covered.
#[derive(Debug, Serialize, ToSchema)]
struct SourceList {
    /// Who says so: `crawler` (it runs in this process), `log` (it runs elsewhere, what it wrote there is some minutes old),
    /// `nobody` (no crawler runs here, and nothing is known of one elsewhere).
    #[schema(example = "crawler")]
    told_by: &'static str,
    /// The sources, those in trouble first.
    sources: Vec<SourceBody>,
    /// Which page it is.
    meta: Meta,
}

/// A source.
#[derive(Debug, Serialize, ToSchema)]
struct SourceBody {
    /// The crawl it belongs to: its sources share a token and the limits of it.
    #[schema(example = "vk:main")]
    crawl: String,
    /// Its network.
    #[schema(example = "vk")]
    network: &'static str,
    /// Its id: a wall's number, a channel's name, a feed's address.
    #[schema(example = "-123456")]
    id: String,
    /// Its name, as it says; empty before it was read.
    name: String,
    /// The region of its posts.
    region: String,
    /// Publications expected in a day.
    posts_a_day: f64,
    /// Readings planned for a day.
    reads_a_day: f64,
    /// Mean minutes from publishing to reading, by the plan.
    planned_lag_minutes: f64,
    /// The same as it was of late; absent before anything new was read.
    lag_minutes: Option<f64>,
    /// When it answered last.
    answered_at: Option<String>,
    /// Lists that its crawl may still read today, where that is limited and known here.
    quota_left: Option<u32>,
    /// What stands in the way, until it answers again.
    trouble: Option<TroubleBody>,
    /// Since when publications may be missing.
    not_covered_since: Option<String>,
}

/// What stands in the way of a source.
#[derive(Debug, Serialize, ToSchema)]
struct TroubleBody {
    /// Its kind.
    #[schema(example = "unavailable")]
    kind: String,
    /// The words of the network.
    message: String,
    /// What the crawler does about it.
    #[schema(example = "mark_source_unavailable")]
    action: &'static str,
    /// When it happened.
    at: String,
    /// When the source is asked again; absent when at its next turn, or once somebody has seen to it.
    again_at: Option<String>,
}

impl From<&CoveredSource> for SourceBody {
    fn from(source: &CoveredSource) -> Self {
        Self {
            crawl: source.crawl.clone(),
            network: source.network.as_str(),
            id: source.id.clone(),
            name: source.name.clone(),
            region: source.region.to_string(),
            posts_a_day: rounded(source.posts_a_day),
            reads_a_day: rounded(source.reads_a_day),
            planned_lag_minutes: rounded(source.planned_lag_minutes),
            lag_minutes: source.lag_minutes.map(rounded),
            answered_at: source.answered_at.map(|at| at.to_string()),
            quota_left: source.quota_left,
            trouble: source.trouble.as_ref().map(Into::into),
            not_covered_since: source.not_covered_since.map(|since| since.to_string()),
        }
    }
}

impl From<&SourceTrouble> for TroubleBody {
    fn from(trouble: &SourceTrouble) -> Self {
        Self {
            kind: trouble.kind.clone(),
            message: trouble.message.clone(),
            action: trouble.action,
            at: trouble.at.to_string(),
            again_at: trouble.again_at.map(|at| at.to_string()),
        }
    }
}

/// To a tenth: what is expected is no more exact.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Lists sources with how far each is covered.
#[utoipa::path(get, path = "/sources", tag = "sources", params(SourceParams),
    responses((status = 200, description = "Sources.", body = SourceList)))]
async fn list_sources(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<SourceParams>,
) -> Result<Reply<SourceList>> {
    let (limit, offset) = page(params.limit, params.offset, SOURCE_PAGE_MAX)?;
    let filter = SourceFilter {
        network: extract::one::<Network>("network", params.network.as_deref())?,
        region: params.region.filter(|region| !region.is_empty()).map(RegionId::new),
        troubled: params.troubled,
    };
    let coverage = sources::coverage(&app, &actor, &filter).await?;
    let total = u64::try_from(coverage.sources.len()).ok();
    let sources = coverage.sources.iter().skip(offset).take(limit).map(Into::into).collect();
    Ok(Reply(SourceList { told_by: coverage.teller.as_str(), sources, meta: Meta { total, limit, offset } }))
}
