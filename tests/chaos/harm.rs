//! What is done to the processes, at random, and how it is made good again.

use std::{
    collections::BTreeMap,
    fmt,
    process::Command,
    time::{Duration, Instant},
};

use otklik_tests::Random;

use crate::{disk::Disk, proxy::Mode, world::World};

/// Most things in trouble at the same time.
const AT_ONCE_MAX: usize = 2;

/// Whom it hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A process of the deployment, by its place.
    Role(usize),
    /// The process that feeds posts in.
    Feed,
    Postgres,
    ClickHouse,
    /// One of the brokers: never two, since a record has two copies at least.
    Broker,
    /// The disk of the data folder: search index and saved states.
    Disk,
}

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Harm {
    /// `kill -9`, and some time later it is started again.
    Kill,
    /// It stands still for some time.
    Pause,
    /// Its connections end.
    Cut,
    /// Nothing gets through to it for some time.
    HeldUp,
    /// Little gets through to it for some time.
    Slow,
    /// There is no room on it for some time.
    Full,
}

/// What may be done besides what is done to processes.
const OTHERS: [(Target, Harm); 10] = [
    (Target::Feed, Harm::Kill),
    (Target::Postgres, Harm::Kill),
    (Target::Postgres, Harm::Cut),
    (Target::Postgres, Harm::HeldUp),
    (Target::ClickHouse, Harm::Kill),
    (Target::ClickHouse, Harm::Pause),
    (Target::ClickHouse, Harm::Cut),
    (Target::ClickHouse, Harm::Slow),
    (Target::Broker, Harm::Kill),
    (Target::Broker, Harm::Pause),
];

/// What is in trouble, and until when.
pub(crate) struct Chaos {
    random: Random,
    brokers: u32,
    broker: u32,
    under_way: Vec<(Target, Harm, Instant)>,
    /// What is done before chance chooses, the last first.
    planned: Vec<(Target, Harm)>,
    /// What was done so far.
    pub(crate) done: BTreeMap<String, u32>,
}

impl Chaos {
    pub(crate) fn new(seed: u64, brokers: u32) -> Self {
        Self {
            random: Random::new(seed),
            brokers,
            broker: 1,
            under_way: Vec::new(),
            planned: Vec::new(),
            done: BTreeMap::new(),
        }
    }

    /// Plans everything there is, once.
    pub(crate) fn plan_everything(&mut self, world: &World) {
        let roles =
            (0..world.roles.len()).flat_map(|role| [Harm::Kill, Harm::Pause].map(|harm| (Target::Role(role), harm)));
        self.planned = roles.chain(OTHERS).collect();
        if world.disk.is_some() {
            self.planned.push((Target::Disk, Harm::Full));
        }
    }

    /// A time of up to so many seconds.
    pub(crate) fn moment(&mut self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.random.fraction())
    }

    /// Does something to something that is not in trouble; says whether it is the feed that has to be killed.
    pub(crate) fn strike(&mut self, world: &mut World) -> bool {
        if self.under_way.len() >= AT_ONCE_MAX {
            return false;
        }
        let planned = self.planned.pop();
        let (target, harm) = planned.unwrap_or_else(|| self.choose(world));
        if self.under_way.iter().any(|(own, ..)| *own == target) {
            // What was planned is done later.
            planned.into_iter().for_each(|planned| self.planned.insert(0, planned));
            return false;
        }
        let last = match (target, harm) {
            (_, Harm::Cut) => Duration::ZERO,
            // Longer than a session at times, so that others take over.
            (Target::Role(_), _) => self.moment(12.0),
            _ => self.moment(6.0),
        };
        if target == Target::Broker {
            self.broker = 1 + u32::try_from(self.random.below(u64::from(self.brokers))).unwrap();
        }
        eprintln!("{} for {:.1} s", Named(target, harm, world), last.as_secs_f64());
        *self.done.entry(Named(target, harm, world).to_string()).or_default() += 1;
        self.begin(target, harm, world);
        self.under_way.push((target, harm, Instant::now() + last));
        (target, harm) == (Target::Feed, Harm::Kill)
    }

    fn choose(&mut self, world: &World) -> (Target, Harm) {
        let role = Target::Role(usize::try_from(self.random.below(world.roles.len() as u64)).unwrap());
        let mut all = vec![(role, Harm::Kill), (role, Harm::Kill), (role, Harm::Kill)];
        all.extend([(role, Harm::Pause), (role, Harm::Pause)]);
        all.extend(OTHERS);
        all.extend(world.disk.as_ref().map(|_| (Target::Disk, Harm::Full)));
        *self.random.one_of(&all)
    }

    fn begin(&self, target: Target, harm: Harm, world: &mut World) {
        match (target, harm) {
            (Target::Role(role), Harm::Kill) => world.roles[role].kill(),
            (Target::Role(role), _) => world.roles[role].signal("STOP"),
            // Its own process is killed by whoever started it.
            (Target::Feed, _) => {}
            (Target::Postgres, Harm::Kill) => world.postgres.kill(),
            (Target::Postgres, Harm::Cut) => world.postgres_link.cut(),
            (Target::Postgres, _) => world.postgres_link.set(Mode::HeldUp),
            (Target::ClickHouse, Harm::Kill) => world.clickhouse.kill(),
            (Target::ClickHouse, Harm::Pause) => signal("STOP", world.clickhouse.id()),
            (Target::ClickHouse, Harm::Cut) => world.clickhouse_link.cut(),
            (Target::ClickHouse, _) => world.clickhouse_link.set(Mode::Slow),
            (Target::Broker, Harm::Kill) => world.brokers.node("kill", self.broker),
            (Target::Broker, _) => world.brokers.node("pause", self.broker),
            (Target::Disk, _) => world.disk.iter().for_each(Disk::fill),
        }
    }

    /// Makes good what has lasted long enough.
    pub(crate) fn heal(&mut self, world: &mut World) {
        let now = Instant::now();
        self.heal_all_of(world, |until| until <= now);
    }

    /// Makes everything good.
    pub(crate) fn heal_all(&mut self, world: &mut World) {
        self.heal_all_of(world, |_| true);
    }

    fn heal_all_of(&mut self, world: &mut World, is_due: impl Fn(Instant) -> bool) {
        for (target, harm, until) in std::mem::take(&mut self.under_way) {
            if is_due(until) {
                self.end(target, harm, world);
            } else {
                self.under_way.push((target, harm, until));
            }
        }
    }

    fn end(&self, target: Target, harm: Harm, world: &mut World) {
        match (target, harm) {
            (_, Harm::Cut) | (Target::Feed, _) => {}
            (Target::Role(role), Harm::Kill) => world.roles[role].start(),
            (Target::Role(role), _) => world.roles[role].signal("CONT"),
            (Target::Postgres, Harm::Kill) => world.postgres.run_again(),
            (Target::Postgres, _) => world.postgres_link.set(Mode::Open),
            (Target::ClickHouse, Harm::Kill) => world.clickhouse.run_again(),
            (Target::ClickHouse, Harm::Pause) => signal("CONT", world.clickhouse.id()),
            (Target::ClickHouse, _) => world.clickhouse_link.set(Mode::Open),
            (Target::Broker, Harm::Kill) => world.brokers.node("restart", self.broker),
            (Target::Broker, _) => world.brokers.node("resume", self.broker),
            (Target::Disk, _) => world.disk.iter().for_each(Disk::free),
        }
    }
}

/// What is done, for people.
struct Named<'a>(Target, Harm, &'a World);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let harm = match self.1 {
            Harm::Kill => "kill",
            Harm::Pause => "pause",
            Harm::Cut => "cut",
            Harm::HeldUp => "hold up",
            Harm::Slow => "slow",
            Harm::Full => "full",
        };
        match self.0 {
            Target::Role(role) => write!(f, "{harm} {}", self.2.roles[role].name),
            other => write!(f, "{harm} {other:?}"),
        }
    }
}

fn signal(name: &str, process: u32) {
    Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
}
