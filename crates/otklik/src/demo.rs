//! `otklik demo`: a day of an invented region on the engines embedded in this process, and then the desk.

mod accounts;
pub(crate) mod day;
mod live;
mod play;
mod score;
mod staff;
mod state;

use std::{
    io::{BufWriter, Write},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use jiff::tz::TimeZone;
use otklik_ports::Clock;
use tokio::task::JoinSet;

use self::{
    live::LiveSources,
    play::Stage,
    state::{DemoState, SEED},
};
use crate::{
    Outcome,
    cli::{DemoArgs, Print},
    clocks::{DemoClock, SystemClock},
    config::{Config, LogFormat},
    jsonl,
    run::{asked_to_stop, close, end_within_time, ended},
    serve,
    system::System,
    telemetry,
};

/// Time zone of the invented region.
const ZONE: &str = "Europe/Moscow";
/// How often the clock is saved while the desk is open.
const SAVE: Duration = Duration::from_secs(5);
/// How long a stage goes on trying when a store does not answer: somebody is watching.
const PATIENCE: Duration = Duration::from_secs(60);

/// Demonstrates.
///
/// # Errors
/// The data folder holds something else, an engine cannot be opened, a stage fails.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<Outcome> {
    if let Some(what) = args.print {
        return print(what);
    }
    if args.fresh {
        DemoState::remove(&args.data)?;
    }
    telemetry::start_logging(LogFormat::Text, telemetry::WARNINGS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(demonstrate(args))
}

/// Writes the day, or what is true about it, as JSON Lines.
fn print(what: Print) -> anyhow::Result<Outcome> {
    let state = DemoState::of_yesterday(SystemClock.now(), &TimeZone::get(ZONE)?)?;
    let day = day::generate(state.start, SEED)?;
    let mut output = BufWriter::new(std::io::stdout().lock());
    match what {
        Print::Posts => day.posts.iter().try_for_each(|post| jsonl::write_line(&mut output, post))?,
        Print::Truth => day.planted.iter().try_for_each(|planted| jsonl::write_line(&mut output, planted))?,
    }
    output.flush()?;
    Ok(Outcome::Done)
}

async fn demonstrate(args: &DemoArgs) -> anyhow::Result<Outcome> {
    let zone = TimeZone::get(ZONE)?;
    let mut state = DemoState::open(&args.data, SystemClock.now(), &zone)?;
    let day = day::generate(state.start, state.seed)?;
    let clock = Arc::new(DemoClock::new(state.clock));
    let mut config = Config::of_folder(args.data.clone(), day::REGION.into());
    config.web.listen = args.listen;
    if let Some(file) = &args.live {
        LiveSources::load(file.as_deref())?.add_to(&mut config);
    }
    let metrics = telemetry::start_metrics()?;
    let (listener, address) = serve::listen(config.web.listen).await?;
    let mut system = System::open(config, clock.clone()).await?;
    // The day waits for every step to be stored, so nothing is gained by waiting for fuller batches.
    system.topology.store.linger_ms = 0;
    system.topology.incidents.linger_ms = 0;
    let system = Arc::new(system);
    let app = system.app(format!("http://{address}"), &[])?;
    accounts::add(&app).await?;
    let mut stages = system.start_stages(&[], Some(PATIENCE));
    let served = tokio::spawn(serve::serve(listener, serve::desk(app.clone(), &system, metrics), system.stop.clone()));
    let mut reconcilers = JoinSet::new();

    let lasts = Duration::from_secs(if args.score { 0 } else { args.seconds });
    let shown = async {
        eprintln!("the desk: http://{address}");
        let stage = Stage { system: &system, app: &app, clock: &clock, lasts, zone: zone.clone() };
        stage.play(&day, &mut state).await?;
        eprintln!("{}", score::score(&app, &day.planted).await?);
        if args.score {
            return Ok(());
        }
        reconcilers = system.start_reconcilers(&app)?;
        tell(address);
        let kept = keep_clock(&mut state, &clock, &system);
        if args.live.is_none() {
            return kept.await;
        }
        clock.set(SystemClock.now());
        eprintln!("\nЧасы показывают настоящее время. Открытые источники, которые теперь читаются:");
        system.start_crawls(&mut reconcilers).await?;
        tokio::select! {
            kept = kept => kept,
            never = live::tell(&system, &zone) => never,
        }
    };
    let result = tokio::select! {
        result = shown => result,
        asked = asked_to_stop() => asked,
        stage = stages.join_next() => Err(ended(stage)),
    };
    system.stop.cancel();
    end_within_time(stages, reconcilers, served).await?;
    close(system).await?;
    result.map(|()| Outcome::Done)
}

/// Saves the clock now and then: the next run goes on from there.
async fn keep_clock(state: &mut DemoState, clock: &DemoClock, system: &System) -> anyhow::Result<()> {
    loop {
        tokio::time::sleep(SAVE).await;
        state.clock = clock.now();
        state.save(&system.config.data)?;
    }
}

/// Says what to look at.
fn tell(address: SocketAddr) {
    let password = accounts::PASSWORD;
    eprintln!("\nОтклик работает: http://{address}  (Ctrl-C останавливает, второй запуск продолжит с того же места)");
    eprintln!("  Вход: operator, пароль {password}. Разбор: инциденты последних часов ждут решения.");
    eprintln!("  Ведомства: vodokanal, gorod, region — принимают и отвечают. Ещё есть analyst, viewer, admin.");
    eprintln!(
        "  Посмотрите: разбор, карточку инцидента, событие «Прорыв водовода на улице Кирова», поиск «отопление», обзор."
    );
}
