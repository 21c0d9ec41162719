//! The search of X.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["x:tweets.search.recent"], body));
