//! Public previews of channels of Telegram.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["telegram:page"], body));
