//! What people write: posts with their edits and deletions, comments and answers, over the hours of a day.

use crate::random::Random;

/// Milliseconds.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// How much is written in each hour of UTC: shares of 16,000 posts of Russian channels.
const HOURS: [f64; 24] = [
    0.12, 0.10, 0.11, 0.15, 0.20, 0.56, 1.54, 2.10, 1.75, 1.72, 1.57, 1.72, 1.62, 1.47, 1.45, 1.54, 1.33, 1.19, 1.46,
    0.93, 0.76, 0.30, 0.17, 0.12,
];
/// Mean time from a post to its comments.
const COMMENT_HOURS: f64 = 5.0;
/// Days of posts before the day that is played.
const HISTORY_DAYS: f64 = 3.0;

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Communities of VK.
    pub walls: usize,
    /// Groups of OK.
    pub groups: usize,
    /// Channels of Telegram.
    pub channels: usize,
    /// Feeds.
    pub feeds: usize,
    /// Searches of X.
    pub searches: usize,
    /// Pages of Facebook.
    pub pages: usize,
    /// Business accounts of Instagram.
    pub accounts: usize,
    /// Hours that are played.
    pub hours: i64,
}

/// A publication. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) number: i64,
    pub(crate) at: i64,
    pub(crate) edited: Option<i64>,
    pub(crate) deleted: Option<i64>,
}

/// A post with its comments, by time.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) item: Item,
    pub(crate) comments: Vec<Comment>,
}

/// A comment, or an answer to the comment at `parent`.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) item: Item,
    pub(crate) parent: Option<usize>,
}

/// What is written in one place, by time.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) posts: Vec<Post>,
}

/// How lively a place is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Liveliness {
    /// Posts a day: median and deviation of the logarithm over all places.
    pub(crate) posts: (f64, f64),
    /// Comments of a post, the same.
    pub(crate) comments: Option<(f64, f64)>,
    /// Whether posts and comments share their numbers, as on a wall.
    pub(crate) shares_numbers: bool,
}

impl Item {
    pub(crate) fn is_there(&self, now: i64) -> bool {
        self.at <= now && self.deleted.is_none_or(|deleted| deleted > now)
    }

    /// The text at a time: an edit changes it.
    pub(crate) fn text(&self, now: i64) -> String {
        const MATTERS: [&str; 8] = [
            "нет воды второй день, обещали к вечеру & молчат",
            "яма у остановки, колесо пробил <второй> раз",
            "автобус не пришёл, ждали сорок минут",
            "во дворе не горит фонарь, темно",
            "мусор не вывозят неделю",
            "в поликлинику не записаться, талонов нет",
            "спасибо дорожникам, почистили",
            "когда включат отопление в детском саду?",
        ];
        let matter = MATTERS.get(usize::try_from(self.number.rem_euclid(8)).unwrap()).unwrap();
        match self.edited.filter(|edited| *edited <= now) {
            Some(_) => format!("Запись {}: {matter}. Исправлено.", self.number),
            None => format!("Запись {}: {matter}.", self.number),
        }
    }
}

impl Place {
    /// Writes a place's posts of some days before `begin` and until `end`.
    pub(crate) fn write(random: &mut Random, life: Liveliness, begin: i64, end: i64) -> Self {
        let a_day = random.lognormal(life.posts.0, life.posts.1).clamp(0.05, 400.0);
        let from = begin - (HISTORY_DAYS * DAY as f64) as i64;
        let mut posts = Vec::new();
        let mut at = from as f64;
        loop {
            // Thinning: at the busiest hour every moment counts, at the others a part.
            at += random.exponential(DAY as f64 / a_day / 2.1);
            if at >= end as f64 {
                break;
            }
            if random.happens(share(at as i64) / 2.1) {
                let comments = life.comments.map_or_else(Vec::new, |life| comments(random, life, at as i64, end));
                posts.push(Post { item: item(random, at as i64), comments });
            }
        }
        let mut place = Self { posts };
        place.number(life.shares_numbers);
        place
    }

    /// Gives numbers by time.
    fn number(&mut self, is_shared: bool) {
        let mut all: Vec<(i64, &mut i64)> = Vec::new();
        for post in &mut self.posts {
            all.push((post.item.at, &mut post.item.number));
            if is_shared {
                all.extend(post.comments.iter_mut().map(|comment| (comment.item.at, &mut comment.item.number)));
            } else {
                let numbered = post.comments.iter_mut().zip(1_000..);
                numbered.for_each(|(comment, number)| comment.item.number = number);
            }
        }
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().zip(1_000..).for_each(|((_, own), number)| *own = number);
    }
}

fn comments(random: &mut Random, life: (f64, f64), post: i64, end: i64) -> Vec<Comment> {
    let count = random.lognormal(life.0, life.1).clamp(0.0, 1_500.0).round() as usize;
    let mut times: Vec<i64> = (0..count)
        .map(|_| post + 30_000 + (random.exponential(COMMENT_HOURS) * HOUR as f64) as i64)
        .filter(|at| *at < end && share(*at) > 0.1)
        .collect();
    times.sort_unstable();
    let mut tops = Vec::new();
    let mut comments: Vec<Comment> = Vec::new();
    for at in times {
        let is_answer = !tops.is_empty() && random.happens(0.35);
        let parent = is_answer.then(|| *tops.get(random.below(tops.len() as u64) as usize).unwrap());
        if parent.is_none() {
            tops.push(comments.len());
        }
        comments.push(Comment { item: item(random, at), parent });
    }
    // Nobody answers what is gone.
    let answered: Vec<usize> = comments.iter().filter_map(|comment| comment.parent).collect();
    for parent in answered {
        comments.get_mut(parent).unwrap().item.deleted = None;
    }
    comments
}

fn item(random: &mut Random, at: i64) -> Item {
    let later = |random: &mut Random, hours: f64| at + 1_000 + (random.exponential(hours) * HOUR as f64) as i64;
    let edited = random.happens(0.03).then(|| later(random, 2.0));
    let deleted = random.happens(0.015).then(|| later(random, 6.0));
    Item { number: 0, at, edited, deleted }
}

fn share(at: i64) -> f64 {
    *HOURS.get(usize::try_from(at.div_euclid(HOUR).rem_euclid(24)).unwrap()).unwrap()
}
