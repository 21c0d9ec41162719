//! Messages of VK's Streaming API.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["vk:streaming"], body));
