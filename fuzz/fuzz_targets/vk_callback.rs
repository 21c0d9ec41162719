//! Events of VK's Callback API: read, and answered as the server of a community does.
#![no_main]

use otklik_sources::vk::callback::{Reply, Server, reply};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    otklik_fuzz::check(&["vk:callback"], body);
    let server = Server { group_id: 1, secret: "s3cret".into(), confirmation: "c0nfirm".to_owned() };
    match reply(body, &server, Some(&otklik_fuzz::keys())) {
        Ok(Reply::Taken { event, parsed }) => {
            // Nothing is taken that does not carry the secret, as it is or with its letters escaped.
            assert!(body.windows(6).any(|part| part == b"s3cret") || body.contains(&b'\\'));
            assert!(event.is_none_or(|event| !event.is_empty() && event.len() <= 100));
            otklik_fuzz::check_parsed(*parsed);
        }
        Ok(Reply::Confirm(words)) => assert_eq!(words, server.confirmation),
        Err(refusal) => assert!(!refusal.to_string().contains("s3cret")),
    }
});
