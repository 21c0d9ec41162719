//! Decisions of Otklik as pure functions of state, input and now: deadlines, routes, incidents, duplicates, events, risk,
//! forecasts.
//!
//! Nothing here reads a clock, a file or the environment, and the same input gives the same output, byte for byte.

pub mod forecast;
pub mod group;
pub mod incidents;
pub mod region;
pub mod routing;
pub mod sla;
