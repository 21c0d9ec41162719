//! Fingerprints of texts: how alike two texts are, from 64 bytes of each.
//!
//! One permutation hashing (Li, Owen, Zhang, NIPS 2012) over pairs of neighbouring words, empty bins filled from their
//! neighbours (Shrivastava, Li, ICML 2014), one byte kept of each bin (b-bit minwise hashing, Li, König, WWW 2010).

use crate::{lexer::Lexeme, token::Flags};

/// Bins of a fingerprint.
pub const BINS: usize = 64;
/// Words looked at: news may be long, but a copy begins alike.
const WORDS_MAX: usize = 2000;

/// A fingerprint of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash of the words in order, letter case, punctuation and markup aside: equal for equal texts.
    pub exact: u64,
    /// A byte for each bin.
    pub bins: [u8; BINS],
    /// Words of the text, up to 2,000.
    pub words: u16,
}

impl Fingerprint {
    /// Takes the fingerprint of a text.
    pub fn of(lexemes: &[Lexeme]) -> Self {
        let mut exact = 0x9E37_79B9_7F4A_7C15_u64;
        let mut lowest = [u32::MAX; BINS];
        let mut words = 0;
        let mut before = 0;
        let said = lexemes.iter().filter(|lexeme| !lexeme.token.flags.has(Flags::EMOJI));
        for lexeme in said.take(WORDS_MAX) {
            let form = lexeme.token.form;
            exact = mix(exact.rotate_left(7) ^ form);
            // The first word makes a pair with the beginning of the text.
            let pair = mix(before ^ form.rotate_left(32));
            if let Some(bin) = lowest.get_mut((pair >> 58) as usize) {
                *bin = (*bin).min(pair as u32);
            }
            before = form;
            words += 1;
        }
        Self { exact, bins: fill(&lowest), words }
    }

    /// Estimated share of pairs of words two texts have in common, 0..1.
    pub fn likeness(&self, other: &[u8; BINS]) -> f32 {
        likeness(&self.bins, other)
    }
}

/// Estimated share of pairs of words the texts of two fingerprints have in common, 0..1.
pub fn likeness(a: &[u8; BINS], b: &[u8; BINS]) -> f32 {
    let equal: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a == b)).sum();
    // Two different values share their byte once in 256.
    let chance = 1.0 / 256.0;
    ((equal as f32 / BINS as f32 - chance) / (1.0 - chance)).max(0.0)
}

/// Fills empty bins from the next one that has a value, and keeps a byte of each.
fn fill(lowest: &[u32; BINS]) -> [u8; BINS] {
    let mut bins = [0; BINS];
    if lowest.iter().all(|&low| low == u32::MAX) {
        return bins;
    }
    for (index, bin) in bins.iter_mut().enumerate() {
        let from_here = lowest.iter().cycle().skip(index).take(BINS);
        let value = from_here.enumerate().find(|&(_, &low)| low != u32::MAX);
        if let Some((distance, &low)) = value {
            *bin = mix(u64::from(low) ^ (distance as u64) << 40) as u8;
        }
    }
    bins
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
