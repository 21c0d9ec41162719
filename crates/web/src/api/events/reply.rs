//! An event with what belongs to it, as the API gives it.

use otklik_domain::Network;
use otklik_ports::CurvePoint;
use otklik_wire as wire;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{api::posts::StoredPost, service::events::EventView};

/// An event with what belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventDetails {
    /// The event.
    event: wire::Event,
    /// Its earliest post; absent when that is gone at its source.
    origin: Option<StoredPost>,
    /// Its latest incident, when there is one and you see it.
    incident: Option<wire::Incident>,
    /// How it spread.
    curve: Curve,
    /// How many posts it will get from now on, for some hours and for a day; empty when it has had none for long.
    forecast: Vec<wire::Forecast>,
}

/// How an event spread.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Curve {
    /// Width of the steps in minutes.
    step_minutes: u16,
    /// Steps with posts by network, oldest first.
    steps: Vec<CurveStep>,
}

/// A step of a curve.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CurveStep {
    /// Where it begins.
    at: String,
    /// The network.
    #[schema(value_type = String, example = "vk")]
    #[serde(with = "wire::named::network")]
    network: Network,
    /// Posts in it.
    posts: u64,
    /// Views of those posts.
    views: u64,
}

impl Curve {
    pub(super) fn new(step_minutes: u16, points: &[CurvePoint]) -> Self {
        let step = |point: &CurvePoint| CurveStep {
            at: point.at.to_string(),
            network: point.network,
            posts: point.posts,
            views: point.views,
        };
        Self { step_minutes, steps: points.iter().map(step).collect() }
    }
}

impl From<EventView> for EventDetails {
    fn from(view: EventView) -> Self {
        Self {
            event: (&view.event).into(),
            origin: view.origin.as_ref().map(Into::into),
            incident: view.incident.as_ref().map(Into::into),
            curve: Curve::new(view.curve_step_minutes, &view.curve),
            forecast: view.forecast.iter().map(Into::into).collect(),
        }
    }
}
