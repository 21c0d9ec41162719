//! The API over the ports in memory.

mod authorization;
mod bad_input;
mod changes;
mod idempotency;
mod openapi;
mod replies;
mod sessions;
