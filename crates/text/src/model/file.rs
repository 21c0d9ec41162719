//! Models as files: a header with a version and a checksum, then numbers in little-endian order.

use super::{Model, rows::Rows};

const MAGIC: &[u8; 8] = b"OTKLIKM2";
/// Largest number a model may hold: those of trained ones stay below a hundred. Products of larger ones have no scores.
const NUMBER_MAX: f32 = 1e6;

/// Why a file is not a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelFileError {
    /// Not written by `otklik train`, or by a version of another format.
    #[error("not a model file of this version: it does not begin with OTKLIKM2")]
    NotAModel,
    /// Cut short or changed.
    #[error("the model file is damaged: {0}")]
    Damaged(&'static str),
}

impl Model {
    /// The model as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = self.content();
        let mut bytes = Vec::with_capacity(content.len() + 16);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&checksum(&content).to_le_bytes());
        bytes.extend_from_slice(&content);
        bytes
    }

    /// Reads a model.
    ///
    /// # Errors
    /// Not a model, or a damaged one: nothing of it is used.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelFileError::NotAModel)?;
        let (sum, content) = rest.split_first_chunk::<8>().ok_or(ModelFileError::Damaged("it is cut short"))?;
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(ModelFileError::Damaged("its checksum is wrong"));
        }
        let mut reader = Reader(content);
        let n_labels = reader.u32()? as usize;
        let n_rows = reader.u32()? as usize;
        let cells = n_labels.checked_mul(n_rows).ok_or(ModelFileError::Damaged("its size makes no sense"))?;
        // Checked before anything is allocated: a label takes 12 bytes at least, a row 12, a weight 2.
        let least = (n_labels + n_rows).saturating_mul(12).saturating_add(cells.saturating_mul(2));
        if n_labels < 2 || reader.0.len() < least {
            return Err(ModelFileError::Damaged("its size makes no sense"));
        }
        let temperature = reader.f32()?;
        let labels = (0..n_labels).map(|_| reader.text()).collect::<Result<Vec<_>, _>>()?;
        let hashes = (0..n_rows).map(|_| reader.u64()).collect::<Result<Vec<_>, _>>()?;
        let idf = (0..n_rows).map(|_| reader.f32()).collect::<Result<Vec<_>, _>>()?;
        let scales = (0..n_labels).map(|_| reader.f32()).collect::<Result<Vec<_>, _>>()?;
        let biases = (0..n_labels).map(|_| reader.f32()).collect::<Result<Vec<_>, _>>()?;
        let weights = (0..cells).map(|_| reader.i16()).collect::<Result<Vec<_>, _>>()?;
        if !reader.0.is_empty() {
            return Err(ModelFileError::Damaged("there is something after its end"));
        }
        let rows = Rows::new(hashes.into_iter().zip(idf.iter().copied()));
        if rows.len() != n_rows {
            return Err(ModelFileError::Damaged("a feature in it is there twice"));
        }
        let mut model = Self { version: String::new(), labels, rows, idf, weights, scales, biases, temperature };
        model.version = version_of(&model);
        Ok(model)
    }

    fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        content.extend_from_slice(&(self.labels.len() as u32).to_le_bytes());
        content.extend_from_slice(&(self.idf.len() as u32).to_le_bytes());
        content.extend_from_slice(&self.temperature.to_le_bytes());
        for label in &self.labels {
            content.extend_from_slice(&(label.len() as u32).to_le_bytes());
            content.extend_from_slice(label.as_bytes());
        }
        self.rows.features().iter().for_each(|hash| content.extend_from_slice(&hash.to_le_bytes()));
        let numbers = [&self.idf, &self.scales, &self.biases];
        numbers.into_iter().flatten().for_each(|number| content.extend_from_slice(&number.to_le_bytes()));
        self.weights.iter().for_each(|weight| content.extend_from_slice(&weight.to_le_bytes()));
        content
    }
}

/// The checksum as 16 hexadecimal digits.
pub(super) fn version_of(model: &Model) -> String {
    format!("{:016x}", checksum(&model.content()))
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ModelFileError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(ModelFileError::Damaged("it is cut short"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, ModelFileError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn u64(&mut self) -> Result<u64, ModelFileError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    fn i16(&mut self) -> Result<i16, ModelFileError> {
        Ok(i16::from_le_bytes(self.take()?))
    }

    fn f32(&mut self) -> Result<f32, ModelFileError> {
        let number = f32::from_le_bytes(self.take()?);
        if number.abs() <= NUMBER_MAX {
            Ok(number)
        } else {
            Err(ModelFileError::Damaged("a number in it is too large"))
        }
    }

    fn text(&mut self) -> Result<String, ModelFileError> {
        let length = self.u32()? as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or(ModelFileError::Damaged("it is cut short"))?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).map_err(|_| ModelFileError::Damaged("a label in it is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        Dictionary,
        model::{Sample, TrainOptions, train},
    };

    fn model() -> Model {
        let samples = [
            Sample { text: "яма на дороге", label: "roads" },
            Sample { text: "яма на дороге опять", label: "roads" },
            Sample { text: "нет воды", label: "water" },
            Sample { text: "нет воды опять", label: "water" },
        ];
        let dictionary = Arc::new(Dictionary::compile(&[]).unwrap());
        train(&samples, &dictionary, TrainOptions::default()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let model = model();
        assert_eq!(Model::from_bytes(&model.to_bytes()).unwrap(), model);
    }

    #[test]
    fn refuses_what_is_no_model() {
        assert_eq!(Model::from_bytes(b""), Err(ModelFileError::NotAModel));
        assert_eq!(Model::from_bytes(b"OTKLIKM2"), Err(ModelFileError::Damaged("it is cut short")));
        let mut changed = model().to_bytes();
        if let Some(last) = changed.last_mut() {
            *last ^= 1;
        }
        assert_eq!(Model::from_bytes(&changed), Err(ModelFileError::Damaged("its checksum is wrong")));
    }

    /// Found by fuzzing: such numbers gave scores that are none, and such features were not all written back.
    #[test]
    fn refuses_what_gives_no_scores() {
        let sealed = |model: &Model| Model::from_bytes(&model.to_bytes()).unwrap_err();
        for number in [f32::MAX, -f32::MAX, 1.1e6, f32::INFINITY, f32::NAN] {
            let too_large = ModelFileError::Damaged("a number in it is too large");
            assert_eq!(sealed(&Model { temperature: number, ..model() }), too_large);
            assert_eq!(sealed(&Model { scales: vec![number, 1.0], ..model() }), too_large);
        }
        let bytes = model().to_bytes();
        // The header, two counts, the temperature, two labels with their lengths: then come the features.
        let (first, second) = (16 + 12 + 4 + 5 + 4 + 5, 16 + 12 + 4 + 5 + 4 + 5 + 8);
        let mut content = bytes[16..].to_vec();
        content.copy_within(first - 16..first - 8, second - 16);
        let twice = [MAGIC.as_slice(), &checksum(&content).to_le_bytes(), &content].concat();
        assert_eq!(Model::from_bytes(&twice), Err(ModelFileError::Damaged("a feature in it is there twice")));
    }

    proptest! {
        /// Even with the right checksum, nonsense is refused and does not take memory or the process with it.
        #[test]
        fn survives_anything(content in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut bytes = MAGIC.to_vec();
            bytes.extend_from_slice(&checksum(&content).to_le_bytes());
            bytes.extend_from_slice(&content);
            prop_assert!(Model::from_bytes(&bytes).map_or(true, |model| model.labels().len() >= 2));
        }
    }
}
