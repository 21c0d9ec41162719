//! Topics of OK.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(
    &["ok:mediatopic.getByIds", "ok:search.tagContents"],
    body
));
