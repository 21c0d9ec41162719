//! Forms that residents write through, embedded in the pages of a body: what they may send and what a post becomes of it.

use jiff::Timestamp;
use otklik_domain::{Community, Metrics, Network, Post, PostId, PostKind, RegionId};

use crate::auth::secret;

/// Longest text in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 4_000;
/// Shortest text in characters: «нет воды» is one.
pub(crate) const TEXT_CHARS_MIN: usize = 5;
/// Longest address in characters.
pub(crate) const PLACE_CHARS_MAX: usize = 200;
/// Longest body of a post in bytes: a letter of Cyrillic takes six of them, an emoji twelve.
pub(crate) const BODY_BYTES_MAX: usize = 64 << 10;
/// Digits of a number. Without vowels no word comes of them, and without 0, 1, I, L, O nothing is misread on the telephone.
const DIGITS: &[u8; 27] = b"23456789BCDFGHJKMNPQRSTVWXZ";
/// Digits of a number on each side of its hyphen.
const HALF: usize = 5;

/// A form that residents write through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicForm {
    /// The end of its address: `/form/NAME`.
    pub name: String,
    /// What stands above it. It names the community of its posts too.
    pub title: String,
    /// The region of its posts.
    pub region: RegionId,
    /// Sites whose pages may embed it, such as `https://example.ru`. Without any it is a page of its own.
    pub frame_ancestors: Vec<String>,
    /// Where all of it happens, such as a town; added to every post.
    pub area: Option<String>,
    /// Settlements to choose from.
    pub settlements: Vec<String>,
}

/// What somebody sent through a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// What happened.
    pub(crate) text: String,
    /// The settlement chosen.
    pub(crate) settlement: String,
    /// Where.
    pub(crate) place: String,
    /// Drawn by lot for each page: what is sent twice from one page is one post.
    pub(crate) once: String,
    /// A field that people do not see.
    pub(crate) trap: String,
}

/// What is wrong with what was sent, by field, in Russian.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    pub(crate) text: Option<String>,
    pub(crate) settlement: Option<&'static str>,
    pub(crate) place: Option<String>,
    pub(crate) page: Option<&'static str>,
}

impl PublicForm {
    /// The post that comes of what was given, and its number for whoever asks about it.
    pub(crate) fn post(&self, given: &Given, now: Timestamp) -> (Post, String) {
        let place = [self.area.as_deref().unwrap_or_default(), &given.settlement, &given.place];
        let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let text = if place.is_empty() { given.text.clone() } else { format!("{}\n\nМесто: {place}", given.text) };
        let number = number(&[&self.name, &given.once, &text]);
        let post = Post {
            id: self.id_of(&number),
            network: Network::Form,
            kind: PostKind::Appeal,
            url: None,
            community: Some(Community { id: self.name.clone(), name: self.title.clone() }),
            author: None,
            published_at: now,
            text,
            reply_to: None,
            repost_of: None,
            metrics: Metrics::default(),
            geo: None,
            region: Some(self.region.clone()),
            labels: Vec::new(),
        };
        (post, number)
    }

    fn id_of(&self, number: &str) -> PostId {
        PostId::new(format!("form:{}-{number}", self.name))
    }
}

/// The posts a number may mean; none when it is not one.
pub(crate) fn ids_of(forms: &[PublicForm], words: &str) -> Vec<PostId> {
    let number = words.trim().to_ascii_uppercase();
    let halves = number.split_once('-');
    let is_half = |half: &str| half.len() == HALF && half.bytes().all(|digit| DIGITS.contains(&digit));
    if !halves.is_some_and(|(first, second)| is_half(first) && is_half(second)) {
        return Vec::new();
    }
    forms.iter().map(|form| form.id_of(&number)).collect()
}

/// What names a page of a form: see [`Given::once`].
pub(crate) fn draw() -> String {
    secret::hex(&rand::random::<[u8; 16]>())
}

/// The number of a post. It is made of what only its sender knows and of its words: who is told a number cannot send
/// something else under it.
fn number(parts: &[&str]) -> String {
    let digest = secret::digest(parts);
    let bits = digest.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()).unwrap_or_default();
    let base = DIGITS.len() as u64;
    let digits = std::iter::successors(Some(bits), |rest| Some(rest / base));
    let mut number: String = digits
        .take(2 * HALF)
        .filter_map(|rest| DIGITS.get((rest % base) as usize))
        .map(|&digit| char::from(digit))
        .collect();
    number.insert(HALF, '-');
    number
}

impl Given {
    /// Reads a form's body. A field that is not there is empty; others are left alone.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut given = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "text" => given.text = lines(&value),
                "settlement" => given.settlement = line(&value),
                "place" => given.place = line(&value),
                "once" => given.once = value.into_owned(),
                "homepage" => given.trap = value.into_owned(),
                _ => {}
            }
        }
        given
    }

    /// What is wrong with it; `None` when nothing is.
    pub(crate) fn problems(&self, form: &PublicForm) -> Option<Problems> {
        let chars = self.text.chars().count();
        let text = match chars {
            0 => Some("Напишите, что случилось.".to_owned()),
            _ if chars < TEXT_CHARS_MIN => Some("Слишком коротко: опишите, что случилось.".to_owned()),
            _ if chars > TEXT_CHARS_MAX => {
                Some(format!("Слишком длинно: {chars} знаков, а можно до {TEXT_CHARS_MAX}. Оставьте главное."))
            }
            _ => None,
        };
        let is_known = self.settlement.is_empty() || form.settlements.contains(&self.settlement);
        let is_drawn = self.once.len() == 32 && self.once.bytes().all(|byte| byte.is_ascii_hexdigit());
        let page = if !self.trap.is_empty() {
            // It says so and does not pretend: a browser that fills in fields by itself must not cost a resident the appeal.
            Some("Последнее поле нужно оставить пустым: его заполняют только программы. Отправьте ещё раз.")
        } else if !is_drawn {
            Some("Страница устарела. Проверьте написанное и отправьте ещё раз.")
        } else {
            None
        };
        let problems = Problems {
            text,
            settlement: (!is_known).then_some("Выберите из списка."),
            place: (self.place.chars().count() > PLACE_CHARS_MAX)
                .then(|| format!("Слишком длинно: можно до {PLACE_CHARS_MAX} знаков.")),
            page,
        };
        (problems != Problems::default()).then_some(problems)
    }
}

/// A text as it was typed, without what no keyboard types.
fn lines(value: &str) -> String {
    let plain: String = value.replace("\r\n", "\n").chars().filter(|&c| c == '\n' || !c.is_control()).collect();
    plain.trim().to_owned()
}

/// A text in one line.
fn line(value: &str) -> String {
    value
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> PublicForm {
        PublicForm {
            name: "gorod".to_owned(),
            title: "Город".to_owned(),
            region: "demo".into(),
            frame_ancestors: Vec::new(),
            area: Some("Северогорск".to_owned()),
            settlements: vec!["Ручьи".to_owned()],
        }
    }

    fn given(body: &str) -> Given {
        Given { once: "0123456789abcdef0123456789abcdef".to_owned(), ..Given::read(body.as_bytes()) }
    }

    #[test]
    fn says_which_field_is_wrong() {
        let check = |body: &str, expected: [bool; 4]| {
            let Problems { text, settlement, place, page } = given(body).problems(&form()).unwrap_or_default();
            let wrong = [text.is_some(), settlement.is_some(), place.is_some(), page.is_some()];
            assert_eq!(wrong, expected, "{}", body.chars().take(60).collect::<String>());
        };
        check("text=Нет+воды", [false; 4]);
        check("text=Нет+воды&settlement=Ручьи&place=Мира+5&else=1", [false; 4]);
        check("", [true, false, false, false]);
        check("text=%0D%0A+%00", [true, false, false, false]);
        check("text=ап", [true, false, false, false]);
        check(&format!("text={}", "я".repeat(TEXT_CHARS_MAX)), [false; 4]);
        check(&format!("text={}", "я".repeat(TEXT_CHARS_MAX + 1)), [true, false, false, false]);
        check("text=Нет+воды&settlement=Марс", [false, true, false, false]);
        check(&format!("text=Нет+воды&place={}", "я".repeat(PLACE_CHARS_MAX + 1)), [false, false, true, false]);
        check("text=Нет+воды&homepage=x", [false, false, false, true]);
        let old = Given { once: "x".to_owned(), ..given("text=Нет+воды") };
        assert!(old.problems(&form()).unwrap().page.unwrap().contains("устарела"));
    }

    #[test]
    fn the_place_stands_below_the_text() {
        let text = |body: &str| form().post(&given(body), Timestamp::UNIX_EPOCH).0.text;
        assert_eq!(text("text=Нет%0D%0Aводы"), "Нет\nводы\n\nМесто: Северогорск");
        let all = "text=Нет+воды&settlement=Ручьи&place=+ул.%0AМира+5+";
        assert_eq!(text(all), "Нет воды\n\nМесто: Северогорск, Ручьи, ул. Мира 5");
    }

    #[test]
    fn the_same_page_gives_the_same_number() {
        let number = |given: &Given| form().post(given, Timestamp::UNIX_EPOCH).1;
        let first = given("text=Нет+воды");
        assert_eq!(number(&first), number(&first.clone()));
        assert_ne!(number(&first), number(&given("text=Нет+света")), "other words from the same page");
        assert_ne!(
            number(&first),
            number(&Given { once: draw(), ..first.clone() }),
            "the same words from another page"
        );
    }

    #[test]
    fn a_number_leads_to_its_post() {
        let (post, number) = form().post(&given("text=Нет+воды"), Timestamp::UNIX_EPOCH);
        let typed = format!(" {} ", number.to_lowercase());
        assert_eq!(ids_of(&[form()], &typed), [post.id]);
        for words in ["", "нет воды", "22222-222222", "22222-2222", "22222 22222", "ААААА-ААААА"] {
            assert!(ids_of(&[form()], words).is_empty(), "{words}");
        }
    }
}
