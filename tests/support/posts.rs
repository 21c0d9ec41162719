//! Made-up posts: a day in the region of `otklik demo`, without its authors' wit but with all that stages can stumble over.

use serde_json::{Value, json};

use crate::random::Random;

/// Streets and settlements of the invented region.
const PLACES: [&str; 12] = [
    "на улице Ленина, {house} в Северогорске",
    "на улице Мира, {house}, Северогорск",
    "на Советской, {house} (Северогорск)",
    "на улице Гагарина, дом {house}, в Северогорске",
    "на Карла Маркса, {house} в Северогорске",
    "в микрорайоне Кедровый",
    "в микрорайоне Речной Северогорска",
    "в Белозаводске",
    "в Вельшанске",
    "в Льнополье",
    "в Тихозёрске",
    "у нас во дворе",
];

/// What is wrong, in the words of several people.
const PROBLEMS: [&[&str]; 9] = [
    &[
        "прорвало трубу, вода заливает подвал",
        "из-под земли бьёт вода, опять прорыв водопровода",
        "нет холодной воды с утра",
    ],
    &[
        "яма на дороге, пробил колесо",
        "выбоины такие, что не проехать, когда заделают ямы?",
        "дорога разбита, яма на яме",
    ],
    &["не вывозят мусор третий день, контейнеры переполнены", "помойка у подъезда, мусор не вывозят"],
    &["нет отопления, батареи холодные, дети мёрзнут", "в квартире 14 градусов, отопление не включили"],
    &["отключили свет, сидим в темноте", "нет электричества с обеда, когда дадут свет?"],
    &["стая бродячих собак нападает на детей", "бродячие собаки у школы, страшно ходить"],
    &["автобус не приходит по расписанию, ждали час", "маршрутка переполнена, автобусов не хватает"],
    &["пахнет газом в подъезде, звоним 104", "сильный запах газа, людей выводят"],
    &["не убирают снег и лёд, упала бабушка", "гололёд, дорожки не посыпаны, люди падают"],
];

/// What people write about besides.
const CHATTER: [&str; 6] = [
    "Всем доброе утро, какой сегодня закат над Вельшей",
    "Продам детскую коляску, почти новая",
    "Спасибо коммунальщикам, двор убрали быстро",
    "Кто знает, до скольки работает библиотека?",
    "Наши выиграли 3:1, молодцы",
    "Отдам котят в добрые руки",
];

/// A post with the three fields that are required.
pub fn post(id: &str, text: &str, published_at: &str) -> Value {
    json!({ "id": id, "text": text, "published_at": published_at })
}

/// A day of posts by time of publication, as JSON Lines; the same seed and number give the same bytes.
///
/// Among them are duplicates, posts read twice with other counters, comments, reposts, appeals, several networks, and now and
/// then a line that is no post.
pub fn demo_day(seed: u64, posts: u64) -> String {
    let mut random = Random::new(seed);
    let mut lines = String::new();
    let mut written: Vec<Value> = Vec::new();
    for number in 0..posts {
        let again = written.len() > 10 && random.below(40) == 0;
        let line = match () {
            () if number % 500 == 250 => format!("{{\"id\":\"broken-{number}\",\"text\":"),
            () if again => read_again(random.one_of(&written), number, posts).to_string(),
            () => {
                let new = new_post(&mut random, number, posts, &written);
                let line = new.to_string();
                written.push(new);
                line
            }
        };
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

fn new_post(random: &mut Random, number: u64, posts: u64, written: &[Value]) -> Value {
    let (network, kind) = *random.one_of(&[("vk", "post"), ("ok", "post"), ("telegram", "post"), ("form", "appeal")]);
    let mut post = json!({
        "id": format!("{network}:-{}_{number}", 1 + number % 7),
        "network": network,
        "kind": kind,
        "text": text(random, number),
        "published_at": time(number, posts),
        "author_key": format!("author-{}", random.below(1 + posts / 4)),
        "url": format!("https://example.org/{number}"),
        "metrics": { "views": random.below(5_000), "likes": random.below(50) },
    });
    if written.is_empty() {
        return post;
    }
    let other = random.one_of(written);
    match random.below(12) {
        0 => {
            post["kind"] = json!("comment");
            post["reply_to"] = other["id"].clone();
            post["text"] = json!("У нас то же самое, когда починят?");
        }
        1 => {
            post["repost_of"] = other["id"].clone();
            post["text"] = other["text"].clone();
        }
        2 => post["text"] = json!(format!("{}!!", other["text"].as_str().expect("a text"))),
        _ => {}
    }
    post
}

/// The same post, seen later with more views.
fn read_again(post: &Value, number: u64, posts: u64) -> Value {
    let mut again = post.clone();
    again["metrics"]["views"] = json!(6_000 + number % 1_000);
    debug_assert!(again["published_at"].as_str() <= Some(time(number, posts).as_str()));
    again
}

fn text(random: &mut Random, number: u64) -> String {
    if random.below(3) == 0 {
        return format!("{} ({number})", random.one_of(&CHATTER));
    }
    let place = random.one_of(&PLACES).replace("{house}", &(1 + random.below(30)).to_string());
    let said: &[&str] = random.one_of::<&[&str]>(&PROBLEMS);
    let problem = *random.one_of(said);
    let after = random.one_of(&["", " Примите меры!", " Сколько можно?", " Звонили, никто не едет.", " Помогите 🙏"]);
    format!("{}{problem} {place}.{after}", random.one_of(&["", "Здравствуйте! ", "Внимание: ", "Опять "]))
}

/// Times spread evenly over 24 hours.
fn time(number: u64, posts: u64) -> String {
    let second = number * 86_400 / posts;
    format!("2026-03-25T{:02}:{:02}:{:02}+03:00", second / 3_600, second / 60 % 60, second % 60)
}
