//! robots.txt, and a path held against it. The first line of an input is the path.
#![no_main]

use otklik_sources::fetch::Robots;

libfuzzer_sys::fuzz_target!(|input: &str| {
    let (path, text) = input.split_once('\n').unwrap_or((input, ""));
    let robots = Robots::parse(text, "otklik");
    let allowed = robots.allows(path);
    // A comment and the empty group of somebody else say nothing.
    let longer = Robots::parse(&format!("{text}\n# Disallow: /\nUser-agent: somebody-else\n"), "otklik");
    assert_eq!(longer, robots);
    // A file without a rule forbids nothing.
    assert!(allowed || text.to_ascii_lowercase().contains("disallow"));
});
