//! Feeds: RSS, Atom, JSON Feed.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["rss:feed"], body));
