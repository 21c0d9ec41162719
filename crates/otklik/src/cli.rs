//! The command line.

mod corrections;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

pub(crate) use self::corrections::{CorrectionOf, CorrectionsArgs};

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
    /// Adds, changes and lists accounts of the desk.
    Account(AccountArgs),
    /// Reads posts (JSON Lines) and writes an analysis for each.
    Analyse(AnalyseArgs),
    /// Writes all an embedded deployment keeps into one file, while nothing runs on it.
    Backup(BackupArgs),
    /// Checks a configuration or dictionaries, running every example.
    Check(CheckArgs),
    /// Writes what people corrected or confirmed as labelled texts (JSON Lines), to train models on.
    Corrections(CorrectionsArgs),
    /// Plays a day of an invented region and opens the desk.
    Demo(DemoArgs),
    /// Shows what other dictionaries or models would read differently in the posts of the last days.
    Diff(DiffArgs),
    /// Measures a model on labelled texts.
    Eval(EvalArgs),
    /// Reads posts of events in order of time and writes for each how many more its event will get.
    Forecast(ForecastArgs),
    /// Reads posts in order of time, with or without their analysis, and writes for each its twin and its event.
    Group(GroupArgs),
    /// Turns a table (CSV, TSV or JSON Lines), an e-mail or a folder of e-mails into posts.
    Import(ImportArgs),
    /// Copies incidents, accounts and all that belongs to them from the data folder into PostgreSQL.
    Migrate(MigrateArgs),
    /// Reads one response body of a network and writes the posts in it, or the error and what the crawler does about it.
    Parse(ParseArgs),
    /// Reads posts or texts and writes the likeliest labels for each.
    Predict(PredictArgs),
    /// Carries posts (JSON Lines) through all stages into the stores, and accounts for each of them.
    Replay(ReplayArgs),
    /// Puts a backup into an empty data folder, checking every file.
    Restore(RestoreArgs),
    /// Reads analyses and writes for each the body responsible and why.
    Route(RouteArgs),
    /// Runs a deployment: the stages, the clocks, the desk and the API.
    Run(RunArgs),
    /// Works out the deadlines of a policy and says how they were counted.
    Sla(SlaArgs),
    /// Shows what is crawled: the plan of a day, and how far each source is covered.
    Sources(SourcesArgs),
    /// Makes, lists and takes back tokens of the API.
    Token(TokenArgs),
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
pub(crate) struct BackupArgs {
    /// The configuration of the deployment.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The file to write, a gzipped tar. It holds every secret of the deployment, and is readable by its owner only.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The configuration of the deployment, whose data folder is still empty.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The backup.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A configuration to check with all it names, in place of dictionaries alone.
    #[arg(long, value_name = "FILE", conflicts_with = "dictionaries")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) dictionaries: DictionaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The folder of its data.
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    pub(crate) data: PathBuf,
    /// Start over: deletes what an earlier demonstration left in the folder.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Play as fast as the machine can, say how much of what was planted was found, and stop.
    #[arg(long)]
    pub(crate) score: bool,
    /// Seconds the day lasts at least.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) seconds: u64,
    /// Address of the desk.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// When the day is over, follow public feeds and channels too: those of a file, else a few that are built in.
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with = "score")]
    pub(crate) live: Option<Option<PathBuf>>,
    /// Only write the posts of the day, or what is true about them, as JSON Lines.
    #[arg(long, value_name = "WHAT")]
    pub(crate) print: Option<Print>,
}

/// What of the demonstration's day to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Print {
    /// The posts.
    Posts,
    /// The events planted among them.
    Truth,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The configuration of the deployment: what is read now.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The dictionaries to try, in place of the deployment's.
    #[arg(long, value_name = "DIR")]
    pub(crate) dictionaries: Option<PathBuf>,
    /// A model to try, in place of all the deployment's; may be given several times.
    #[arg(long = "model", value_name = "FILE")]
    pub(crate) models: Vec<PathBuf>,
    /// How many days back; the posts are those of the deployment's store.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    pub(crate) days: u32,
    /// Posts of this file (JSON Lines) in place of the store's; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) posts: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// The configuration of the deployment, which names an empty PostgreSQL database.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The file to copy, in place of the one in the data folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_sqlite: Option<PathBuf>,
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
    pub(crate) dictionaries: DictionaryArgs,
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
    pub(crate) dictionaries: DictionaryArgs,
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
    pub(crate) dictionaries: DictionaryArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ForecastArgs {
    /// Time zone of the residents.
    #[arg(long, value_name = "ZONE", default_value = "Europe/Moscow")]
    pub(crate) tz: String,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GroupArgs {
    #[command(flatten)]
    pub(crate) dictionaries: DictionaryArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// A trained model for posts that come without their analysis; may be given several times.
    #[arg(long = "model", value_name = "FILE")]
    pub(crate) models: Vec<PathBuf>,
    /// Days a post stays in the window.
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub(crate) window_days: u16,
    /// Go on from this state if the file exists, and write the state there at the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Which column holds what: `text=COL,id=COL,published_at=COL` and further any of url, author, network, kind, region, lat, lon,
    /// community, community_id, views, likes, reposts, comments, followers, reply_to, repost_of, label.NAME. `NAME:=VALUE` gives
    /// every post the same value. A table needs it, e-mails have no columns.
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub(crate) map: Option<String>,
    /// The region of e-mails.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Time zone of times without an offset.
    #[arg(long, value_name = "ZONE", default_value = "Europe/Moscow")]
    pub(crate) tz: String,
    /// A file with the secret that authors are hashed with; without it authors are left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) author_secret_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// The table: `.csv`, `.tsv` or `.jsonl`, also with `.gz`; or an e-mail, `.eml`, or a folder of them.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ParseArgs {
    /// What answered, such as `vk:wall.get`, `ok:discussions.getComments`, `telegram:page`; an unknown one lists all.
    #[arg(value_name = "NETWORK:METHOD")]
    pub(crate) method: String,
    /// A parameter of the request, for what the body does not say itself, such as `owner_id=-1`; may be given several times.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// A file with the secret that authors are hashed with; without it authors are left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) author_secret_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RouteArgs {
    /// The region: a file such as `dictionaries/regions/demo.toml`, or the id of a region built in, such as `demo`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) dictionaries: DictionaryArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The configuration of the deployment.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// What this process does; everything when it is left out.
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…")]
    pub(crate) roles: Vec<Role>,
}

/// What a process of a deployment does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// Reads the sources.
    Crawl,
    /// Analyses posts.
    Analyse,
    /// Groups posts into events.
    Group,
    /// Writes posts into the stores and opens incidents.
    Store,
    /// Serves the desk and the API, and keeps the clocks of incidents.
    Desk,
}

#[derive(Debug, Args)]
pub(crate) struct SlaArgs {
    /// The policy: one of the ready ones, or one of the region given with --config.
    #[arg(long, value_name = "NAME")]
    pub(crate) policy: String,
    /// When the clocks start.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) from: String,
    /// A production calendar in the XML of xmlcalendar, in place of the one built in for its year; may be given several times.
    #[arg(long = "calendar", value_name = "FILE")]
    pub(crate) calendars: Vec<PathBuf>,
    /// A stretch in which the clocks stand still; may be given several times.
    #[arg(long = "pause", value_name = "RFC3339/RFC3339")]
    pub(crate) pauses: Vec<String>,
    /// Time zone of the body.
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// Hours of the body.
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub(crate) hours: Option<String>,
    /// How bad the incident is, for policies whose limits depend on it.
    #[arg(long, value_name = "0..5", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=5))]
    pub(crate) severity: u8,
    /// The topic of the incident, for policies whose limits depend on it.
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// A region whose policies, hours and time zone to use: a file or the id of one built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) dictionaries: DictionaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The configuration of the deployment.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "region"])]
    pub(crate) config: Option<PathBuf>,
    /// The folder of the data, without a configuration.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The region, without a configuration: a file, or the id of one built in.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<PathBuf>,
    /// Name of the input. A replay of the same name goes on where it stopped.
    #[arg(long, default_value = "posts")]
    pub(crate) name: String,
    /// Print at the end what the stores hold, as sums to compare two deployments by; reads everything.
    #[arg(long)]
    pub(crate) digest: bool,
    /// Only append the posts, and wait until a running deployment has read them. Needs the log in Kafka.
    #[arg(long, conflicts_with_all = ["data", "digest"])]
    pub(crate) feed: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// The posts, in order of time; standard input when it is left out.
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    /// The configuration of the deployment.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: AccountCommand,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Adds an account or changes it.
    Put(AccountPut),
    /// Lists accounts: login, role, body, state, name.
    List,
}

#[derive(Debug, Args)]
pub(crate) struct AccountPut {
    /// The login: Latin letters, digits and `._@-`.
    pub(crate) login: String,
    /// The name shown.
    #[arg(long)]
    pub(crate) name: String,
    /// What it may do: admin, operator, analyst, agency or viewer.
    #[arg(long)]
    pub(crate) role: String,
    /// The body it works for, with the role agency.
    #[arg(long, value_name = "ID")]
    pub(crate) agency: Option<String>,
    /// Read a new password from standard input.
    #[arg(long)]
    pub(crate) password: bool,
    /// Do not let it sign in.
    #[arg(long)]
    pub(crate) off: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SourcesArgs {
    /// The configuration of the deployment, which must not be running: its log is opened.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: SourcesCommand,
}

/// What to show of sources.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum SourcesCommand {
    /// Writes a line for each source: how often it is read, what lag comes of it, what stands in the way.
    Plan,
    /// Writes the map of coverage as JSON Lines.
    Coverage,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// The configuration of the deployment.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Makes a token and writes its secret.
    Create(TokenCreate),
    /// Lists tokens: name, role, state.
    List,
    /// Takes a token back at once.
    Revoke {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TokenCreate {
    /// The name: lower-case Latin letters, digits and `._-`.
    pub(crate) name: String,
    /// What it may do: admin, operator, analyst, agency, viewer or source.
    #[arg(long)]
    pub(crate) role: String,
    /// The body it works for, with the role agency.
    #[arg(long, value_name = "ID")]
    pub(crate) agency: Option<String>,
    /// Days it lasts; for ever when left out.
    #[arg(long, value_name = "N")]
    pub(crate) days: Option<u32>,
}
