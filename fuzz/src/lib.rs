//! What must hold for whatever a parser is given; each target names what it reads.

pub mod dictionaries;
pub mod sealed;
pub mod texts;

use otklik_sources::{
    author::AuthorKeys,
    parse::{self, Options},
    parsed::{POSTS_MAX, Parsed},
};
use otklik_wire::Post;

/// Parameters of a request, as a crawler would have them.
const PARAMS: [(&str, &str); 6] = [
    ("owner_id", "-1"),
    ("post_id", "2"),
    ("group_id", "3"),
    ("topic_id", "4"),
    ("offset", "100"),
    ("url", "https://example.org/"),
];

/// Reads a body by each of the methods, and checks what comes out.
///
/// # Panics
/// A post makes no sense, an author is named without a secret, a list has no bound, or what was read is not what is written:
/// libFuzzer keeps the input then.
pub fn check(methods: &[&str], body: &[u8]) {
    let params: Vec<(String, String)> = PARAMS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for name in methods {
        let method = parse::method(name).unwrap_or_else(|| panic!("{name} is no method"));
        for params in [&params[..], &[]] {
            match method.parse(body, &Options { authors: None, params }) {
                Ok(parsed) => {
                    assert!(parsed.posts.iter().all(|post| post.author_key.is_none()));
                    check_parsed(parsed);
                }
                Err(error) => assert!(error.message.chars().count() <= 300),
            }
        }
    }
}

/// Keys of authors as a deployment has them.
pub fn keys() -> AuthorKeys {
    AuthorKeys::new("a secret of sixteen".into())
}

/// Checks what was read of a body.
///
/// # Panics
/// As [`check`].
pub fn check_parsed(parsed: Parsed) {
    assert!(parsed.posts.len() <= POSTS_MAX);
    parsed.posts.into_iter().for_each(check_post);
}

/// Checks a post: it makes sense, and what is written of it reads as the same.
///
/// # Panics
/// As [`check`].
pub fn check_post(post: Post) {
    let domain = otklik_domain::Post::try_from(post).unwrap_or_else(|error| panic!("a post makes no sense: {error}"));
    check_written(&domain);
}

/// Checks that what is written of a post reads as the same.
///
/// # Panics
/// As [`check`].
pub fn check_written(domain: &otklik_domain::Post) {
    let written = serde_json::to_string(&Post::from(domain)).unwrap_or_else(|error| panic!("{error}"));
    let read: Post = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(otklik_domain::Post::try_from(read).as_ref(), Ok(domain), "{written}");
}
