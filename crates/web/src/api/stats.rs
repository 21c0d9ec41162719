//! `/stats`

mod board;

use axum::{Json as Reply, extract::State};
use otklik_domain::{BlockId, EventId, PlaceId, RegionId, TopicId};
use otklik_ports::{CountBy, PostFilter, Timeline};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::extract::{self, Query};
use crate::{
    App, Caller,
    error::{Error, Result},
    service::stats::{self, COUNTS_MAX},
};

const STATS: &str = "statistics";
/// Values given when the request does not say how many.
const COUNTS_USUAL: usize = 100;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(count_posts))
        .routes(routes!(posts_over_time))
        .routes(routes!(board::count_incidents))
}

/// Declares the parameters of a request that speaks of the posts of a filter, with the filter's fields after its own.
macro_rules! with_post_filter {
    ($(#[$meta:meta])* struct $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields, default)]
        #[into_params(parameter_in = Query)]
        struct $name {
            $($own)*
            /// Of this region.
            region: Option<String>,
            /// Published at or after, RFC 3339.
            from: Option<String>,
            /// Published before, RFC 3339.
            to: Option<String>,
            /// Of this event.
            event: Option<String>,
            /// Whose main topic lies in this block.
            block: Option<String>,
            /// With this topic among theirs.
            topic: Option<String>,
            /// In this municipality.
            municipality: Option<String>,
            /// Of this network.
            network: Option<String>,
            /// Of this polarity.
            sentiment: Option<String>,
            /// Of this intent.
            intent: Option<String>,
            /// With this value of a source's label: `name:value`.
            label: Option<String>,
        }

        impl $name {
            fn filter(&self) -> Result<PostFilter> {
                let label = self.label.as_deref().map(|label| {
                    let pair = label.split_once(':').ok_or_else(|| Error::invalid("label", "must be name:value"))?;
                    Ok::<_, Error>((pair.0.to_owned(), pair.1.to_owned()))
                });
                Ok(PostFilter {
                    region: self.region.as_deref().map(RegionId::from),
                    from: extract::time("from", self.from.as_deref())?,
                    to: extract::time("to", self.to.as_deref())?,
                    event: self.event.as_deref().map(EventId::from),
                    block: self.block.as_deref().map(BlockId::from),
                    topic: self.topic.as_deref().map(TopicId::from),
                    municipality: self.municipality.as_deref().map(PlaceId::from),
                    network: extract::one("network", self.network.as_deref())?,
                    sentiment: extract::one("sentiment", self.sentiment.as_deref())?,
                    intent: extract::one("intent", self.intent.as_deref())?,
                    label: label.transpose()?,
                })
            }
        }
    };
}

with_post_filter! {
    /// What to count by, and which posts.
    struct CountParams {
        /// `block`, `topic`, `municipality`, `network`, `sentiment`, `intent`, `severity`, `language`, `community`, or
        /// `label:NAME` for a label of the source.
        #[param(example = "block", required)]
        by: String,
        /// At most so many values, 1..1000; 100 when left out.
        limit: Option<usize>,
    }
}

/// Counts by a field.
#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    /// The most frequent first, then by value.
    counts: Vec<CountBody>,
}

/// A value and how often it occurs.
#[derive(Debug, Serialize, ToSchema)]
struct CountBody {
    /// The value; empty where a post has none.
    value: String,
    /// Its name for people, where the value is an id.
    name: Option<String>,
    /// Posts.
    posts: u64,
}

/// Counts posts by a field.
#[utoipa::path(get, path = "/stats/counts", tag = STATS, params(CountParams),
    responses((status = 200, description = "Counts.", body = Counts)))]
async fn count_posts(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<CountParams>,
) -> Result<Reply<Counts>> {
    let by = count_by(&params.by)?;
    let (limit, _) = super::page(Some(params.limit.unwrap_or(COUNTS_USUAL)), None, COUNTS_MAX)?;
    let counts = stats::counts(&app, &actor, &by, &params.filter()?, limit).await?;
    let directory = app.directory();
    let name = |value: &str| match by {
        CountBy::Block => Some(directory.catalogue.block_name(&value.into()).to_owned()),
        CountBy::Topic => Some(directory.catalogue.topic_name(&value.into()).to_owned()),
        CountBy::Municipality => Some(directory.catalogue.place_name(&value.into()).to_owned()),
        _ => None,
    };
    let counts = counts.into_iter().map(|count| CountBody {
        name: name(&count.value).filter(|name| !name.is_empty()),
        value: count.value,
        posts: count.posts,
    });
    Ok(Reply(Counts { counts: counts.collect() }))
}

with_post_filter! {
    /// How fine a timeline, and of which posts.
    struct TimelineParams {
        /// `hours` or `days`; days when left out.
        step: Option<String>,
        /// Minutes east of UTC a day begins by; 180 (Moscow) when left out.
        utc_offset_minutes: Option<i16>,
    }
}

/// Posts over time.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineBody {
    /// Steps with posts, oldest first.
    steps: Vec<TimelineStep>,
}

/// A step of a timeline.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineStep {
    /// Where it begins.
    at: String,
    /// Posts in it.
    posts: u64,
    /// Negative ones among them.
    negative: u64,
}

/// Counts posts over time.
#[utoipa::path(get, path = "/stats/timeline", tag = STATS, params(TimelineParams),
    responses((status = 200, description = "Posts over time.", body = TimelineBody)))]
async fn posts_over_time(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<TimelineParams>,
) -> Result<Reply<TimelineBody>> {
    let utc_offset_minutes = params.utc_offset_minutes.unwrap_or(180);
    if !(-720..=840).contains(&utc_offset_minutes) {
        return Err(Error::invalid("utc_offset_minutes", "must be −720 to 840"));
    }
    let step = match params.step.as_deref() {
        None | Some("days") => Timeline::Days { utc_offset_minutes },
        Some("hours") => Timeline::Hours,
        Some(_) => return Err(Error::invalid("step", "must be hours or days")),
    };
    let points = stats::timeline(&app, &actor, &params.filter()?, step).await?;
    let steps = points.into_iter().map(|point| TimelineStep {
        at: point.at.to_string(),
        posts: point.posts,
        negative: point.negative,
    });
    Ok(Reply(TimelineBody { steps: steps.collect() }))
}

fn count_by(name: &str) -> Result<CountBy> {
    Ok(match name {
        "block" => CountBy::Block,
        "topic" => CountBy::Topic,
        "municipality" => CountBy::Municipality,
        "network" => CountBy::Network,
        "sentiment" => CountBy::Sentiment,
        "intent" => CountBy::Intent,
        "severity" => CountBy::Severity,
        "language" => CountBy::Language,
        "community" => CountBy::Community,
        _ => match name.split_once(':') {
            Some(("label", label)) if !label.is_empty() => CountBy::Label(label.to_owned()),
            _ => {
                let known =
                    "block, topic, municipality, network, sentiment, intent, severity, language, community, label:NAME";
                return Err(Error::invalid("by", format!("must be one of {known}")));
            }
        },
    })
}
