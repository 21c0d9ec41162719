//! Words as evidence: how rare each is, which recent posts have it, how alike two sets of words are.

use otklik_domain::Span;
use otklik_text::{Flags, Lexeme, Lexer, Token};
use rustc_hash::FxHashSet;

use super::{event::Facts, window::hash_text};

/// Stems kept of a post: its rarest, and in the last place its matter.
pub(crate) const STEMS: usize = 16;
/// The bit that tells a matter, which is a topic in a town, from a stem.
const MATTER: u32 = 1 << 31;
/// Stems by which recent posts are looked up.
const PROBES: usize = 8;
/// Recent posts kept for a stem.
const RECENT: usize = 16;
/// Candidates compared exactly.
const CANDIDATES_MAX: usize = 12;
/// Counters of posts by stem and lists of recent posts by stem; powers of two. Stems that share one are counted together.
const COUNTERS: usize = 1 << 18;
const LISTS: usize = 1 << 16;

/// Shortest word and longest number that count, in characters.
const WORD_CHARS_MIN: u32 = 3;
const NUMBER_CHARS_MAX: u32 = 4;

/// Stems of a post, 0 beyond the last.
pub(crate) type Stems = [u32; STEMS];

/// Words that make the number before them a measure.
const UNITS: &str = "минута минут мин час часов сутки день дней неделя месяц год лет раз рубль руб тысяча тыс процент градус метр \
    километр км кг литр человек штука этаж";
/// Words that are no event's own however often its posts use them.
const COMMON: &str = "\
    сегодня вчера завтра утро утром днем вечер вечером ночь ночью время сейчас теперь потом опять снова уже еще давно скоро пора \
    понедельник вторник среда четверг пятница суббота воскресенье январь февраль март апрель май июнь июль август сентябрь октябрь \
    ноябрь декабрь зима весна лето осень погода начало конец первый второй третий последний новый старый весь все каждый любой \
    наш ваш мой свой этот такой другой который сам самый какой никто ничего что кто где когда куда почему зачем как так там тут \
    здесь есть был была было были быть будет будут нет надо нужно можно нельзя могу может мочь хотеть хочется знать знает делать \
    сделать сделали стать стал идти ходить ехать работать работает говорить сказать пишут писать написать смотреть видеть думать \
    жить дать взять прийти люди человек народ дети ребенок жители соседи друзья девочки мужики город район улица дом место дело \
    вопрос проблема причина помощь спасибо пожалуйста здравствуйте добрый просьба прошу просим подскажите помогите сообщите ответ \
    администрация власть микрорайон поселок село деревня мкр торговый центр глава губернатор мэр управление служба комментарий пост фото видео группа чат новость источник главное \
    очень много мало больше меньше только даже вообще просто хорошо плохо лучше всегда никогда рядом около после перед через";

/// Words that tell nothing by themselves, by stem.
#[derive(Debug)]
pub(crate) struct Common {
    units: Vec<u64>,
    words: FxHashSet<u64>,
}

impl Common {
    pub(crate) fn new(lexer: &mut Lexer) -> Self {
        let mut lexemes = Vec::new();
        lexer.read(UNITS, &mut lexemes);
        let units: Vec<u64> = lexemes.iter().map(|lexeme| lexeme.stem).collect();
        lexer.read(COMMON, &mut lexemes);
        let words = lexemes.iter().map(|lexeme| lexeme.stem).chain(units.iter().copied()).collect();
        Self { units, words }
    }
}

/// How often words occur in the window, and where they did last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Words {
    pub(crate) counters: Vec<u32>,
    pub(crate) counted: u32,
    /// Low 32 bits of numbers of recent posts plus one, the latest first.
    pub(crate) lists: Vec<[u32; RECENT]>,
    pub(crate) latest: u64,
}

impl Default for Words {
    fn default() -> Self {
        Self { counters: vec![0; COUNTERS], counted: 0, lists: vec![[0; RECENT]; LISTS], latest: 0 }
    }
}

/// Stems of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TextStems {
    /// The rarest, each once, the rarest first.
    pub(crate) all: Vec<u32>,
    /// Those of them that say more than the post's topic and town do.
    pub(crate) telling: Vec<u32>,
    /// Those of the telling ones that name something: words with a capital within a sentence, hashtags, numbers of a block.
    pub(crate) names: Vec<u32>,
    /// Names of the town, which tell nothing.
    pub(crate) towns: Vec<u32>,
    /// The topic and the town together, counted like a word; 0 when one of them is not known.
    pub(crate) matter: u32,
}

impl TextStems {
    /// What is kept of them.
    pub(crate) fn kept(&self) -> Stems {
        let mut kept = [0; STEMS];
        kept.iter_mut().zip(&self.all).for_each(|(place, &stem)| *place = stem);
        kept[STEMS - 1] = self.matter;
        kept
    }
}

pub(crate) fn is_matter(stem: u32) -> bool {
    stem & MATTER != 0
}

/// The rarest stems of a text.
///
/// A number says something only together with the matter it belongs to: bus 18 is not house 18. So it counts as a word of
/// the block of its post, and not at all in a post without one or as a part of an address.
pub(crate) fn rare_stems(lexemes: &[Lexeme], facts: &Facts, common: &Common, words: &Words) -> TextStems {
    const WORDS_MAX: usize = 300;
    let block = facts.leaning_block().map(hash_text);
    let within = |spans: &[Span], token: &Token| {
        spans.iter().any(|span| span.start <= token.span.start && token.span.end <= span.end)
    };
    let is_known = |token: &Token| {
        let topical = facts.topic_ends.iter().any(|at| token.span.start <= *at && *at < token.span.end);
        topical || within(&facts.exact_spans, token)
    };
    let is_common = |lexeme: &Lexeme| common.words.contains(&lexeme.stem);
    let measures = |index: usize| lexemes.get(index + 1).is_some_and(|next| common.units.contains(&next.stem));
    let (mut known, mut names, mut towns) = (Vec::new(), Vec::new(), Vec::new());
    let mut all: Vec<u32> = lexemes
        .iter()
        .enumerate()
        .take(WORDS_MAX)
        .filter_map(|(index, lexeme)| {
            let Lexeme { token, stem, .. } = lexeme;
            let flags = token.flags;
            let chars = token.span.end - token.span.start;
            let hash = if flags.has(Flags::EMOJI) {
                return None;
            } else if flags.has(Flags::DIGIT) {
                let counts = chars <= NUMBER_CHARS_MAX && !measures(index) && !within(&facts.place_spans, token);
                let block = block.filter(|_| counts)?;
                (stem ^ block.rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            } else if chars >= WORD_CHARS_MIN {
                *stem
            } else {
                return None;
            };
            let stem = ((hash >> 16) as u32 & !MATTER).max(1);
            let capital = flags.has(Flags::CAPITAL) && !flags.has(Flags::SENTENCE_START);
            if is_known(token) || is_common(lexeme) {
                known.push(stem);
                if within(&facts.town_spans, token) {
                    towns.push(stem);
                }
            } else if capital || flags.has(Flags::DIGIT) || flags.has(Flags::HASHTAG) {
                names.push(stem);
            }
            Some(stem)
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all.sort_by_key(|&stem| (words.count(stem), stem));
    all.truncate(STEMS - 1);
    let telling: Vec<u32> = all.iter().copied().filter(|stem| !known.contains(stem)).collect();
    names.retain(|stem| telling.contains(stem));
    let matter = facts.matter().map_or(0, |hash| hash as u32 | MATTER);
    TextStems { all, telling, names, towns, matter }
}

impl Words {
    pub(crate) fn count(&self, stem: u32) -> u32 {
        self.counters.get(stem as usize & (COUNTERS - 1)).copied().unwrap_or_default()
    }

    /// How much a stem says: the logarithm of its rarity.
    pub(crate) fn idf(&self, stem: u32) -> f32 {
        ((self.counted as f32 + 2.0) / (self.count(stem) as f32 + 1.0)).ln().max(0.05)
    }

    /// Counts a post's stems and remembers it for each of them.
    pub(crate) fn add(&mut self, stems: &[u32], sequence: u64) {
        self.latest = sequence;
        self.counted += 1;
        for &stem in stems.iter().filter(|&&stem| stem != 0) {
            if let Some(counter) = self.counters.get_mut(stem as usize & (COUNTERS - 1)) {
                *counter += 1;
            }
        }
        for &stem in stems.iter().take(PROBES).filter(|&&stem| stem != 0) {
            if let Some(list) = self.lists.get_mut(stem as usize & (LISTS - 1)) {
                list.copy_within(..RECENT - 1, 1);
                list[0] = (sequence as u32).wrapping_add(1);
            }
        }
    }

    /// Takes back what a post that leaves the window added.
    pub(crate) fn forget(&mut self, stems: &[u32]) {
        self.counted = self.counted.saturating_sub(1);
        for &stem in stems.iter().filter(|&&stem| stem != 0) {
            if let Some(counter) = self.counters.get_mut(stem as usize & (COUNTERS - 1)) {
                *counter = counter.saturating_sub(1);
            }
        }
    }

    /// Recent posts that share the most telling stems, the likeliest first.
    pub(crate) fn recent(&self, stems: &[u32]) -> Vec<u64> {
        let mut found: Vec<(u64, f32)> = Vec::new();
        for &stem in stems.iter().take(PROBES) {
            let Some(list) = self.lists.get(stem as usize & (LISTS - 1)) else { continue };
            let says = self.idf(stem);
            for &low in list.iter().take_while(|&&low| low != 0) {
                let back = (self.latest as u32).wrapping_sub(low.wrapping_sub(1));
                let Some(sequence) = self.latest.checked_sub(u64::from(back)) else { continue };
                match found.iter_mut().find(|(known, _)| *known == sequence) {
                    Some((_, weight)) => *weight += says,
                    None => found.push((sequence, says)),
                }
            }
        }
        found.sort_by(|(first, a), (second, b)| b.total_cmp(a).then(second.cmp(first)));
        found.truncate(CANDIDATES_MAX);
        found.into_iter().map(|(sequence, _)| sequence).collect()
    }

    /// Cosine of two sets of stems, each weighted by how much it says.
    pub(crate) fn cosine(&self, a: &[u32], b: &[u32]) -> f32 {
        let square = |stem: u32| {
            let idf = self.idf(stem);
            idf * idf
        };
        let says = |stem: &&u32| **stem != 0 && !is_matter(**stem);
        let length = |stems: &[u32]| stems.iter().filter(says).map(|&stem| square(stem)).sum::<f32>();
        let common: f32 = a.iter().filter(says).filter(|stem| b.contains(stem)).map(|&stem| square(stem)).sum();
        let lengths = (length(a) * length(b)).sqrt();
        if lengths > 0.0 { common / lengths } else { 0.0 }
    }
}
