//! Tables with a post in each row: CSV, TSV and JSON Lines, also gzipped, of any size.

mod map;
mod rows;
mod separated;

pub use map::ColumnMap;
pub use rows::{Rows, TableError};
