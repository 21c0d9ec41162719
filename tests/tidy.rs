//! Rules of the house that a machine can hold: lengths of files, docs, leftovers, waits, addresses.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use otklik_tests::{File, files, none, repository};

/// No file of code is longer.
const LINES_MAX: usize = 500;
/// Rust without its tests is no longer, but for [`LONGER`].
const RUST_LINES_MAX: usize = 300;

/// Files that may be longer, each with its reason. The list only ever shrinks.
const LONGER: [(&str, &str); 10] = [
    ("crates/domain/src/incident.rs", "what an incident is made of, read as one page"),
    ("crates/engine/src/region/file.rs", "each key of a region's file, and what is wrong with it"),
    ("crates/otklik/src/cli.rs", "the whole command line, read as one page"),
    ("crates/pipeline/src/runner.rs", "the one loop that every stage runs in, with all its ways out"),
    ("crates/ports/src/conformance/search.rs", "one suite"),
    ("crates/ports/src/incidents.rs", "one trait: what an adapter owes is read as one page"),
    ("crates/stores/src/chdb/ffi.rs", "all unsafe code of the workspace stays in one file"),
    ("crates/text/src/dictionary.rs", "the compiled dictionary and its lookups"),
    ("crates/web/src/desk/act/form.rs", "a form for each action of an incident"),
    ("crates/wire/src/incident.rs", "each field of an incident there and back"),
];

/// Files whose waits are no synchronisation: the moment of a kill, the pace of a writer that is going to be killed, a clock
/// that stands still while anything works.
const MAY_WAIT: [&str; 2] = ["crates/pipeline/tests/golden/story.rs", "crates/stores/tests/fjall_log_kill.rs"];

/// Leftovers, in two parts so that this file has none itself.
const LEFTOVERS: [(&str, &str); 6] =
    [("to", "do!("), ("unimple", "mented!("), ("db", "g!("), ("TO", "DO"), ("FIX", "ME"), ("#[ign", "ore")];

/// Hosts of package registries, and folders of somebody's machine.
const FOREIGN: [(&str, &str); 14] = [
    ("crates", ".io"),
    ("pypi", ".org"),
    ("python", "hosted.org"),
    ("npm", "js.org"),
    ("npm", "js.com"),
    ("deb", ".debian.org"),
    ("repo1.", "maven.org"),
    ("repo.", "maven.apache.org"),
    ("proxy.", "golang.org"),
    ("/wo", "rk/"),
    ("/tm", "p/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
];

#[test]
fn files_of_code_are_short() {
    let mut found = Vec::new();
    let mut longer = Vec::new();
    let code = [".rs", ".sh", ".py", ".css", ".js", ".html", ".sql"];
    let files = files();
    for file in files.iter().filter(|file| code.iter().any(|extension| file.is(extension)) && !file.is_vendored()) {
        let lines = file.lines().count();
        if lines > LINES_MAX {
            found.push(format!("{}: {lines} lines, at most {LINES_MAX}", file.path));
        }
        let own = lines.min(file.tests_begin() - 1);
        if file.is(".rs") && own > RUST_LINES_MAX {
            longer.push(file.path.as_str());
            if !LONGER.iter().any(|(path, _)| *path == file.path) {
                found.push(format!("{}: {own} lines without its tests, at most {RUST_LINES_MAX}", file.path));
            }
        }
    }
    let shrunk = LONGER.iter().filter(|(path, _)| !longer.contains(path));
    found.extend(shrunk.map(|(path, _)| format!("{path}: is short enough now, take it off the list")));
    none(&found);
}

#[test]
fn everything_says_what_it_is() {
    let files = files();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is(".rs") && !file.is("/tests.rs")) {
        if !file.text.as_deref().unwrap_or_default().starts_with("//! ") {
            found.push(format!("{}: begins without a line of docs", file.path));
        }
    }
    for file in files.iter().filter(|file| file.is("Cargo.toml") && file.path != "Cargo.toml") {
        if !file.lines().any(|(_, line)| line.starts_with("description = ")) {
            found.push(format!("{}: has no description", file.path));
        }
        if !file.lines().any(|(_, line)| line == "[lints]") {
            found.push(format!("{}: does not take the lints of the workspace", file.path));
        }
    }
    none(&found);
}

#[test]
fn the_root_has_its_papers() {
    let papers = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "PRIVACY.md"];
    let missing = papers.iter().filter(|paper| !repository().join(paper).is_file());
    none(&missing.map(|paper| format!("{paper} is missing")).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_over() {
    let files = files();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.is_vendored() && !file.is(".md")) {
        for (number, line) in file.lines() {
            let leftover = LEFTOVERS.iter().map(|(a, b)| format!("{a}{b}")).find(|word| line.contains(word.as_str()));
            found.extend(leftover.map(|word| format!("{}:{number}: {word}", file.path)));
            if file.is(".rs") && is_code_in_comment(line) {
                found.push(format!("{}:{number}: code in a comment: {}", file.path, line.trim()));
            }
        }
    }
    none(&found);
}

/// Whether a comment reads like a statement or the beginning of a block.
fn is_code_in_comment(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix("// ") else { return false };
    let comment = comment.trim();
    let begins = ["let ", "use ", "pub ", "fn ", "impl ", "#[", "assert", "return ", "}"];
    let ends_like_code = comment.ends_with(");") || comment.ends_with("};") || comment.ends_with(" {");
    ends_like_code || begins.iter().any(|word| comment.starts_with(word) && comment.ends_with([';', '{', '}', ']']))
}

#[test]
fn code_in_comments_is_told_from_words() {
    for code in ["// let a = 1;", "    // foo(bar);", "// if a {", "// #[test]", "// }", "// use std::fs;"] {
        assert!(is_code_in_comment(code), "{code}");
    }
    for words in ["// A post; its id.", "/// let us", "let a = 1; // why", "// use it sparingly", "// returns {}"] {
        assert!(!is_code_in_comment(words), "{words}");
    }
}

#[test]
fn tests_do_not_sleep() {
    let files = files();
    let sleeps = ["thread::sleep(", "time::sleep(", "sleep(Duration"];
    let mut found = Vec::new();
    let waits = |file: &&File| MAY_WAIT.contains(&file.path.as_str());
    for file in files.iter().filter(|file| file.is(".rs") && !waits(file) && file.path != "tests/tidy.rs") {
        let begin = if file.is_test() { 0 } else { file.tests_begin() };
        for (number, line) in file.lines().filter(|(number, _)| *number >= begin) {
            if sleeps.iter().any(|sleep| line.contains(sleep)) {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none(&found);
}

#[test]
fn nothing_points_to_this_machine() {
    let files = files();
    let mut found = Vec::new();
    // Lock files name the registry as cargo writes it.
    for file in files.iter().filter(|file| !file.is("Cargo.lock") && !file.is_vendored()) {
        for (number, line) in file.lines() {
            let foreign = FOREIGN.iter().map(|(a, b)| format!("{a}{b}")).find(|word| line.contains(word.as_str()));
            found.extend(foreign.map(|word| format!("{}:{number}: {word}", file.path)));
        }
    }
    none(&found);
}
