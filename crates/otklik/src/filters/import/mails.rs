//! E-mails to posts: a file, or all files of a folder and those below it.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use otklik_sources::{
    author::AuthorKeys,
    parse::{self, BODY_BYTES_MAX, Options},
    parsed::{Parsed, Skip},
};
use otklik_text::mask;
use secrecy::SecretString;

use crate::{Outcome, cli::ImportArgs, jsonl, stop::Stop};

/// Most files of a folder: their names are held in memory, to be read in order.
const FILES_MAX: usize = 1_000_000;
/// Deepest folder below the one that is named.
const DEPTH_MAX: usize = 16;

/// Whether a path is an e-mail or a folder, which is of e-mails.
pub(super) fn is_mail(path: &Path) -> bool {
    path.is_dir() || is_eml(path)
}

fn is_eml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"))
}

/// Reads them in order of their names; with `--strict` up to the first that is refused. What is no post is said with its file; what no person wrote is only counted.
///
/// # Errors
/// A file or folder cannot be read, or a folder has no e-mail.
pub(super) fn run(args: &ImportArgs, secret: Option<SecretString>) -> anyhow::Result<Outcome> {
    if args.map.is_some() {
        return Err(Stop::Usage("--map: e-mails have no columns".to_owned()).into());
    }
    let authors = secret.map(AuthorKeys::new);
    let files = if args.file.is_dir() { files(&args.file)? } else { vec![args.file.clone()] };
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let (mut refused, mut automatic) = (0_u64, 0_u64);
    for file in &files {
        let reason = match read(file, authors.as_ref())? {
            Ok(parsed) => {
                for mut post in parsed.posts {
                    post.region.clone_from(&args.region);
                    post.text = mask(&post.text).into_owned();
                    jsonl::write_line(&mut output, &post)?;
                }
                automatic += parsed.skipped.of(Skip::Automatic);
                parsed.skipped.reasons.into_iter().next()
            }
            Err(reason) => Some(reason),
        };
        if let Some(reason) = reason {
            eprintln!("{}: {reason}", file.display());
            refused += 1;
            if args.filter.strict {
                break;
            }
        }
    }
    jsonl::finish(&mut output)?;
    if automatic > 0 {
        eprintln!("otklik: left out, {}: {automatic}", Skip::Automatic.as_str());
    }
    if refused > 0 {
        eprintln!("otklik: {refused} of {} e-mails refused", files.len());
        return Ok(Outcome::SomeRefused);
    }
    Ok(Outcome::Done)
}

fn read(path: &Path, authors: Option<&AuthorKeys>) -> anyhow::Result<Result<Parsed, String>> {
    let wrong = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(wrong)?;
    let length = file.metadata().with_context(wrong)?.len();
    if length > BODY_BYTES_MAX as u64 {
        return Ok(Err(format!("{length} bytes, at most {BODY_BYTES_MAX} are read")));
    }
    let mut message = Vec::new();
    // It may have grown since.
    file.take(BODY_BYTES_MAX as u64 + 1).read_to_end(&mut message).with_context(wrong)?;
    let method = parse::method("email:message").context("e-mails cannot be read")?;
    Ok(method.parse(&message, &Options { authors, params: &[] }).map_err(|error| error.message))
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let wrong = || format!("cannot read the folder {}", folder.display());
        for entry in fs::read_dir(&folder).with_context(wrong)? {
            let entry = entry.with_context(wrong)?;
            // A link is not followed: it may lead round in a ring.
            let kind = entry.file_type().with_context(wrong)?;
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_eml(&entry.path()) {
                found.push(entry.path());
            }
            ensure!(found.len() <= FILES_MAX, "{}: more than {FILES_MAX} e-mails", folder.display());
        }
    }
    ensure!(!found.is_empty(), "{}: has no e-mails: files that end in .eml", folder.display());
    found.sort();
    Ok(found)
}
