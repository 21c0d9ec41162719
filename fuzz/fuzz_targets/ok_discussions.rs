//! Discussions and comments of OK.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(
    &["ok:discussions.getList", "ok:discussions.getComments"],
    body
));
