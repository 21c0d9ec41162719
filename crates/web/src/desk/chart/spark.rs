//! Columns the size of a word, for rows of a list.

use askama::Template;

const HEIGHT: u32 = 24;
const STEP: u32 = 4;
const COLUMN: u32 = 3;

/// Small columns without axes.
#[derive(Debug, Clone, Template)]
#[template(path = "chart/spark.html")]
pub(crate) struct Spark {
    columns: Vec<Column>,
    width: u32,
    height: u32,
    label: String,
}

#[derive(Debug, Clone)]
struct Column {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    empty: bool,
}

impl Spark {
    /// Draws values in order; `label` says in words what they are.
    pub(crate) fn new(values: &[u64], label: impl Into<String>) -> Self {
        let max = values.iter().copied().max().unwrap_or(0).max(1);
        let columns = (0_u32..).zip(values).map(|(index, &value)| {
            // What is not nothing is seen, however small.
            let height = if value == 0 { 1 } else { (value * u64::from(HEIGHT)).div_ceil(max).max(3) as u32 };
            Column { x: index * STEP, y: HEIGHT - height, width: COLUMN, height, empty: value == 0 }
        });
        let columns: Vec<Column> = columns.collect();
        Self { width: columns.len() as u32 * STEP, columns, height: HEIGHT, label: label.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_fills_the_height_and_the_smallest_is_seen() {
        let spark = Spark::new(&[0, 1, 200], "посты");
        let heights: Vec<u32> = spark.columns.iter().map(|column| column.height).collect();
        assert_eq!(heights, [1, 3, 24]);
        assert_eq!(spark.width, 12);
        assert_eq!(Spark::new(&[], "пусто").width, 0);
    }
}
