//! Otklik: from residents' public posts to incidents somebody answers. One binary, a subcommand for each job.

mod accounts;
mod backup;
mod callbacks;
mod cli;
mod clocks;
mod config;
mod corrections;
mod coverage;
mod crawl;
mod data_folder;
mod demo;
mod dictionaries;
mod diff;
mod directory;
mod engines;
mod filters;
mod intake;
mod jsonl;
mod knowledge;
mod mailboxes;
mod migrate;
mod regions;
mod reload;
mod replay;
mod run;
mod serve;
mod sources;
mod stages;
mod stop;
mod system;
mod telemetry;
mod worker;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    stop::Stop,
};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was done.
    Done,
    /// Some of the input was refused; the rest was done.
    SomeRefused,
}

/// Exit code when nothing could be done.
const FAILURE: u8 = 1;
/// Exit code when some of the input was refused.
const SOME_REFUSED: u8 = 2;
/// Exit code of wrong usage, as `sysexits.h` has it.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for = !error.use_stderr();
            // Nothing is left to do when the terminal is gone.
            drop(error.print());
            return if asked_for { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
        }
    };
    match run(cli.command) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeRefused) => ExitCode::from(SOME_REFUSED),
        Err(error) if jsonl::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let code = match error.downcast_ref::<Stop>() {
                Some(stop) => {
                    eprintln!("{stop}");
                    if matches!(stop, Stop::Usage(_)) { USAGE } else { SOME_REFUSED }
                }
                None => {
                    eprintln!("otklik: {error:#}");
                    FAILURE
                }
            };
            ExitCode::from(code)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Account(args) => accounts::account(&args),
        Command::Analyse(args) => filters::analyse::run(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Check(args) => filters::check::run(&args),
        Command::Corrections(args) => corrections::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Eval(args) => filters::eval::run(&args),
        Command::Forecast(args) => filters::forecast::run(&args),
        Command::Group(args) => filters::group::run(&args),
        Command::Import(args) => filters::import::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Parse(args) => filters::parse::run(&args),
        Command::Predict(args) => filters::predict::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Route(args) => filters::route::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Sla(args) => filters::sla::run(&args),
        Command::Sources(args) => sources::run(&args),
        Command::Token(args) => accounts::token(&args),
        Command::Train(args) => filters::train::run(&args),
    }
}
