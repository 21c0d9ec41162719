//! Communities of VK.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["vk:groups.getById"], body));
