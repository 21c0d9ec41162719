//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// From residents' public posts to incidents somebody answers.
///
/// Exit codes: 0 fine, 1 failure, 2 some input refused, 64 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "otklik", version, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reads posts (JSON Lines) and writes an analysis for each.
    Analyse(AnalyseArgs),
    /// Checks dictionaries, running every example.
    Check(CheckArgs),
    /// Measures a model on labelled texts.
    Eval(EvalArgs),
    /// Reads posts or texts and writes the likeliest labels for each.
    Predict(PredictArgs),
    /// Trains a model on labelled texts.
    Train(TrainArgs),
}

/// What every filter takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct FilterArgs {
    /// Stop at the first line that is refused.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Where the dictionaries are.
#[derive(Debug, Clone, Args)]
pub(crate) struct DictionaryArgs {
    /// A folder with dictionaries to use in place of those built in.
    #[arg(long, value_name = "DIR")]
    pub(crate) dictionaries: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyseArgs {
    #[command(flatten)]
    pub(crate) dictionaries: DictionaryArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// A trained model whose judgement is added; may be given several times.
    #[arg(long = "model", value_name = "FILE")]
    pub(crate) models: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) dictionaries: DictionaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The field that holds the label.
    #[arg(long, value_name = "FIELD")]
    pub(crate) label: String,
    /// The field that holds the text.
    #[arg(long, value_name = "FIELD", default_value = "text")]
    pub(crate) text: String,
    /// Where to write the model.
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) output: PathBuf,
    /// Labelled texts, JSON Lines, gzipped when the name ends in .gz; `-` for standard input.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// The model.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The field that holds the text.
    #[arg(long, value_name = "FIELD", default_value = "text")]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// The model.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The field that holds the label.
    #[arg(long, value_name = "FIELD")]
    pub(crate) label: String,
    /// The field that holds the text.
    #[arg(long, value_name = "FIELD", default_value = "text")]
    pub(crate) text: String,
    /// Labelled texts, JSON Lines, gzipped when the name ends in .gz; `-` for standard input.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}
