//! The pure stages as filters over JSON Lines.

pub(crate) mod analyse;
pub(crate) mod check;
pub(crate) mod eval;
pub(crate) mod group;
pub(crate) mod import;
pub(crate) mod predict;
pub(crate) mod route;
pub(crate) mod sla;
pub(crate) mod train;
