//! Places: a gazetteer recognised in every case of declension, streets and houses by how they are written.

mod cues;
mod decline;
mod gazetteer;
mod resolve;
mod street;
mod surroundings;

pub(crate) use cues::Cues;
pub use gazetteer::{Gazetteer, Place};
pub(crate) use resolve::{Context, resolve};
