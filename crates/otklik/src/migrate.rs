//! `otklik migrate`: from the incidents of an embedded deployment to PostgreSQL.

use std::io::Write;

use anyhow::Context;
use otklik_stores::postgres::PostgresIncidents;

use crate::{Outcome, cli::MigrateArgs, config::Config, data_folder::DataFolder, engines::INCIDENTS_FILE, stop::Stop};

/// Copies everything into the empty database of the configuration and says how much it was. The file stays as it is.
///
/// # Errors
/// The configuration names no PostgreSQL, a process runs on the data folder, the database is not empty, or something
/// cannot be read or written. Then the database is as it was.
pub(crate) fn run(args: &MigrateArgs) -> anyhow::Result<Outcome> {
    let config = Config::load(&args.config)?;
    let Some(postgres) = &config.incidents.postgres else {
        let message = format!("{} has no [incidents] postgres to copy to", args.config.display());
        return Err(Stop::Usage(message).into());
    };
    let _folder = DataFolder::lock(&config.data)?;
    let file = args.from_sqlite.clone().unwrap_or_else(|| config.data.join(INCIDENTS_FILE));
    let mut output = std::io::stdout().lock();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let incidents = PostgresIncidents::open(&postgres.config()?).await.context("cannot open the incidents")?;
        let copied = incidents.copy_from_sqlite(&file).await?;
        for table in &copied {
            writeln!(output, "{}\t{}\t{}", table.table, table.rows, table.digest)?;
        }
        let rows: u64 = copied.iter().map(|table| table.rows).sum();
        eprintln!("otklik: {rows} rows of {} tables are in PostgreSQL, each table compared", copied.len());
        Ok(Outcome::Done)
    })
}
