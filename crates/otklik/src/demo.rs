//! The demonstration: what `otklik demo` plays without any source, and what is true about it.

pub(crate) mod day;
