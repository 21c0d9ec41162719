//! Who is read next: a pure function of what is known about the sources, what their limits leave, and the time.
//!
//! Networks allow so many calls a second and so many a day. Within a day's budget the calls go where most residents' words
//! are expected to wait: a source whose posts come at rate λ and that was read τ ago has on average λτ²/2 post-hours of
//! waiting behind it, and the largest of these is read next. It is the same as reading each source at a pace proportional to
//! the square root of its rate, which is the least total waiting for a number of calls, but it needs no solving and follows
//! the hours of the day and what has just been found.

mod budget;
mod profile;
mod turns;

pub use budget::{Budgets, Lane, Limit};
pub use profile::Profile;
pub use turns::{Candidate, Planned, Policy, next_slot, plan, waiting};
