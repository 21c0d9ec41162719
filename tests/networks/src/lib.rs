//! VK, OK, Telegram and news sites as they behave: paging, quotas a second and a day, codes of errors, edits, deletions, replies
//! that come late, old copies, broken and missing answers. Everything follows from a seed and the time of a clock that is set.
//!
//! [`World`] answers requests; [`serve`] puts it on a port of this machine; [`Day`] has the crawl read it in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod day;
mod desk;
mod http;
mod judge;
mod ledger;
mod life;
mod networks;
mod random;
mod world;

pub use day::{Day, DayConfig};
pub use http::{Direct, serve};
pub use judge::{Lag, Outcome};
pub use ledger::{Ledger, Limits};
pub use life::Size;
pub use random::Random;
pub use world::{Answer, Call, World};
