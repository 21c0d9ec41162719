//! Comments of VK, with threads.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| otklik_fuzz::check(&["vk:wall.getComments", "vk:board.getComments"], body));
