//! Deadlines: working time, production calendar, pauses, and the trace that says why something is overdue.

mod calendar;
mod clocks;
mod deadline;

pub use calendar::{Calendar, CalendarError, Day, DayKind};
pub use clocks::{Tick, clocks, tick};
pub use deadline::{Deadline, Interval, Schedule, deadline};
