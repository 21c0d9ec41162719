//! The words of a text that tell posts apart: its stems, the names among them, and what the post is on.

mod kept;

use otklik_domain::Span;
use otklik_text::{Flags, Lexeme, Lexer, Token};
use rustc_hash::FxHashSet;

use self::kept::MATTER;
pub(crate) use self::kept::{KeptStems, STEMS, Stems, is_matter};
use super::{
    event::Facts,
    owners::{Owner, Owners},
    small_table::SmallTable,
    window::hash_text,
    words::Words,
};

/// The bits of a stem: as many as are kept of a post's.
const STEM_BITS: u32 = 0x00FF_FFFF;
/// Words looked at.
const WORDS_MAX: usize = 80;
/// Stems that may lead to an event: the less telling ones lead astray.
const LEADING: usize = 4;
/// Places of a table of all of them.
pub(crate) const PLACES: usize = 256;
/// Shortest word and longest number that count, in characters.
const WORD_CHARS_MIN: u32 = 3;
const NUMBER_CHARS_MAX: u32 = 4;
/// Words that make the number before them a measure.
const UNITS: &str = "минута минут мин час часов сутки день дней неделя месяц год лет раз рубль руб тысяча тыс процент градус метр \
    километр км кг литр человек штука этаж";
/// Words that say that a trouble has come again.
const AGAIN: &str = "опять снова вновь повторно второй третий";
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
    администрация власть микрорайон поселок село деревня мкр торговый центр глава губернатор мэр управление служба комментарий пост фото видео подписаться подписывайтесь подпишись канал прислать группа чат новость источник главное \
    очень много мало больше меньше только даже вообще просто хорошо плохо лучше всегда никогда рядом около после перед через";

/// Words that tell nothing by themselves, by stem.
#[derive(Debug)]
pub(crate) struct Common {
    units: Vec<u64>,
    words: FxHashSet<u64>,
    /// Forms that say that something has come again.
    again: Vec<u64>,
    /// How much a word counts for its place in the text.
    early: Vec<f32>,
}

/// What a word counts that comes late, against one that comes first.
const EARLY_MIN: f32 = 0.6;

impl Common {
    pub(crate) fn new(lexer: &mut Lexer) -> Self {
        let mut lexemes = Vec::new();
        lexer.read(UNITS, &mut lexemes);
        let units: Vec<u64> = lexemes.iter().map(|lexeme| lexeme.stem).collect();
        lexer.read(COMMON, &mut lexemes);
        let words = lexemes.iter().map(|lexeme| lexeme.stem).chain(units.iter().copied()).collect();
        lexer.read(AGAIN, &mut lexemes);
        let again = lexemes.iter().map(|lexeme| lexeme.token.form).collect();
        let late = |index: usize| (-(index as f32) / 40.0).exp();
        let early = (0..WORDS_MAX).map(|index| EARLY_MIN + (1.0 - EARLY_MIN) * late(index)).collect();
        Self { units, words, again, early }
    }

    /// Whether a text says that something has come again.
    pub(crate) fn says_again(&self, lexemes: &[Lexeme]) -> bool {
        lexemes.iter().any(|lexeme| self.again.contains(&lexeme.token.form))
    }
}

/// Stems of a text. Kept from text to text for its memory.
#[derive(Debug, Default)]
pub(crate) struct TextStems {
    /// The most telling, each once, the most telling first.
    pub(crate) all: Vec<u32>,
    /// Of a long text every stem but common ones.
    pub(crate) of_long: Vec<u32>,
    /// Those of `all` that say more than the post's topic and town do.
    pub(crate) telling: Vec<u32>,
    /// Whose each of the telling ones is.
    pub(crate) owners: Vec<Option<Owner>>,
    /// Those of the telling ones that name something: words with a capital within a sentence, hashtags, numbers of a block.
    pub(crate) names: Vec<u32>,
    /// The slots of events that the most telling stems lead to.
    pub(crate) leading_to: Vec<u32>,
    /// Names of the town, which tell nothing.
    pub(crate) towns: Vec<u32>,
    /// Names of streets. Streets are compared as places; who writes «олимпийская» without more is known by the word.
    pub(crate) streets: Vec<u32>,
    /// The topic and the town together, counted like a word; 0 when one of them is not known.
    pub(crate) matter: u32,
    uses: SmallTable<Use, PLACES>,
    /// How much each of them says, with its stem and where it is among them.
    ranked: Vec<(f32, u32, u32)>,
}

/// What is known of a stem of a text.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    stem: u32,
    /// Which word of the text it is first.
    first: usize,
    times: u32,
    is_name: bool,
    is_common: bool,
    /// Its topic or its place says it already.
    is_known: bool,
    is_town: bool,
    is_street: bool,
}

impl TextStems {
    /// Takes the words of a post in place of what is there.
    ///
    /// A number says something only together with the matter it belongs to: bus 18 is not house 18. So it counts as a word of
    /// the block of its post, and not at all in a post without one or as a part of an address.
    pub(crate) fn read(&mut self, lexemes: &[Lexeme], facts: &Facts<'_>, common: &Common, words: &Words) {
        let Self { uses, ranked, .. } = self;
        uses.clear();
        let mut ends = facts.topic_ends.iter().peekable();
        for (index, lexeme) in lexemes.iter().enumerate().take(WORDS_MAX) {
            let measures = || lexemes.get(index + 1).is_some_and(|next| common.units.contains(&next.stem));
            let Some(stem) = stem_of(lexeme, facts, measures) else { continue };
            let Lexeme { token, .. } = lexeme;
            let flags = token.flags;
            let Some(known) = uses.entry(u64::from(stem)) else { break };
            if known.times == 0 {
                (known.stem, known.first) = (stem, index);
            }
            let capital = flags.has(Flags::CAPITAL) && !flags.has(Flags::SENTENCE_START);
            while ends.next_if(|at| **at < token.span.start).is_some() {}
            let topical = ends.peek().is_some_and(|at| **at < token.span.end);
            known.times += 1;
            let named = flags.has(Flags::DIGIT) || flags.has(Flags::HASHTAG) || within(&facts.place_spans, token);
            known.is_name |= capital || named;
            known.is_common |= common.words.contains(&lexeme.stem);
            known.is_known |= topical || within(&facts.exact_spans, token);
            known.is_town |= within(&facts.town_spans, token);
            known.is_street |= within(&facts.exact_spans, token) && !flags.has(Flags::DIGIT);
        }
        let used = || uses.list().iter().map(|(_, known)| *known);
        let long = used().filter(|known| facts.is_long && !known.is_common);
        put(&mut self.of_long, long.map(|known| known.stem));
        ranked.clear();
        let said = used().zip(0..).map(|(known, nth)| (known.says(words.idf(known.stem), common), known.stem, nth));
        ranked.extend(said);
        let more =
            |(first, a, _): &(f32, u32, u32), (second, b, _): &(f32, u32, u32)| second.total_cmp(first).then(a.cmp(b));
        if ranked.len() >= STEMS {
            ranked.select_nth_unstable_by(STEMS - 1, more);
            ranked.truncate(STEMS - 1);
        }
        ranked.sort_unstable_by(more);
        let uses = uses.list();
        let picked = |which: fn(&Use) -> bool| {
            let is_picked = move |nth: u32| uses.get(nth as usize).is_some_and(|(_, known)| which(known));
            ranked.iter().filter(move |(.., nth)| is_picked(*nth)).map(|&(_, stem, _)| stem)
        };
        put(&mut self.all, picked(|_| true));
        put(&mut self.telling, picked(Use::is_telling));
        put(&mut self.names, picked(|known| known.is_name && known.is_telling()));
        put(&mut self.towns, picked(|known| known.is_town));
        put(&mut self.streets, picked(|known| known.is_street && !known.is_town && !known.is_common));
        self.matter = facts.matter().map_or(0, |hash| (hash as u32 & STEM_BITS).max(1) | MATTER);
    }

    /// Leaves out stems that tell nothing here.
    pub(crate) fn leave_out(&mut self, empty: &[u32]) {
        if empty.is_empty() {
            return;
        }
        for stems in [&mut self.all, &mut self.of_long, &mut self.telling, &mut self.names] {
            stems.retain(|stem| !empty.contains(stem));
        }
    }

    /// Takes note of whose the telling stems are. What is nobody's tells nothing; what was a name elsewhere is one: «берёзка» without
    /// its capital too.
    pub(crate) fn ask_owners(&mut self, owners: &Owners) {
        let Self { telling, names, leading_to, owners: found, .. } = self;
        leading_to.clear();
        found.clear();
        telling.retain(|&stem| {
            let owner = owners.get(stem);
            if let Some(Owner::Event(slot, is_name)) = owner {
                if leading_to.len() < LEADING {
                    leading_to.push(slot);
                }
                if is_name && !names.contains(&stem) {
                    names.push(stem);
                }
            }
            let is_anyones = owner != Some(Owner::Nobody);
            found.extend(is_anyones.then_some(owner));
            is_anyones
        });
    }

    /// What is kept of them.
    pub(crate) fn kept(&self) -> Stems {
        let mut kept = [0; STEMS];
        kept.iter_mut().zip(&self.all).for_each(|(place, &stem)| *place = stem);
        kept[STEMS - 1] = self.matter;
        kept
    }
}

impl Use {
    fn is_telling(&self) -> bool {
        !self.is_known && !self.is_common
    }

    /// How much the stem says of its text: it is rare elsewhere, used again and again, named early, a name.
    fn says(&self, idf: f32, words: &Common) -> f32 {
        let early = words.early.get(self.first).copied().unwrap_or(EARLY_MIN);
        let name = if self.is_name { 1.3 } else { 1.0 };
        let common = if self.is_common { 0.5 } else { 1.0 };
        let again = if self.times > 1 { (self.times as f32).ln() } else { 0.0 };
        (1.0 + idf) * (1.0 + again) * early * name * common
    }
}

/// Puts stems in place of what a list holds.
fn put(list: &mut Vec<u32>, stems: impl Iterator<Item = u32>) {
    list.clear();
    list.extend(stems);
}

fn stem_of(lexeme: &Lexeme, facts: &Facts<'_>, measures: impl Fn() -> bool) -> Option<u32> {
    let Lexeme { token, stem, .. } = lexeme;
    let chars = token.span.end - token.span.start;
    let hash = if token.flags.has(Flags::EMOJI) {
        return None;
    } else if token.flags.has(Flags::DIGIT) {
        let counts = chars <= NUMBER_CHARS_MAX && !measures() && !within(&facts.place_spans, token);
        let block = facts.leaning_block().filter(|_| counts)?;
        (stem ^ hash_text(block).rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    } else if chars >= WORD_CHARS_MIN {
        *stem
    } else {
        return None;
    };
    Some(((hash >> 16) as u32 & STEM_BITS).max(1))
}

fn within(spans: &[Span], token: &Token) -> bool {
    spans.iter().any(|span| span.start <= token.span.start && token.span.end <= span.end)
}
