//! Calls of VK's methods, with the limits of each on a page.
//!
//! Daily limits count calls, also those within a bundle: `wall.get` 5,000, `wall.search` and `newsfeed.search` 1,000 a day.

use jiff::Timestamp;

use super::VERSION;
use crate::request::{Request, TokenKind, Verb};

/// Most posts of `wall.get`, comments of `wall.getComments`, topics, ids of `wall.getById`.
pub const PAGE_MAX: u32 = 100;
/// Most posts of `newsfeed.search`.
pub const SEARCH_MAX: u32 = 200;
/// Most answers given with each comment.
pub const THREAD_MAX: u32 = 10;
/// Most communities of `groups.getById`.
pub const GROUPS_MAX: usize = 500;
/// Most calls of a bundle.
pub const BUNDLE_MAX: usize = 25;

/// A page of a community's wall; `owner` is negative for a community.
pub fn wall(owner: i64, offset: u32) -> Request {
    let params = [("owner_id", owner.to_string()), ("offset", offset.to_string())];
    call("vk:wall.get", params).page(PAGE_MAX).extended()
}

/// Posts by wall and number, read again for edits, counters and deletions. At most [`PAGE_MAX`].
pub fn posts(ids: &[(i64, i64)]) -> Request {
    let ids: Vec<String> = ids.iter().take(PAGE_MAX as usize).map(|(owner, post)| format!("{owner}_{post}")).collect();
    call("vk:wall.getById", [("posts", ids.join(","))]).extended()
}

/// A page of the comments of a post, the newest first, with their first answers.
pub fn comments(owner: i64, post: i64, offset: u32) -> Request {
    let params = [
        ("owner_id", owner.to_string()),
        ("post_id", post.to_string()),
        ("offset", offset.to_string()),
        ("sort", "desc".to_owned()),
        ("preview_length", "0".to_owned()),
        ("need_likes", "1".to_owned()),
        ("thread_items_count", THREAD_MAX.to_string()),
    ];
    call("vk:wall.getComments", params).page(PAGE_MAX)
}

/// A page of the answers to a comment.
pub fn thread(owner: i64, post: i64, comment: i64, offset: u32) -> Request {
    comments(owner, post, offset).with("comment_id", comment.to_string())
}

/// Posts anywhere with these words, published in this stretch of time. What follows is asked for with `start_from`.
pub fn search(words: &str, from: Timestamp, until: Timestamp) -> Request {
    let params = [
        ("q", words.to_owned()),
        ("start_time", from.as_second().to_string()),
        ("end_time", until.as_second().to_string()),
    ];
    call("vk:newsfeed.search", params).page(SEARCH_MAX).extended()
}

/// Posts of one wall with these words.
pub fn wall_search(owner: i64, words: &str, offset: u32) -> Request {
    let params = [("owner_id", owner.to_string()), ("query", words.to_owned()), ("offset", offset.to_string())];
    call("vk:wall.search", params).page(PAGE_MAX).extended()
}

/// Who repeated a post.
pub fn reposts(owner: i64, post: i64, offset: u32) -> Request {
    let params = [("owner_id", owner.to_string()), ("post_id", post.to_string()), ("offset", offset.to_string())];
    call("vk:wall.getReposts", params).page(PAGE_MAX)
}

/// The topics of a community's board, those with new comments first; `group` is positive.
pub fn topics(group: i64, offset: u32) -> Request {
    let params = [("group_id", group.to_string()), ("order", "1".to_owned()), ("offset", offset.to_string())];
    call("vk:board.getTopics", params).page(PAGE_MAX).with("extended", "1")
}

/// A page of the comments of a topic, the newest first.
pub fn topic_comments(group: i64, topic: i64, offset: u32) -> Request {
    let params = [
        ("group_id", group.to_string()),
        ("topic_id", topic.to_string()),
        ("offset", offset.to_string()),
        ("sort", "desc".to_owned()),
        ("need_likes", "1".to_owned()),
    ];
    call("vk:board.getComments", params).page(PAGE_MAX).with("extended", "1")
}

/// What is known about communities, by number or short name. At most [`GROUPS_MAX`].
pub fn groups(names: &[&str]) -> Request {
    let names: Vec<&str> = names.iter().take(GROUPS_MAX).copied().collect();
    call("vk:groups.getById", [("group_ids", names.join(","))]).with("fields", "members_count")
}

/// Several calls in one, at most [`BUNDLE_MAX`]. Only a user's token may bundle. Read it with [`super::bundle`].
pub fn bundle(calls: &[Request]) -> Request {
    let calls: Vec<&Request> = calls.iter().take(BUNDLE_MAX).collect();
    let code: Vec<String> = calls.iter().map(|call| api_call(call)).collect();
    let mut request = call("vk:execute", [("code", format!("return [{}];", code.join(",")))]);
    request.token = TokenKind::User;
    request.cost = calls.iter().map(|call| call.cost).sum();
    request
}

/// `API.wall.get({"owner_id":"-1"})`.
fn api_call(request: &Request) -> String {
    let params = request.params.iter().filter(|(name, _)| name != "v");
    let params: Vec<String> = params.map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
    format!("API.{}({{{}}})", request.method.trim_start_matches("vk:"), params.join(","))
}

/// A text as JSON, which VK's code reads too.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn call<const N: usize>(method: &'static str, params: [(&str, String); N]) -> Request {
    let params = params.into_iter().map(|(name, value)| (name.to_owned(), value));
    Request {
        method,
        verb: Verb::Post,
        path: format!("method/{}", method.trim_start_matches("vk:")),
        params: params.chain([("v".to_owned(), VERSION.to_owned())]).collect(),
        about: Vec::new(),
        token: TokenKind::Service,
        cost: 1,
    }
}

impl Request {
    /// With names and numbers of members of the communities, and whether they are open.
    fn extended(self) -> Self {
        self.with("extended", "1").with("fields", "members_count")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(request: &Request) -> String {
        request.params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn calls_ask_for_a_whole_page() {
        let check = |request: &Request, path: &str, expected: &str| {
            assert_eq!((request.path.as_str(), params(request).as_str()), (path, expected));
        };
        check(
            &wall(-1, 100),
            "method/wall.get",
            "owner_id=-1&offset=100&v=5.199&count=100&extended=1&fields=members_count",
        );
        check(
            &posts(&[(-1, 2), (-1, 3)]),
            "method/wall.getById",
            "posts=-1_2,-1_3&v=5.199&extended=1&fields=members_count",
        );
        check(
            &thread(-1, 2, 3, 0),
            "method/wall.getComments",
            "owner_id=-1&post_id=2&offset=0&sort=desc&preview_length=0&need_likes=1&thread_items_count=10&v=5.199&count=100&comment_id=3",
        );
        let (from, until) = (Timestamp::from_second(10).unwrap(), Timestamp::from_second(20).unwrap());
        check(
            &search("нет воды", from, until),
            "method/newsfeed.search",
            "q=нет воды&start_time=10&end_time=20&v=5.199&count=200&extended=1&fields=members_count",
        );
    }

    #[test]
    fn a_bundle_costs_what_its_calls_cost() {
        let bundle = bundle(&[wall_search(-1, "яма \"на\" дороге\\", 0), topic_comments(1, 2, 0)]);
        assert_eq!((bundle.cost, bundle.token), (2, TokenKind::User));
        assert_eq!(
            bundle.params[0].1,
            "return [API.wall.search({\"owner_id\":\"-1\",\"query\":\"яма \\\"на\\\" дороге\\\\\",\"offset\":\"0\",\"count\":\"100\",\
             \"extended\":\"1\",\"fields\":\"members_count\"}),API.board.getComments({\"group_id\":\"1\",\"topic_id\":\"2\",\"offset\":\"0\",\
             \"sort\":\"desc\",\"need_likes\":\"1\",\"count\":\"100\",\"extended\":\"1\"})];"
        );
    }
}
