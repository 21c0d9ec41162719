//! Feeds and comments of Facebook.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["facebook:page.feed", "facebook:post.comments"], body));
