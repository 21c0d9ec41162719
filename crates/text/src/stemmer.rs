//! The Russian stemmer of the Snowball project, on one byte for each letter.
//!
//! A stem is always a beginning of its word, so that only its length is told. One walk from the end of a word through a tree of all
//! endings finds the longest of each kind; the rules then only choose among them.
//! Source: the algorithm "Russian" of Snowball, of which the crate `rust-stemmers` holds the version that this one agrees with.

/// Letters by number: а to я are 1 to 32, anything else is 0.
const ALPHABET: usize = 33;
/// A bound for the nodes of the tree; a compile error says when it is too low.
const NODES_MAX: usize = 160;

/// Kinds of endings. Those of the second group stand by themselves; those of the first only after а or я.
const GERUND_1: usize = 0;
const GERUND_2: usize = 1;
const ADJECTIVE: usize = 2;
const PARTICIPLE_1: usize = 3;
const PARTICIPLE_2: usize = 4;
const REFLEXIVE: usize = 5;
const VERB_1: usize = 6;
const VERB_2: usize = 7;
const NOUN: usize = 8;
const DERIVATIONAL: usize = 9;
const SUPERLATIVE: usize = 10;
const KINDS: usize = 11;

/// Endings by kind, as Snowball lists them.
const ENDINGS: [&str; KINDS] = [
    "в вши вшись",
    "ив ивши ившись ыв ывши ывшись",
    "ее ие ые ое ими ыми ей ий ый ой ем им ым ом его ого ему ому их ых ую юю ая яя ою ею",
    "ем нн вш ющ щ",
    "ивш ывш ующ",
    "ся сь",
    "ла на ете йте ли й л ем н ло но ет ют ны ть ешь нно",
    "ила ыла ена ейте уйте ите или ыли ей уй ил ыл им ым ен ило ыло ено ят ует уют ит ыт ены ить ыть ишь ую ю",
    "а ев ов ие ье е иями ями ами еи ии и ией ей ой ий й иям ям ием ем ам ом о у ах иях ях ы ь ию ью ю ия ья я",
    "ост ость",
    "ейш ейше",
];

/// The tree of endings, read from their last letters.
struct Tree {
    next: [[u8; ALPHABET]; NODES_MAX],
    /// By node: the length of the longest ending of each kind that begins here or on the way here, 0 for none.
    found: [Endings; NODES_MAX],
}

/// Lengths of endings by kind.
type Endings = [u8; KINDS];

static TREE: Tree = {
    let mut tree = Tree { next: [[0; ALPHABET]; NODES_MAX], found: [[0; KINDS]; NODES_MAX] };
    // By node: a bit for each kind of which an ending begins here, and how many letters lead here.
    let mut kinds = [0_u16; NODES_MAX];
    let mut depths = [0; NODES_MAX];
    let mut nodes = 1;
    let mut kind = 0;
    while kind < KINDS {
        let bytes = ENDINGS[kind].as_bytes();
        let mut end = bytes.len();
        // From the last ending to the first, each from its last letter.
        while end > 0 {
            let mut node = 0;
            while end > 0 && bytes[end - 1] != b' ' {
                let letter = number_of((bytes[end - 2] as u32 & 0x1F) << 6 | bytes[end - 1] as u32 & 0x3F) as usize;
                if tree.next[node][letter] == 0 {
                    tree.next[node][letter] = nodes;
                    depths[nodes as usize] = depths[node] + 1;
                    nodes += 1;
                }
                node = tree.next[node][letter] as usize;
                end -= 2;
            }
            kinds[node] |= 1 << kind;
            end = end.saturating_sub(1);
        }
        kind += 1;
    }
    pass_on(&mut tree, &kinds, &depths);
    tree
};

/// Fills what is found at each node with what is found on the way there. A node stands behind the one that leads to it.
const fn pass_on(tree: &mut Tree, kinds: &[u16; NODES_MAX], depths: &[u8; NODES_MAX]) {
    let mut node = 0;
    while node < NODES_MAX {
        let mut kind = 0;
        while kind < KINDS {
            if kinds[node] >> kind & 1 == 1 {
                tree.found[node][kind] = depths[node];
            }
            kind += 1;
        }
        let mut letter = 0;
        while letter < ALPHABET {
            let next = tree.next[node][letter] as usize;
            if next != 0 {
                tree.found[next] = tree.found[node];
            }
            letter += 1;
        }
        node += 1;
    }
}

const A: u8 = number_of('а' as u32);
const YA: u8 = number_of('я' as u32);
const I: u8 = number_of('и' as u32);
const N: u8 = number_of('н' as u32);
const SOFT: u8 = number_of('ь' as u32);

/// Bits of the vowels by number.
const VOWELS: u64 = {
    let vowels = ['а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я'];
    let (mut bits, mut i) = (0, 0);
    while i < vowels.len() {
        bits |= 1 << number_of(vowels[i] as u32);
        i += 1;
    }
    bits
};

/// The number of a letter, folded: 1 to 32 for а to я, 0 for anything else.
pub(crate) const fn number_of(c: u32) -> u8 {
    if c >= 'а' as u32 && c <= 'я' as u32 { (c - 'а' as u32 + 1) as u8 } else { 0 }
}

/// How many letters of a word, given by their numbers, its stem has.
pub(crate) fn stem_length(word: &[u8]) -> usize {
    let (first, second) = regions(word);
    // All that follows the first vowel may go, but the last step needs more to stand before it.
    let Some((stays, ending)) = word.split_at_checked(first) else { return word.len() };
    let mut left = without_inflection(ending);
    if let Some(rest) = left.strip_suffix(&[I]) {
        left = rest;
    }
    let derivational = usize::from(endings(left)[DERIVATIONAL]);
    if derivational > 0 && stays.len() + left.len() - derivational >= second {
        left = shorter(left, derivational);
    }
    stays.len() + tidy(left).len()
}

/// Where the endings may begin: after the first vowel, and after the second group of consonants that follows a vowel.
fn regions(word: &[u8]) -> (usize, usize) {
    let end = word.len();
    // A bit for each vowel: no word has more letters than there are bits.
    let vowels = word.iter().rev().fold(0_u64, |bits, &letter| bits << 1 | VOWELS >> letter & 1);
    let after = |from: usize, bits: u64| match bits.checked_shr(from as u32) {
        None | Some(0) => end,
        Some(rest) => end.min(from + rest.trailing_zeros() as usize + 1),
    };
    let first = after(0, vowels);
    (first, after(after(after(first, !vowels), vowels), !vowels))
}

/// A word's end without the endings of cases, persons and tenses.
fn without_inflection(word: &[u8]) -> &[u8] {
    let found = endings(word);
    if let Some(rest) = without_one(word, found[GERUND_1], found[GERUND_2]) {
        return rest;
    }
    let reflexive = usize::from(found[REFLEXIVE]);
    let word = shorter(word, reflexive);
    let found = if reflexive > 0 { endings(word) } else { found };
    if found[ADJECTIVE] > 0 {
        let rest = shorter(word, found[ADJECTIVE].into());
        let found = endings(rest);
        return without_one(rest, found[PARTICIPLE_1], found[PARTICIPLE_2]).unwrap_or(rest);
    }
    without_one(word, found[VERB_1], found[VERB_2]).unwrap_or_else(|| shorter(word, found[NOUN].into()))
}

/// Without the longer of two endings, of which the first only counts after а or я.
fn without_one(word: &[u8], first: u8, second: u8) -> Option<&[u8]> {
    let rest = shorter(word, first.max(second).into());
    let goes = if first > second { matches!(rest.last(), Some(&A | &YA)) } else { second > 0 };
    goes.then_some(rest)
}

/// Without the ending of a superlative, a doubled н, a soft sign.
fn tidy(word: &[u8]) -> &[u8] {
    let superlative = usize::from(endings(word)[SUPERLATIVE]);
    let rest = shorter(word, superlative);
    match rest {
        [.., N, N] => shorter(rest, 1),
        [.., SOFT] if superlative == 0 => shorter(rest, 1),
        _ => rest,
    }
}

fn shorter(word: &[u8], by: usize) -> &[u8] {
    word.get(..word.len() - by.min(word.len())).unwrap_or_default()
}

/// By kind: the length of the longest ending a word has, 0 for none.
#[inline(always)]
fn endings(word: &[u8]) -> &'static Endings {
    let mut node = 0;
    for &letter in word.iter().rev() {
        let next = TREE.next.get(node).and_then(|next| next.get(usize::from(letter)));
        match next.copied().unwrap_or_default() {
            0 => break,
            next => node = usize::from(next),
        }
    }
    TREE.found.get(node).unwrap_or(&[0; KINDS])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_stemmers::{Algorithm, Stemmer};

    use super::*;

    fn stem(word: &str) -> String {
        let letters: Vec<u8> = word.chars().map(|c| number_of(u32::from(c))).collect();
        word.chars().take(stem_length(&letters)).collect()
    }

    #[test]
    fn stems() {
        let check = |word: &str, expected: &str| assert_eq!(stem(word), expected, "{word}");
        check("отоплением", "отоплен");
        check("прорвавшись", "прорва");
        check("включившись", "включ");
        check("сломавшуюся", "слома");
        check("отремонтированная", "отремонтирова");
        check("ровность", "ровност");
        check("образованность", "образован");
        check("сильнейшее", "сильн");
        check("дом", "дом");
        check("5а", "5а");
        check("", "");
    }

    #[test]
    fn agrees_with_snowball_on_every_ending() {
        let snowball = Stemmer::create(Algorithm::Russian);
        let roots = ["", "в", "о", "дом", "пила", "стена", "образован", "вынуяе", "ость", "җәй", "5", "зная"];
        let all: Vec<&str> = ENDINGS.iter().flat_map(|kind| kind.split(' ')).chain([""]).collect();
        for root in roots {
            for first in &all {
                for second in &all {
                    let word = format!("{root}{first}{second}");
                    assert_eq!(stem(&word), snowball.stem(&word), "{word}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_snowball(word in "[а-яә5z]{0,4}[авеийлмнорстушыьэюя]{0,9}") {
            prop_assert_eq!(stem(&word), Stemmer::create(Algorithm::Russian).stem(&word));
        }
    }
}
