//! What is expected of an event, on the wire.

use otklik_domain as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many posts an event will get: in four cases of five from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// In so many hours from now.
    pub hours: u32,
    /// As likely more as fewer.
    pub likely: u32,
    /// The fewest.
    pub low: u32,
    /// The most.
    pub high: u32,
}

impl From<&domain::Forecast> for Forecast {
    fn from(forecast: &domain::Forecast) -> Self {
        let domain::Forecast { hours, likely, low, high } = *forecast;
        Self { hours, likely, low, high }
    }
}
