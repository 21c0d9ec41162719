//! `otklik import`: a table or e-mails to posts.

mod mails;

use std::io::{self, BufWriter};

use jiff::tz::TimeZone;
use otklik_domain::Post;
use otklik_sources::table::{ColumnMap, Rows};
use otklik_text::mask;

use crate::{
    Outcome,
    cli::ImportArgs,
    jsonl,
    stop::{OrUsage, Stop},
};

/// Runs the import. Phones and e-mails in texts are masked, authors hashed.
///
/// # Errors
/// The file cannot be read, a mapped column is not there, or a row is refused and `--strict` is set.
pub(crate) fn run(args: &ImportArgs) -> anyhow::Result<Outcome> {
    let secret = super::author_secret(args.author_secret_file.as_deref())?;
    if mails::is_mail(&args.file) {
        return mails::run(args, secret);
    }
    if args.region.is_some() {
        return Err(Stop::Usage("--region: is for e-mails, a table says it by --map region:=NAME".to_owned()).into());
    }
    let zone = TimeZone::get(&args.tz).or_usage("--tz")?;
    let map = args.map.as_deref().ok_or("must be given for a table").or_usage("--map")?;
    let map = ColumnMap::parse(map, zone, secret).or_usage("--map")?;
    let mut rows = Rows::open(&args.file, &map)?;
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let mut refused = 0_u64;
    while let Some(row) = rows.next()? {
        let checked = row.and_then(|mut post| {
            post.text = mask(&post.text).into_owned();
            Post::try_from(post.clone()).map_err(|invalid| invalid.to_string())?;
            Ok(post)
        });
        match checked {
            Ok(post) => jsonl::write_line(&mut output, &post)?,
            Err(reason) => {
                let number = rows.line();
                if args.filter.strict {
                    return Err(Stop::Line { number, reason }.into());
                }
                eprintln!("line {number}: {reason}");
                refused += 1;
            }
        }
    }
    jsonl::finish(&mut output)?;
    if refused > 0 {
        eprintln!("otklik: {refused} of {} rows refused", rows.read());
        return Ok(Outcome::SomeRefused);
    }
    Ok(Outcome::Done)
}
