//! Reading over HTTP as a polite guest that trusts nobody: see [`HttpFetch`].

mod address;
mod body;
mod client;
mod failure;
mod headers;
mod names;
mod robots;

pub use client::{HttpFetch, HttpSettings};
pub use names::{NameLookup, SystemLookup};
pub use robots::Robots;

#[cfg(test)]
mod tests;
