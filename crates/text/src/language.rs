//! The language of a short post.
//!
//! Letters that only some languages have decide first, then small words; the long tail of languages in other scripts is
//! whatlang's. A short Russian post («яма на дороге») looks like half a dozen languages to a model of letters alone.

use std::borrow::Cow;

use otklik_domain::Language;
use whatlang::Detector;

use crate::{
    fold::{fold, hash_folded},
    lexer::{Lexeme, Lexer},
    token::Flags,
};

/// Texts without letters tell nothing.
const UNKNOWN: &str = "und";

/// A language by what gives it away.
struct Signs {
    code: &'static str,
    /// Letters Russian does not have.
    letters: &'static str,
    /// Letters of it that no other of these languages has.
    own: &'static str,
    /// Small words Russian does not have.
    words: &'static str,
}

const CYRILLIC: &[Signs] = &[
    Signs {
        code: "uk",
        letters: "іїєґ",
        own: "їєґ",
        words: "та що не як це але або від для щоб немає буде чому коли вже дуже",
    },
    Signs {
        code: "be", letters: "іў", own: "ў", words: "і што не гэта як але ці для няма калі вельмі ужо таксама"
    },
    Signs {
        code: "bg",
        letters: "",
        own: "",
        words: "и не на да се от за това няма ще как какво също много защо къде вода̀ та съм със",
    },
    Signs {
        code: "sr",
        letters: "јљњћђџ",
        own: "јљњћђџ",
        words: "је није да се на за или као што има нема како све само",
    },
    Signs {
        code: "kk", letters: "әғқңөұүһі", own: "ұ", words: "және мен бұл бар жоқ үшін деп емес қалай бізде су"
    },
    Signs {
        code: "tt",
        letters: "әөүҗңһ",
        own: "җ",
        words: "һәм белән бу бар юк өчен дип түгел ничек бездә су урамда",
    },
    Signs {
        code: "ba", letters: "әөүҙғҡңҫһ", own: "ҙҡҫ", words: "һәм менән был бар юҡ өсөн тип түгел"
    },
    Signs {
        code: "udm", letters: "ӝӟӥӧӵ", own: "ӝӟӥӵ", words: "но вань ӧвӧл та ке кадь бен туж асьме вылын"
    },
    Signs {
        code: "tyv", letters: "өүң", own: "", words: "болгаш бар чок бо дээш чүге кижи дыка эвес"
    },
    Signs { code: "os", letters: "ӕ", own: "ӕ", words: "ӕмӕ уӕд нӕ ис нӕй цы кӕд уый" },
    Signs { code: "cv", letters: "ӑӗҫӳ", own: "ӑӗӳ", words: "тата пур ҫук ку мар" },
    Signs { code: "mhr", letters: "ӱӧҥ", own: "ӱҥ", words: "да уке уло тиде" },
];

/// Letters of Russian that most of the others lack.
const RUSSIAN_WORDS: &str = "и в не на что как это по но за из от до для или где когда уже нет есть был была было были у нас вас мы вы \
    они он она все ещё так только может если чтобы после почему";

/// Tells the language of texts, by itself; an analyser does it along with the rest. Each thread has its own.
#[derive(Debug, Default)]
pub struct LanguageReader {
    lexer: Lexer,
    lexemes: Vec<Lexeme>,
    detector: LanguageDetector,
}

impl LanguageReader {
    /// The language of a text; `und` when nothing tells it.
    pub fn read(&mut self, text: &str) -> Language {
        self.lexer.read(text, &mut self.lexemes);
        self.detector.detect(text, &self.lexemes)
    }
}

/// Tells languages apart. Its tables are made once.
#[derive(Debug)]
pub(crate) struct LanguageDetector {
    /// By language of [`CYRILLIC`]: hashes of its small words, sorted.
    words: Vec<Vec<u64>>,
    russian: Vec<u64>,
    rest: Detector,
}

impl Default for LanguageDetector {
    fn default() -> Self {
        let hashes = |words: &str| {
            let mut hashes: Vec<u64> = words.split_whitespace().map(|word| hash_folded(&fold(word))).collect();
            hashes.sort_unstable();
            hashes
        };
        Self {
            words: CYRILLIC.iter().map(|signs| hashes(signs.words)).collect(),
            russian: hashes(RUSSIAN_WORDS),
            rest: Detector::new(),
        }
    }
}

impl LanguageDetector {
    pub(crate) fn detect(&self, text: &str, lexemes: &[Lexeme]) -> Language {
        let count = |flag: Flags| lexemes.iter().filter(|lexeme| lexeme.token.flags.has(flag)).count();
        let (cyrillic, latin) = (count(Flags::CYRILLIC), count(Flags::LATIN));
        if cyrillic == 0 && latin == 0 {
            return language(UNKNOWN, 0.0);
        }
        if latin > cyrillic { self.detect_rest(text) } else { self.detect_cyrillic(text, lexemes, cyrillic) }
    }

    fn detect_cyrillic(&self, text: &str, lexemes: &[Lexeme], words: usize) -> Language {
        let mut scores = vec![0.0_f32; CYRILLIC.len()];
        let mut russian = 0.3;
        // The common letters are two-byte ones of a small range; a text without others needs no look at its letters.
        let letters = text.chars().filter(|c| !matches!(c, '\0'..='\u{7F}' | 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'));
        for c in letters.flat_map(char::to_lowercase) {
            for (score, signs) in scores.iter_mut().zip(CYRILLIC) {
                *score += if signs.own.contains(c) {
                    2.0
                } else if signs.letters.contains(c) {
                    1.0
                } else {
                    0.0
                };
            }
        }
        for lexeme in lexemes {
            let form = lexeme.token.form;
            russian += if self.russian.binary_search(&form).is_ok() { 0.7 } else { 0.0 };
            for (score, words) in scores.iter_mut().zip(&self.words) {
                *score += if words.binary_search(&form).is_ok() { 0.7 } else { 0.0 };
            }
        }
        russian += text.chars().filter(|c| matches!(c, 'ы' | 'э' | 'ъ' | 'щ' | 'ё')).count() as f32 * 0.2;
        let best = scores.iter().copied().zip(CYRILLIC).max_by(|(a, _), (b, _)| a.total_cmp(b));
        match best {
            Some((score, signs)) if score > russian => language(signs.code, sure(score, russian, words)),
            Some((score, _)) => language("ru", sure(russian + 0.4, score, words)),
            None => language("ru", 0.5),
        }
    }

    fn detect_rest(&self, text: &str) -> Language {
        match self.rest.detect(text) {
            Some(info) if info.is_reliable() || info.lang() == whatlang::Lang::Eng => {
                language(two_letters(info.lang().code()), info.confidence() as f32)
            }
            _ => language(UNKNOWN, 0.0),
        }
    }
}

fn language(code: &'static str, confidence: f32) -> Language {
    Language { code: Cow::Borrowed(code), confidence: confidence.clamp(0.0, 1.0) }
}

fn sure(best: f32, second: f32, words: usize) -> f32 {
    let lead = (best - second) / (best + second + 0.5);
    let length = (words as f32 / 4.0).min(1.0);
    0.5 + 0.5 * lead * (0.5 + 0.5 * length)
}

/// Two-letter codes where there is one, as the rest of Otklik writes them.
fn two_letters(code: &'static str) -> &'static str {
    match code {
        "eng" => "en",
        "rus" => "ru",
        "ukr" => "uk",
        "deu" => "de",
        "fra" => "fr",
        "spa" => "es",
        "tur" => "tr",
        "uzb" => "uz",
        "aze" => "az",
        "kat" => "ka",
        "hye" => "hy",
        "cmn" => "zh",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let language = LanguageReader::default().read(text);
        assert_eq!(language.code, expected, "{text}: {}", language.confidence);
        assert!((0.0..=1.0).contains(&language.confidence));
    }

    #[test]
    fn short_posts() {
        check("Прорвало трубу", "ru");
        check("яма на дороге", "ru");
        check("Нет воды второй день", "ru");
        check("Немає води вже другий день", "uk");
        check("Няма вады ўжо другі дзень", "be");
        check("Бездә су юк, урамда торба шартлады", "tt");
        check("Беҙҙә һыу юҡ", "ba");
        check("Ву ӧвӧл кык нунал ини", "udm");
        check("There is no water in our house", "en");
        check("12345 !!!", "und");
    }
}
