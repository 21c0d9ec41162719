//! Calls for Instagram. `account` is the number of the deployment's own business account, in whose name everything is asked.

use crate::{graph::call, request::Request};

/// Most publications of a page.
pub const PAGE_MAX: u32 = 50;

const MEDIA: &str = "id,caption,timestamp,permalink,like_count,comments_count";

/// What a business account published; `after` is where the page before ended, as that parameter of [`crate::parsed::Next`] says.
pub fn discovery(account: &str, username: &str, after: Option<&str>) -> Request {
    let after = after.map(|after| format!(".after({after})")).unwrap_or_default();
    let fields = format!(
        "business_discovery.username({username}){{id,username,name,followers_count,media{after}.limit({PAGE_MAX}){{{MEDIA}}}}}"
    );
    call("instagram:business_discovery", account).with("fields", fields)
}

/// The number of a hashtag, given without its sign.
pub fn hashtag(account: &str, tag: &str) -> Request {
    call("instagram:hashtag.search", "ig_hashtag_search")
        .with("user_id", account)
        .with("q", tag.trim_start_matches('#'))
}

/// Posts of the last day with a hashtag, by its number.
pub fn tagged(account: &str, hashtag: &str) -> Request {
    call("instagram:hashtag.recent_media", &format!("{hashtag}/recent_media"))
        .with("user_id", account)
        .with("fields", MEDIA)
        .with("limit", PAGE_MAX.to_string())
}
