//! Services over the ports in memory.

mod corrections;
mod deadlines;
mod merging;
mod opening;
