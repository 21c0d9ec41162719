//! Groups and addresses of OK.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["ok:group.getInfo", "ok:url.getInfo"], body));
