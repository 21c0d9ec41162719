//! Walls and searches of VK.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(
    &["vk:wall.get", "vk:wall.getById", "vk:newsfeed.search"],
    body
));
