//! `otklik corrections`: what people corrected, as labelled texts to train models on.
//!
//! The texts come from the store of posts: one that was deleted at its source is in no line. They go to the named file or to
//! standard output, and nowhere else.

mod labels;
mod pairs;

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, ensure};
use otklik_domain::PostId;
use otklik_ports::{AuditEntry, Incidents, Posts};
use serde::Serialize;

use crate::{
    Outcome,
    cli::{CorrectionOf, CorrectionsArgs},
    config::Config,
    engines::{open_incidents, with_posts},
    jsonl,
};

/// Lines of the audit trail looked through, the latest: what was corrected before them counts as confirmed.
const AUDIT_MAX: usize = 500_000;
/// Posts asked of the store at a time.
const POSTS_PAGE: usize = 500;

/// How a person came to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// It was changed.
    Corrected,
    /// What the machine had said was sent on by a person.
    Confirmed,
    /// Posts were taken out of an event.
    Split,
    /// Events were joined.
    Merged,
}

/// Writes the corrections.
///
/// # Errors
/// The file exists; the stores cannot be read, or the deployment runs and holds them.
pub(crate) fn run(args: &CorrectionsArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    let Some(path) = &args.output else {
        let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
        runtime.block_on(write(&config, args.of, &mut output))?;
        jsonl::finish(&mut output)?;
        return Ok(Outcome::Done);
    };
    ensure!(!path.exists(), "{} exists: name another file", path.display());
    let written = open(path).and_then(|mut output| {
        runtime.block_on(write(&config, args.of, &mut output))?;
        jsonl::finish(&mut output)
    });
    if written.is_err() {
        // Half of it would only be taken for the whole.
        fs::remove_file(path).ok();
    }
    written.map(|()| Outcome::Done)
}

fn open(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    Ok(BufWriter::with_capacity(1 << 18, file.with_context(|| format!("cannot write {}", path.display()))?))
}

async fn write(config: &Config, of: CorrectionOf, output: &mut impl Write) -> anyhow::Result<()> {
    with_posts(config, async |posts: &dyn Posts| {
        let incidents = open_incidents(config).await?;
        let audit = audit(incidents.as_ref()).await?;
        let lines = match of {
            CorrectionOf::Events => pairs::write(posts, &audit, output).await?,
            _ => labels::write(of, incidents.as_ref(), posts, &audit, output).await?,
        };
        eprintln!("otklik: {lines} texts");
        Ok(())
    })
    .await
}

/// What people did, the oldest first.
async fn audit(incidents: &dyn Incidents) -> anyhow::Result<Vec<AuditEntry>> {
    let mut audit = incidents.audit_trail(None, AUDIT_MAX).await.context("cannot read the audit trail")?;
    audit.retain(|entry| ["incident.triage", "event.split", "event.merge"].contains(&entry.action.as_str()));
    audit.reverse();
    Ok(audit)
}

/// The texts of posts that are still there.
async fn texts(posts: &dyn Posts, ids: &[PostId]) -> anyhow::Result<HashMap<PostId, String>> {
    let mut texts = HashMap::new();
    for page in ids.chunks(POSTS_PAGE) {
        let rows = posts.get(page).await.context("cannot read the posts")?;
        texts.extend(rows.into_iter().map(|row| (row.post.id, row.post.text)));
    }
    Ok(texts)
}
