//! `otklik account` and `otklik token`: who may use the desk and the API. They work beside a deployment that runs.

use std::{
    io::{self, BufRead, Write},
    sync::Arc,
};

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use otklik_domain::{Actor, AgencyId, Role};
use otklik_ports::memory::{MemoryLog, MemoryPosts, MemorySearch};
use otklik_web::{
    App, Error, Ports, WebConfig,
    service::{
        accounts::{self, AccountChange},
        tokens::{self, NewToken},
    },
};

use crate::{
    Outcome,
    cli::{AccountArgs, AccountCommand, TokenArgs, TokenCommand},
    clocks::SystemClock,
    config::Config,
    dictionaries::DictionaryFiles,
    directory::directory,
    engines::open_incidents,
    intake::ClosedIntake,
    regions,
};

/// Adds and lists accounts.
///
/// # Errors
/// The configuration or the store cannot be used, or what was asked for makes no sense.
pub(crate) fn account(args: &AccountArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    let role = |role: &str| role.parse::<Role>().map_err(|error| anyhow::anyhow!("--role: {error}"));
    let mut output = io::stdout().lock();
    block_on(async {
        let app = open(&config).await?;
        match &args.command {
            AccountCommand::Put(put) => {
                let known = app.ports.incidents.account(&put.login).await?;
                let password = put.password.then(read_password).transpose()?;
                ensure!(known.is_some() || password.is_some(), "a new account needs --password");
                let change = AccountChange {
                    login: put.login.clone(),
                    name: put.name.clone(),
                    role: role(&put.role)?,
                    agency: put.agency.as_deref().map(AgencyId::from),
                    active: !put.off,
                    password,
                };
                let account = accounts::put(&app, &Actor::system(), change).await.map_err(said)?;
                eprintln!("account {} is saved: role {}, active {}", account.login, account.role, account.active);
            }
            AccountCommand::List => {
                for own in accounts::list(&app, &Actor::system()).await.map_err(said)? {
                    let agency = own.agency.as_ref().map(AgencyId::as_str).unwrap_or_default();
                    let active = if own.active { "active" } else { "off" };
                    writeln!(output, "{}\t{}\t{agency}\t{active}\t{}", own.login, own.role, own.name)?;
                }
            }
        }
        Ok(Outcome::Done)
    })
}

/// Makes, lists and takes back tokens.
///
/// # Errors
/// As [`account`].
pub(crate) fn token(args: &TokenArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    let mut output = io::stdout().lock();
    block_on(async {
        let app = open(&config).await?;
        let system = Actor::system();
        match &args.command {
            TokenCommand::Create(create) => {
                let days = create.days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
                let new = NewToken {
                    name: create.name.clone(),
                    role: create.role.parse().map_err(|error| anyhow::anyhow!("--role: {error}"))?,
                    agency: create.agency.as_deref().map(AgencyId::from),
                    expires_at: days.map(|days| app.ports.clock.now() + days),
                };
                let (token, secret) = tokens::create(&app, &system, new).await.map_err(said)?;
                eprintln!("token {} is made, role {}; its secret is shown this once:", token.name, token.role);
                writeln!(output, "{secret}")?;
            }
            TokenCommand::List => {
                for own in tokens::list(&app, &system).await.map_err(said)? {
                    let ends = own.expires_at.map_or_else(|| "never ends".to_owned(), |at| format!("ends {at}"));
                    let state = if own.revoked { "taken back".to_owned() } else { ends };
                    writeln!(output, "{}\t{}\t{state}", own.name, own.role)?;
                }
            }
            TokenCommand::Revoke { name } => {
                tokens::revoke(&app, &system, name).await.map_err(said)?;
                eprintln!("token {name} is taken back");
            }
        }
        Ok(Outcome::Done)
    })
}

fn block_on(work: impl Future<Output = anyhow::Result<Outcome>>) -> anyhow::Result<Outcome> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?.block_on(work)
}

/// The service over the store of incidents alone: nothing here touches posts, the index or the log.
async fn open(config: &Config) -> anyhow::Result<App> {
    let files = DictionaryFiles::load(config.dictionaries.as_deref())?;
    let dictionary = files.compile()?;
    let regions = config.regions.iter().map(|named| regions::load(named, &files).map(Arc::new));
    let regions = regions.collect::<anyhow::Result<Vec<_>>>()?;
    std::fs::create_dir_all(&config.data).with_context(|| format!("cannot make {}", config.data.display()))?;
    let ports = Ports {
        posts: Arc::new(MemoryPosts::new()),
        search: Arc::new(MemorySearch::new()),
        incidents: open_incidents(config).await?,
        log: Arc::new(MemoryLog::new(1)),
        clock: Arc::new(SystemClock),
        intake: Arc::new(ClosedIntake),
        sources: None,
        callbacks: None,
    };
    Ok(App::new(ports, directory(&dictionary, &regions), WebConfig::default()))
}

/// The password: the first line of standard input, so that it stands in no list of processes and no history of a shell.
fn read_password() -> anyhow::Result<String> {
    eprintln!("password (the first line of standard input):");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn said(error: Error) -> anyhow::Error {
    anyhow::anyhow!("{}", error.message())
}
