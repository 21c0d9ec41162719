//! All that a server of IMAP says while a folder is read.
#![no_main]

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use otklik_sources::mail::mailbox::{Mailbox, MailboxConfig, Position};
use tokio::{
    io,
    runtime::{Builder, Runtime},
};

/// Messages read in a step.
const STEP_MAX: usize = 50;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime starts"));

static MAILBOX: LazyLock<Mailbox> = LazyLock::new(|| {
    let config = MailboxConfig {
        host: "127.0.0.1".to_owned(),
        port: 143,
        plain: true,
        folder: "INBOX".to_owned(),
        user: "u".to_owned(),
        password: "a password".into(),
        backfill: SignedDuration::from_hours(72),
    };
    Mailbox::new(config, None).expect("the mailbox makes sense")
});

libfuzzer_sys::fuzz_target!(|said: &[u8]| {
    let now = Timestamp::from_second(1_772_600_000).expect("a time");
    for known in [None, Some(Position { validity: 7, uid: 3 })] {
        let stream = io::join(said, io::sink());
        match RUNTIME.block_on(MAILBOX.read_from(stream, known, now)) {
            Ok(read) => {
                assert!(read.posts.len() <= STEP_MAX && read.position.is_some());
                read.posts.into_iter().for_each(otklik_fuzz::check_post);
            }
            Err(error) => assert!(!error.to_string().contains("a password")),
        }
    }
});
