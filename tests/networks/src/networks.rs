//! How each network answers.

pub(crate) mod feeds;
pub(crate) mod graph;
pub(crate) mod ok;
pub(crate) mod telegram;
pub(crate) mod vk;
pub(crate) mod x;
