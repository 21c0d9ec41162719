//! Small words that tell what kind of place the name beside them is.

use rustc_hash::FxHashSet;

use super::decline::Gender;
use crate::{
    fold::{fold, hash_folded},
    lexer::Lexeme,
};

/// Words for streets: how they are written, the usual word, its gender.
const STREETS: &[(&str, &str, Gender)] = &[
    ("ул улица улице улицы улицу улицей улиц улицам улицах", "улица", Gender::Feminine),
    ("пр просп проспект проспекте проспекту проспекта проспектом", "проспект", Gender::Masculine),
    ("пер переулок переулке переулку переулка переулком", "переулок", Gender::Masculine),
    ("ш шоссе", "шоссе", Gender::Neuter),
    ("пл площадь площади площадью", "площадь", Gender::Feminine),
    ("наб набережная набережной набережную", "набережная", Gender::Feminine),
    ("бул бульвар бульваре бульвару бульвара бульваром", "бульвар", Gender::Masculine),
    ("проезд проезде проезду проезда", "проезд", Gender::Masculine),
    ("тракт тракте тракту тракта", "тракт", Gender::Masculine),
    ("тупик тупике тупика", "тупик", Gender::Masculine),
    ("аллея аллее аллеи аллею", "аллея", Gender::Feminine),
    ("мкр мкрн микрорайон микрорайоне микрорайона микрорайону", "микрорайон", Gender::Masculine),
    ("квартал квартале квартала", "квартал", Gender::Masculine),
];
const TOWNS: &str = "г гор город города городе городу городом п пос поселок поселке поселка пгт с село селе села д дер деревня \
    деревне деревни станица аул хутор";
const DISTRICTS: &str = "район района районе району районом р округ округа округе округу го мо";
const REGIONS: &str = "область области обл республика республики республике край края крае";
const PREPOSITIONS: &str = "в во из под до от на по у за через около возле близ к";
const HOUSES: &str = "д дом дома доме дому";
/// Words that a street's name never begins with: «улицы города», «дома культуры», «на улице минус».
const NOT_STREETS: &str = "в на и не у по с к о от до за для из что как это все уже нет без при под над я мы вы он она они дом дома д \
    кв корпус корп стр подъезд город города район районе нашего нашем нашей каждой этой этого той одной минус плюс жара мороз \
    холод январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь";

/// Words before two streets that meet: «на углу Советской и Ленина».
const CROSSINGS: &str =
    "угол угла углу углом перекресток перекрестка перекрестке перекрестку пересечение пересечении пересечения";
/// Words between a crossing and the second of its streets: «угол улиц Советской и Ленина».
const CROSSING_WORDS: usize = 4;

/// Words that make the number before them no house: «ждали победы 5 лет».
const MEASURES: &str = "минут минута минуты мин час часа часов ч день дня дней сутки суток неделя недели недель месяц месяца месяцев \
    год года лет раз раза руб р рубль рубля рублей тысяч тыс человек процент процента процентов метр метра метров м км литр литров \
    этаж этаже этажа градус градуса градусов";

/// The small words, by hash. Made once.
#[derive(Debug)]
pub(crate) struct Cues {
    streets: Vec<(u64, &'static str, Gender)>,
    /// A bit for each of them, and for few other words.
    street_bits: [u64; 16],
    towns: FxHashSet<u64>,
    districts: FxHashSet<u64>,
    regions: FxHashSet<u64>,
    prepositions: FxHashSet<u64>,
    houses: FxHashSet<u64>,
    not_streets: FxHashSet<u64>,
    on: FxHashSet<u64>,
    crossings: FxHashSet<u64>,
    measures: FxHashSet<u64>,
}

impl Default for Cues {
    fn default() -> Self {
        let streets = STREETS.iter().flat_map(|(forms, word, gender)| {
            forms.split(' ').map(move |form| (hash_folded(&fold(form)), *word, *gender))
        });
        let streets: Vec<(u64, &'static str, Gender)> = streets.collect();
        let mut street_bits = [0; 16];
        streets.iter().for_each(|(form, _, _)| street_bits[bit_of(*form).0] |= bit_of(*form).1);
        Self {
            streets,
            street_bits,
            towns: hashes(TOWNS),
            districts: hashes(DISTRICTS),
            regions: hashes(REGIONS),
            prepositions: hashes(PREPOSITIONS),
            houses: hashes(HOUSES),
            not_streets: hashes(NOT_STREETS),
            on: hashes("на по"),
            crossings: hashes(CROSSINGS),
            measures: hashes(MEASURES),
        }
    }
}

fn hashes(words: &str) -> FxHashSet<u64> {
    words.split_whitespace().map(|word| hash_folded(&fold(word))).collect()
}

fn bit_of(form: u64) -> (usize, u64) {
    ((form >> 60) as usize, 1 << (form >> 54 & 63))
}

impl Cues {
    /// The usual word for a kind of street and its gender.
    pub(crate) fn street(&self, lexeme: &Lexeme) -> Option<(&'static str, Gender)> {
        let form = lexeme.token.form;
        let (place, bit) = bit_of(form);
        if self.street_bits[place] & bit == 0 {
            return None;
        }
        self.streets.iter().find(|(hash, _, _)| *hash == form).map(|(_, word, gender)| (*word, *gender))
    }

    pub(crate) fn is_town(&self, lexeme: &Lexeme) -> bool {
        self.towns.contains(&lexeme.token.form)
    }

    pub(crate) fn is_district(&self, lexeme: &Lexeme) -> bool {
        self.districts.contains(&lexeme.token.form)
    }

    pub(crate) fn is_region(&self, lexeme: &Lexeme) -> bool {
        self.regions.contains(&lexeme.token.form)
    }

    pub(crate) fn is_preposition(&self, lexeme: &Lexeme) -> bool {
        self.prepositions.contains(&lexeme.token.form)
    }

    pub(crate) fn is_house(&self, lexeme: &Lexeme) -> bool {
        self.houses.contains(&lexeme.token.form)
    }

    /// Whether a street's name cannot begin with this word.
    pub(crate) fn is_no_street(&self, lexeme: &Lexeme) -> bool {
        self.not_streets.contains(&lexeme.token.form)
    }

    /// Whether a crossing of streets is named just before a place in the text.
    pub(crate) fn is_crossing(&self, lexemes: &[Lexeme], at: u32) -> bool {
        let before = lexemes.get(..at as usize).unwrap_or_default();
        before.iter().rev().take(CROSSING_WORDS).any(|lexeme| self.crossings.contains(&lexeme.token.form))
    }

    /// Whether what is counted stands behind a number.
    pub(crate) fn is_measure(&self, lexeme: &Lexeme) -> bool {
        self.measures.contains(&lexeme.token.form)
    }

    /// «на» and «по», which stand before streets.
    pub(crate) fn is_on(&self, lexeme: &Lexeme) -> bool {
        self.on.contains(&lexeme.token.form)
    }
}
