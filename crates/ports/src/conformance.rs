//! What every adapter of a port has to do, as tests that its own tests call.
//!
//! A suite makes a fresh, empty adapter for each of its cases and panics with the case's finding.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a suite is test code that adapters in other crates call")]

pub mod incidents;
pub mod log;
pub mod posts;
pub mod rows;
pub mod search;
pub mod snapshots;
