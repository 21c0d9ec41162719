//! What must hold for whatever a parser is given; each target names its methods.

use otklik_sources::{
    parse::{self, Options},
    parsed::POSTS_MAX,
};

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
/// A post makes no sense, an author is named without a secret, or a list has no bound: libFuzzer keeps the input then.
pub fn check(methods: &[&str], body: &[u8]) {
    let params: Vec<(String, String)> = PARAMS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for name in methods {
        let method = parse::method(name).unwrap_or_else(|| panic!("{name} is no method"));
        for params in [&params[..], &[]] {
            match method.parse(body, &Options { authors: None, params }) {
                Ok(parsed) => {
                    assert!(parsed.posts.len() <= POSTS_MAX);
                    for post in parsed.posts {
                        assert!(post.author_key.is_none());
                        assert!(otklik_domain::Post::try_from(post).is_ok());
                    }
                }
                Err(error) => assert!(error.message.chars().count() <= 300),
            }
        }
    }
}
