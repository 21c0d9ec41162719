//! A digest of rows: the same values in the same order give the same, wherever they are stored.

use sha2::{Digest as _, Sha256};

use crate::postgres::columns::Value;

/// Rows so far.
#[derive(Default)]
pub(super) struct Digest {
    rows: u64,
    hash: Sha256,
}

impl Digest {
    /// Adds a row. Each value has its kind and, where it varies, its length before it.
    pub(super) fn add(&mut self, row: &[Value<'_>]) {
        self.rows += 1;
        for value in row {
            match value {
                Value::Null => self.hash.update([0]),
                Value::Text(text) => {
                    self.hash.update([1]);
                    self.hash.update((text.len() as u64).to_be_bytes());
                    self.hash.update(text.as_bytes());
                }
                Value::Integer(number) => self.number(2, number.to_be_bytes()),
                Value::Real(number) => self.number(3, number.to_bits().to_be_bytes()),
                Value::Flag(flag) => self.number(4, u64::from(*flag).to_be_bytes()),
                Value::Time(time) => self.number(5, time.0.to_be_bytes()),
            }
        }
    }

    fn number(&mut self, kind: u8, bytes: [u8; 8]) {
        self.hash.update([kind]);
        self.hash.update(bytes);
    }

    /// The number of rows and the digest, hexadecimal.
    pub(super) fn finish(self) -> (u64, String) {
        (self.rows, self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(rows: &[Vec<Value<'_>>]) -> (u64, String) {
        let mut digest = Digest::default();
        rows.iter().for_each(|row| digest.add(row));
        digest.finish()
    }

    #[test]
    fn tells_values_apart() {
        let rows: [Vec<Vec<Value<'_>>>; 7] = [
            vec![],
            vec![vec![Value::Null]],
            vec![vec!["".into()]],
            vec![vec!["ab".into(), "c".into()]],
            vec![vec!["a".into(), "bc".into()]],
            vec![vec![Value::Integer(1)]],
            vec![vec![Value::Flag(true)]],
        ];
        let digests: std::collections::BTreeSet<_> = rows.iter().map(|rows| digest(rows).1).collect();
        assert_eq!(digests.len(), rows.len());
        assert_eq!(digest(&rows[3]), digest(&rows[3].clone()));
        assert_eq!(digest(&[vec![Value::Null], vec![Value::Null]]).0, 2);
    }
}
