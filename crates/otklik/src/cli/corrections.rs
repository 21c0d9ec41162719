//! What `otklik corrections` takes.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CorrectionsArgs {
    /// The configuration of the deployment, which must not be running on a data folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// What people said about a text.
    #[arg(long, value_name = "WHAT", default_value = "topic")]
    pub(crate) of: CorrectionOf,
    /// The file to write, in place of standard output. It holds texts, and is readable by its owner only.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What people correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CorrectionOf {
    /// The topic of an incident: `otklik train --label topic`.
    Topic,
    /// The municipality of an incident: `otklik train --label place`.
    Place,
    /// The body that an incident is for: `otklik train --label body`.
    Body,
    /// Two texts of one event, or of two: `text`, `other` and `same`.
    Events,
}
