//! Reading sources again and again, so that nothing is missed and nothing comes twice.
//!
//! A [`Crawl`] reads sources that share a limit: those of a token, of a host, or feeds. Who is next is decided by
//! [`crate::schedule`]. What is known of a source is its state; it is written into the log as the source's cursor, in one step
//! with the posts that changed it. After a kill a crawl goes on from there: what was appended is known, what was not is read again.

mod asks;
mod calls;
mod counters;
mod coverage;
mod crawler;
mod faults;
mod intake;
mod listing;
mod pages;
mod reading;
mod source;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod threads;

pub use asks::Limits;
pub use coverage::{Coverage, Standing};
pub use crawler::{Crawl, CrawlConfig, CrawlPorts, Step};
pub use intake::{Intake, Timer};
pub use source::{Source, SourceProblem};
pub use target::Target;
