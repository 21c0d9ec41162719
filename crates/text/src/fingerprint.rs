//! Fingerprints of texts: how alike two texts are, from 64 bytes of each.
//!
//! One permutation hashing (Li, Owen, Zhang, NIPS 2012) over pairs of neighbouring words, few bits kept of each bin (b-bit
//! minwise hashing, Li, König, WWW 2010). The pairs fall into two sets of bins. Of the key bins, by which texts are looked up, a
//! byte is kept, and empty ones are filled from their neighbours (Shrivastava, Li, ICML 2014). Of the fine bins two bits are
//! kept, and an empty one stays empty: so a short text, whose pairs mostly have bins of their own, is told nearly exactly.

use crate::{lexer::Lexeme, token::Flags};

/// Bins of which a byte is kept. They stand first.
pub const KEY_BINS: usize = 42;
/// Bins of which two bits are kept.
const FINE_BINS: usize = 88;
/// What is kept of all bins.
pub const FINGERPRINT_BYTES: usize = KEY_BINS + FINE_BINS / 4;
/// How much the key bins count where no fine bin is empty: by their variance at a likeness of a half.
const KEY_WEIGHT: f32 = 0.4;
/// Words looked at: news may be long, but a copy begins alike.
const WORDS_MAX: usize = 2000;

/// A fingerprint of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash of the words in order, letter case, punctuation and markup aside: equal for equal texts.
    pub exact: u64,
    /// What is kept of the bins.
    pub bins: [u8; FINGERPRINT_BYTES],
    /// Words of the text, up to 2,000.
    pub words: u16,
}

impl Fingerprint {
    /// Takes the fingerprint of a text.
    pub fn of(lexemes: &[Lexeme]) -> Self {
        let mut exact = 0x9E37_79B9_7F4A_7C15_u64;
        let (mut key, mut fine) = ([u32::MAX; KEY_BINS], [u32::MAX; FINE_BINS]);
        let mut words = 0;
        let mut before = 0;
        let said = lexemes.iter().filter(|lexeme| !lexeme.token.flags.has(Flags::EMOJI));
        for lexeme in said.take(WORDS_MAX) {
            let form = lexeme.token.form;
            exact = mix(exact.rotate_left(7) ^ form);
            // The first word makes a pair with the beginning of the text.
            let pair = mix(before ^ form.rotate_left(32));
            // Which bin comes of the upper half, and which pair is a bin's of the lower half.
            lower(&mut key, pair);
            lower(&mut fine, pair.rotate_left(16));
            before = form;
            words += 1;
        }
        Self { exact, bins: kept(&key, &fine), words }
    }

    /// Estimated share of pairs of words two texts have in common, 0..1.
    pub fn likeness(&self, other: &[u8; FINGERPRINT_BYTES]) -> f32 {
        likeness(&self.bins, other)
    }
}

/// Estimated share of pairs of words the texts of two fingerprints have in common, 0..1.
pub fn likeness(a: &[u8; FINGERPRINT_BYTES], b: &[u8; FINGERPRINT_BYTES]) -> f32 {
    let ((key_a, fine_a), (key_b, fine_b)) = (a.split_at(KEY_BINS), b.split_at(KEY_BINS));
    let equal: u32 = key_a.iter().zip(key_b).map(|(a, b)| u32::from(a == b)).sum();
    // Two different values share their byte once in 256.
    let chance = 1.0 / 256.0;
    let key = (equal as f32 / KEY_BINS as f32 - chance) / (1.0 - chance);

    let taken = |bits: u8| (bits | bits >> 1) & 0x55;
    let (mut either, mut both, mut same) = (0, 0, 0);
    for (&a, &b) in fine_a.iter().zip(fine_b) {
        let shared = taken(a) & taken(b);
        either += (taken(a) | taken(b)).count_ones();
        both += shared.count_ones();
        same += (shared & !taken(a ^ b)).count_ones();
    }
    // Two different values of three are the same once in three.
    let common = (3.0 * same as f32 - both as f32) / 2.0;
    let fine = common / either.max(1) as f32;
    let key_weight = KEY_WEIGHT * either as f32 / FINE_BINS as f32;
    ((1.0 - key_weight) * fine + key_weight * key).clamp(0.0, 1.0)
}

/// Puts a pair into its bin, which keeps the lowest.
fn lower<const BINS: usize>(bins: &mut [u32; BINS], pair: u64) {
    if let Some(bin) = bins.get_mut((((pair >> 32) * BINS as u64) >> 32) as usize) {
        *bin = (*bin).min(pair as u32);
    }
}

/// What is kept of bins.
fn kept(key: &[u32; KEY_BINS], fine: &[u32; FINE_BINS]) -> [u8; FINGERPRINT_BYTES] {
    let mut kept = [0; FINGERPRINT_BYTES];
    let (kept_key, kept_fine) = kept.split_at_mut(KEY_BINS);
    if let Some(first) = key.iter().position(|&low| low != u32::MAX) {
        let (mut value, mut distance) = (key.get(first).copied().unwrap_or_default(), first as u32);
        for (byte, &low) in kept_key.iter_mut().zip(key).rev() {
            (value, distance) = if low == u32::MAX { (value, distance + 1) } else { (low, 0) };
            *byte = top_byte(value ^ distance.wrapping_mul(0x9E37_79B9));
        }
    }
    for (byte, bins) in kept_fine.iter_mut().zip(fine.as_chunks::<4>().0) {
        let bits = |low: u32| if low == u32::MAX { 0 } else { 1 + ((u16::from(top_byte(low)) * 3) >> 8) as u8 };
        *byte = bins.iter().fold(0, |byte, &low| byte << 2 | bits(low));
    }
    kept
}

fn top_byte(value: u32) -> u8 {
    (value.wrapping_mul(0x85EB_CA6B) >> 24) as u8
}

fn mix(value: u64) -> u64 {
    let product = value.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let folded = product ^ (product >> 32);
    let again = folded.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    again ^ (again >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::Lexer;

    fn of(text: &str) -> Fingerprint {
        let mut lexemes = Vec::new();
        Lexer::default().read(text, &mut lexemes);
        Fingerprint::of(&lexemes)
    }

    #[test]
    fn likeness_is_about_the_share_in_common() {
        let base: Vec<String> = (0..100).map(|n| format!("слово{n}")).collect();
        let text = base.join(" ");
        let check = |changed: usize, from: f32, to: f32| {
            let mut words = base.clone();
            for n in 0..changed {
                words[n * 100 / changed.max(1)] = format!("иное{n}");
            }
            let likeness = of(&text).likeness(&of(&words.join(" ")).bins);
            assert!((from..=to).contains(&likeness), "{changed}: {likeness}");
        };
        check(0, 1.0, 1.0);
        check(5, 0.65, 0.95);
        check(20, 0.25, 0.6);
        check(100, 0.0, 0.15);
    }

    #[test]
    fn letter_case_and_punctuation_do_not_matter() {
        assert_eq!(of("Нет воды, дом 5!"), of("нет воды дом 5"));
        assert_ne!(of("Нет воды, дом 5").exact, of("Нет воды, дом 7").exact);
        assert_ne!(of("а б").exact, of("б а").exact);
    }

    #[test]
    fn an_empty_text_has_one_too() {
        assert_eq!(of("").words, 0);
        assert_eq!(of("😡").words, 0);
    }
}
