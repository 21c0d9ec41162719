//! Telling others of changes: signed requests to the addresses that asked for them.

pub(crate) mod address;
