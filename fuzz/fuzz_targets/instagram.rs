//! Publications and hashtags of Instagram.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(
    &["instagram:business_discovery", "instagram:hashtag.search", "instagram:hashtag.recent_media"],
    body
));
