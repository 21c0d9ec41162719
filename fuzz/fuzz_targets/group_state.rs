//! Saved states of grouping: see `sealed::content` for what an input is.
#![no_main]

use std::sync::LazyLock;

use otklik_domain::{Analysis, Post, PostId};
use otklik_engine::group::{GroupConfig, Grouper};
use otklik_fuzz::{
    dictionaries::OURS,
    sealed::{content, opened, seal},
    texts::post,
};
use otklik_text::Analyser;

const TEXTS: [&str; 5] = [
    "Нет холодной воды на улице Ленина, 5 в Глазове третий день, никто не отвечает на звонки",
    "На Ленина 5 опять нет холодной воды, третий день, звонки без ответа",
    "Огромная яма на дороге по улице Кирова у школы, машины пробивают колёса",
    "Спасибо дорожникам, яму на Кирова у школы заделали",
    "Прорвало трубу на Ленина, вода бежит по дороге, вызвали аварийную службу",
];

/// Posts, read.
static POSTS: LazyLock<Vec<(Post, Analysis)>> = LazyLock::new(|| {
    let mut analyser = Analyser::new(OURS.clone(), Vec::new());
    let posts = (0..).zip(TEXTS).map(|(number, text)| post(number, text));
    posts.map(|post| (post.clone(), analyser.analyse(&post))).collect()
});

/// A state of few posts.
static SAVED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut grouper = Grouper::new("udm".into(), GroupConfig::default());
    add(&mut grouper, "");
    grouper.to_bytes().expect("a state")
});

// What takes long is made before the first input: its time is not an input's.
libfuzzer_sys::fuzz_target!(init: { LazyLock::force(&SAVED); }, |input: &[u8]| {
    let content = content(input, opened(&SAVED));
    let magic = SAVED.first_chunk().expect("a state begins with its magic");
    let bytes = seal(magic, checksum(&content), &content);
    let Ok(mut grouper) = Grouper::from_bytes(&bytes, GroupConfig::default()) else { return };
    let saved = grouper.to_bytes().expect("a state that was read can be saved");
    let again = Grouper::from_bytes(&saved, GroupConfig::default()).expect("what was saved is read");
    assert!(again.to_bytes().as_ref() == Ok(&saved), "saved again it is the same");
    add(&mut grouper, "again");
    grouper.to_bytes().expect("a state that went on can be saved");
});

fn add(grouper: &mut Grouper, suffix: &str) {
    for (post, analysis) in &*POSTS {
        let id = PostId::new(format!("{}{suffix}", post.id));
        grouper.add(&Post { id: id.clone(), ..post.clone() }, &Analysis { id, ..analysis.clone() });
    }
}

/// As the state has it: FNV-1a, eight bytes at a time.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(0xCBF2_9CE4_8422_2325, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, &byte| step(hash, u64::from(byte)));
    hash ^ (hash >> 31)
}
