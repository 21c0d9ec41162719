//! What the end-to-end suites share: the built binary and how to run it, deployments in a folder of their own, made-up posts.
//!
//! The suites see Otklik from outside: they start the binary, hand it input and read what it prints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod binary;
mod deployment;
mod files;
mod posts;
mod random;
mod served;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

pub use self::{
    binary::{Ended, Otklik, Running, binary, otklik},
    deployment::{Deployment, Report, libchdb, missing_libchdb},
    files::{File, copy_folder, files, none},
    posts::{demo_day, post},
    random::Random,
    served::{Client, Served, finds, search},
};

/// The folder of the workspace.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// Says on standard output that a suite, or a part of it, was not run; `./test` counts these lines. The harness keeps what
/// `println!` writes in a test that passes, so this writes past it.
pub fn skipped(suite: &str, reason: &str) {
    let line = format!("SKIPPED: {suite}: {reason}\n");
    std::io::stdout().write_all(line.as_bytes()).expect("standard output can be written");
}
