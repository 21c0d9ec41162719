//! Runs of letters and digits: where the words of a text are, and what tells one word from another in any letter case. Found many bytes at
//! a time, without a look at single ones.

use super::Flags;
use crate::fold::{Class, classify};

/// Bytes of a block: a bit of a number for each.
const BLOCK: usize = 64;
/// Bytes taken into a key at once.
const CHUNK: usize = 24;
/// Longest run that has a key, in bytes: it never has more than [`WORD_CHARS_MAX`](super::WORD_CHARS_MAX) characters.
const BYTES_MAX: u32 = BLOCK as u32;
/// The key of runs that have none.
pub(crate) const NO_KEY: u64 = 0;

/// ASCII letters, digits and letters of U+0400..U+047F side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Hash of the run in any letter case, with ё as е; [`NO_KEY`] for one that is long or goes on with an uncommon letter.
    pub(crate) key: u64,
    /// First byte. It may be a later byte of an uncommon character.
    pub(crate) start: u32,
    /// One past the last byte: there a character begins.
    pub(crate) end: u32,
    /// Which of its letters are capitals. Those of U+0460..U+047F do not count.
    pub(crate) capitals: Flags,
}

/// Finds the runs of texts. Keeps its buffers from text to text.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// The text with a zero before it and zeros after it up to the end of a block.
    padded: Vec<u8>,
    /// The text in one letter case, with something after it.
    folded: Vec<u8>,
    /// By block: a bit for the last byte of each capital.
    capitals: Vec<u64>,
    /// Where runs begin and end.
    edges: Vec<(u32, u32)>,
    found: Vec<Run>,
}

impl Runs {
    /// Finds the runs of a text of less than 4 GiB. `expect` is told each key as soon as it is known.
    pub(crate) fn find(&mut self, text: &str, expect: impl Fn(u64)) -> &[Run] {
        self.read_blocks(text.as_bytes());
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        found.extend(self.edges.iter().map(|&(start, end)| {
            let run = self.run(text, start, end);
            expect(run.key);
            run
        }));
        self.found = found;
        &self.found
    }

    fn read_blocks(&mut self, text: &[u8]) {
        // One block more than the text fills, so that every run ends within a block.
        let blocks = text.len() / BLOCK + 1;
        self.padded.clear();
        self.padded.push(0);
        self.padded.extend_from_slice(text);
        self.padded.resize(1 + blocks * BLOCK, 0);
        self.folded.resize(self.folded.len().max(blocks * BLOCK + CHUNK), 0);
        self.capitals.clear();
        self.edges.clear();
        let (before, _) = self.padded.as_chunks::<BLOCK>();
        let (here, _) = self.padded.get(1..).unwrap_or_default().as_chunks::<BLOCK>();
        let (folded, _) = self.folded.as_chunks_mut::<BLOCK>();
        let (mut begin, mut open, mut last) = (0_u32, 0, 0);
        for ((before, here), folded) in before.iter().zip(here).zip(folded) {
            let Block { inside, capitals } = read_block(before, here, folded);
            self.capitals.push(capitals);
            let behind = inside << 1 | last;
            let (mut starts, mut ends) = (inside & !behind, behind & !inside);
            if last == 0 {
                open = begin + take_lowest(&mut starts);
            }
            while ends != 0 {
                self.edges.push((open, begin + take_lowest(&mut ends)));
                // Where none starts any more this is set anew before it is used.
                open = begin + take_lowest(&mut starts);
            }
            last = inside >> (BLOCK - 1);
            begin = begin.wrapping_add(BLOCK as u32);
        }
        self.capitals.push(0);
    }

    #[inline(always)]
    fn run(&self, text: &str, start: u32, end: u32) -> Run {
        let bytes = end - start;
        if bytes > BYTES_MAX || goes_on(text, end as usize) {
            return Run { key: NO_KEY, start, end, capitals: Flags::default() };
        }
        let key = if bytes <= CHUNK as u32 {
            self.add_chunk(0, start, bytes)
        } else {
            let chunks = (start..end).step_by(CHUNK);
            chunks.fold(0, |key, at| self.add_chunk(key, at, (end - at).min(CHUNK as u32)))
        };
        let written = text.as_bytes().get(start as usize).copied().unwrap_or_default();
        Run { key: key | 1, start, end, capitals: self.capitals_of(start, bytes, written) }
    }

    /// Adds the folded bytes from a place to a key, at most [`CHUNK`].
    #[inline(always)]
    fn add_chunk(&self, key: u64, at: u32, bytes: u32) -> u64 {
        let chunk = self.folded.get(at as usize..).and_then(|rest| rest.first_chunk::<CHUNK>());
        let (eights, _) = chunk.unwrap_or(&[0; CHUNK]).as_chunks::<8>();
        let kept = KEPT.get(bytes as usize).unwrap_or(&[0; CHUNK / 8]);
        let [a, b, c] =
            std::array::from_fn(|nth| eights.get(nth).map_or(0, |&eight| u64::from_le_bytes(eight)) & kept[nth]);
        let both = multiply(key ^ a ^ 0x243F_6A88_85A3_08D3, b ^ 0x1319_8A2E_0370_7344);
        multiply(both ^ 0xA409_3822_299F_31D0, c ^ 0x082E_FA98_EC4E_6C89)
    }

    /// The flags of the capitals of a run, of which the first byte is given.
    #[inline(always)]
    fn capitals_of(&self, start: u32, bytes: u32, first: u8) -> Flags {
        let (block, bit) = ((start / BLOCK as u32) as usize, start % BLOCK as u32);
        let of_block = |block: usize| self.capitals.get(block).copied().unwrap_or_default();
        let bits = of_block(block) >> bit | of_block(block + 1) << 1 << (BLOCK as u32 - 1 - bit);
        let bits = bits & (u64::MAX >> (BLOCK as u32 - bytes.clamp(1, BLOCK as u32)));
        let of_first = if first.is_ascii() { 1 } else { 2 };
        let flag = |bits: u64, flag: Flags| if bits != 0 { flag } else { Flags::default() };
        flag(bits & of_first, Flags::CAPITAL) | flag(bits & !of_first, Flags::CAPITAL_INSIDE)
    }
}

/// Whether the character at a place may belong to a word before it, as ASCII, separators and emoji do not.
#[inline(always)]
fn goes_on(text: &str, at: usize) -> bool {
    let is_uncommon = |next: &u8| {
        !next.is_ascii() && classify_at(text, at).is_some_and(|class| !matches!(class, Class::Separator | Class::Emoji))
    };
    text.as_bytes().get(at).is_some_and(is_uncommon)
}

#[cold]
fn classify_at(text: &str, at: usize) -> Option<Class> {
    text.get(at..)?.chars().next().map(classify)
}

/// Takes the lowest bit away and tells which it was; 64 when there is none.
#[inline(always)]
fn take_lowest(bits: &mut u64) -> u32 {
    let lowest = bits.trailing_zeros();
    *bits &= bits.wrapping_sub(1);
    lowest
}

/// A block as it was read: bits for the bytes that are inside of runs and for the last bytes of capitals.
struct Block {
    inside: u64,
    capitals: u64,
}

/// Reads a block, given it as it stands and moved on by a byte. Folds it: gives capitals of ASCII and of U+0400..U+042F the bytes of their
/// small letters, and ё those of е. All letters that are written with D0 or D1 begin with the same byte then, and no two of different letters
/// go on with the same. Inside of runs are letters and digits of ASCII, first bytes D0 and D1, and later bytes of any character.
#[inline(always)]
fn read_block(before: &[u8; BLOCK], here: &[u8; BLOCK], folded: &mut [u8; BLOCK]) -> Block {
    const INSIDE: u8 = 1;
    const CAPITAL: u8 = 1 << 4;
    let mut kinds = [0; BLOCK];
    let places = folded.iter_mut().zip(&mut kinds);
    // Without branches, so that the compiler does it to 16 bytes at a time. How other characters are folded does not matter.
    for ((&before, &byte), (folded, kind)) in before.iter().zip(here).zip(places) {
        let first = byte.wrapping_sub(if byte == 0xD1 { 1 } else { 0 });
        let later = first.wrapping_add(if before == 0xD1 { 0x40 } else { 0 });
        let usual_capital = (later.wrapping_sub(b'A') < 26) | (later.wrapping_sub(0x90) < 0x20);
        let other_capital = later.wrapping_sub(0x80) < 0x10;
        let small = later.wrapping_add(if usual_capital { 0x20 } else { 0 });
        let small = small.wrapping_add(if other_capital { 0x50 } else { 0 });
        *folded = if small == LATER_OF_YO { LATER_OF_YE } else { small };
        let letter = small.wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let inside = letter | digit | (first == 0xD0) | (byte.wrapping_sub(0x80) < 0x40);
        *kind = if inside { INSIDE } else { 0 } | if usual_capital | other_capital { CAPITAL } else { 0 };
    }
    Block { inside: bits(&kinds, INSIDE), capitals: bits(&kinds, CAPITAL) }
}

/// The later bytes of ё and е, once folded.
const LATER_OF_YO: u8 = 0x91 + 0x40;
const LATER_OF_YE: u8 = 0xB5;

/// A bit for each byte that has a bit.
#[inline(always)]
fn bits(bytes: &[u8; BLOCK], bit: u8) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    let mut bits = 0;
    for (eight, nth) in eights.iter().zip(0..) {
        // Each bit is moved to the highest byte, every one to its own place: no two meet below.
        let ones = u64::from_le_bytes(*eight) >> bit.trailing_zeros() & 0x0101_0101_0101_0101;
        bits |= ones.wrapping_mul(0x0102_0408_1020_4080) >> 56 << (8 * nth);
    }
    bits
}

/// Bits of the bytes that count, by how many of a chunk do.
static KEPT: [[u64; CHUNK / 8]; CHUNK + 1] = {
    let mut table = [[0; CHUNK / 8]; CHUNK + 1];
    let mut bytes = 1;
    while bytes <= CHUNK {
        let mut byte = 0;
        while byte < bytes {
            table[bytes][byte / 8] |= 0xFF << (byte % 8 * 8);
            byte += 1;
        }
        bytes += 1;
    }
    table
};

/// Both halves of a product put together.
#[inline(always)]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::fold;

    /// Where runs begin and end, byte by byte.
    fn edges(text: &[u8]) -> Vec<(u32, u32)> {
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, 0x80..=0xBF | 0xD0 | 0xD1);
        let inside = text.iter().map(is_inside).chain([false]);
        let mut before = false;
        let edges = inside.zip(0..).filter(|(inside, _)| std::mem::replace(&mut before, *inside) != *inside);
        let edges: Vec<u32> = edges.map(|(_, at)| at).collect();
        edges.as_chunks::<2>().0.iter().map(|&[start, end]| (start, end)).collect()
    }

    #[test]
    fn finds_runs() {
        let check = |text: &str, expected: &[(u32, u32)]| {
            let mut runs = Runs::default();
            runs.read_blocks("до".as_bytes());
            runs.find(text, |_| {});
            assert_eq!(runs.edges, expected, "{text}");
        };
        check("", &[]);
        check("да, 5г!", &[(0, 4), (6, 9)]);
        check("я—я", &[(0, 2), (3, 7)]);
        check(&"я".repeat(32), &[(0, 64)]);
        check(&"я".repeat(70), &[(0, 140)]);
        check(&"z ".repeat(32), &(0..32).map(|n| (2 * n, 2 * n + 1)).collect::<Vec<_>>());
    }

    #[test]
    fn tells_capitals() {
        let check = |text: &str, expected: Flags| {
            let mut runs = Runs::default();
            let found = runs.find(text, |_| {}).iter().fold(Flags::default(), |found, run| found | run.capitals);
            assert_eq!(found, expected, "{text}");
        };
        check("вода", Flags::default());
        check("Ёлка", Flags::CAPITAL);
        check("жКХ", Flags::CAPITAL_INSIDE);
        check("ДА", Flags::CAPITAL | Flags::CAPITAL_INSIDE);
        check("aB", Flags::CAPITAL_INSIDE);
        check("Ab", Flags::CAPITAL);
        check(&format!("{}Я", "-".repeat(63)), Flags::CAPITAL);
        check(&format!("{}яЯ", "-".repeat(62)), Flags::CAPITAL_INSIDE);
    }

    proptest! {
        #[test]
        fn agrees_with_looking_at_each_byte(text in "[а-яёЁЀ-ѿa-zA-Z0-9 ,—😡]{0,150}|\\PC{0,100}") {
            let mut runs = Runs::default();
            runs.find(&text, |_| {});
            prop_assert_eq!(runs.edges, edges(text.as_bytes()));
        }

        /// Two words have the same key when they fold alike, and only then.
        #[test]
        fn a_key_is_of_the_folded_word(word in "[а-яА-ЯЀ-џa-zA-Z0-9]{1,31}", other in "[еЕёЁaAаА]{1,3}", at in 0_usize..31) {
            let key = |word: &str| Runs::default().find(word, |_| {}).iter().map(|run| run.key).collect::<Vec<_>>();
            prop_assert_eq!(key(&word), key(&word.to_uppercase()));
            prop_assert_eq!(key(&word), key(&word.to_lowercase()));
            let place = at.min(word.chars().count());
            let changed: String = word.chars().take(place).chain(other.chars()).collect();
            let lower = |word: &str| word.to_lowercase().replace('ё', "е");
            prop_assert_eq!(key(&word) == key(&changed), lower(&word) == lower(&changed), "{} {}", fold(&word), changed);
        }
    }
}
