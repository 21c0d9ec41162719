//! Plays a story: the process with its stages, killed and started again where a fault says so.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use otklik_domain::{Action, Actor, EventId, Incident, PostId, Role, Submission};
use otklik_engine::incidents::act;
use otklik_pipeline::{
    Analyse, Counters, Gate, Group, IncidentsStage, Knowledge, Runner, StageError, StageSettings, Store, check_due,
    relay_outbox,
};
use otklik_ports::{
    Clock, Cursor, IncidentBatch, Incidents, Log, PortResult, Posts, Record, Search, Snapshots, Step as Write, Topic,
};
use otklik_wire::log::{Correction, Deletion, Intake, Message};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    case::{Act, Case, Raw, Step},
    faults::{Fault, Faults, Faulty},
    world::World,
};

/// Records after which grouping saves its state: in the midst of a story.
const SNAPSHOT_RECORDS: u64 = 3;
const STAGES: [(&str, Topic); 4] =
    [("analyse", Topic::Posts), ("group", Topic::Analysed), ("store", Topic::Grouped), ("incidents", Topic::Grouped)];

/// Plays a story. Gives the calls that were made of the ports, and what the stages counted.
pub(crate) async fn play(
    setup: &Arc<Knowledge>,
    case: &Case,
    world: &World,
    strike: Option<(usize, Fault)>,
) -> (Vec<&'static str>, Arc<Counters>) {
    let faults = Faults::new(strike);
    let mut process = Process::start(setup, case.batch_records, world, &faults);
    for (number, step) in case.steps.iter().enumerate() {
        world.clock.set(step.at.parse().expect("a time"));
        let cursor = number.to_string();
        process.survive(async |process| process.hand_in_posts(step, &cursor).await).await;
        process.hand_in_rest(step, world).await;
        if step.restart {
            process.restart().await;
        }
        process.survive(async |process| process.rest(world).await).await;
        for act in &step.acts {
            person_acts(setup, world, act).await;
        }
        if step.tick {
            process.survive(async |process| process.tick().await).await;
        }
    }
    process.survive(async |process| process.tell().await).await;
    process.survive(async |process| process.rest(world).await).await;
    let counters = Arc::clone(&process.counters);
    process.stop().await;
    (faults.calls(), counters)
}

/// A running process over the ports.
pub(crate) struct Process {
    setup: Arc<Knowledge>,
    batch_records: usize,
    log: Arc<dyn Log>,
    snapshots: Arc<dyn Snapshots>,
    posts: Arc<dyn Posts>,
    search: Arc<dyn Search>,
    pub(crate) incidents: Arc<dyn Incidents>,
    clock: Arc<dyn Clock>,
    faults: Arc<Faults>,
    counters: Arc<Counters>,
    stop: CancellationToken,
    stages: JoinSet<Result<(), StageError>>,
}

impl Process {
    pub(crate) fn start(setup: &Arc<Knowledge>, batch_records: usize, world: &World, faults: &Arc<Faults>) -> Self {
        let faults = || Arc::clone(faults);
        let log: Faulty<dyn Log> = Faulty { port: world.log.clone(), faults: faults() };
        let snapshots: Faulty<dyn Snapshots> = Faulty { port: world.snapshots.clone(), faults: faults() };
        let posts: Faulty<dyn Posts> = Faulty { port: world.posts.clone(), faults: faults() };
        let search: Faulty<dyn Search> = Faulty { port: world.search.clone(), faults: faults() };
        let incidents: Faulty<dyn Incidents> = Faulty { port: world.incidents.clone(), faults: faults() };
        let mut process = Self {
            setup: Arc::clone(setup),
            batch_records,
            log: Arc::new(log),
            snapshots: Arc::new(snapshots),
            posts: Arc::new(posts),
            search: Arc::new(search),
            incidents: Arc::new(incidents),
            clock: world.clock.clone(),
            faults: faults(),
            counters: Arc::default(),
            stop: CancellationToken::new(),
            stages: JoinSet::new(),
        };
        process.start_stages();
        process
    }

    fn start_stages(&mut self) {
        let runner = Runner {
            log: Arc::clone(&self.log),
            clock: Arc::clone(&self.clock),
            counters: Arc::clone(&self.counters),
            stop: self.stop.clone(),
            patience: None,
        };
        let settings = StageSettings { batch_records: self.batch_records, linger_ms: 5 };
        let (_, current) = watch::channel(Arc::clone(&self.setup));
        let analyse = Analyse::new(current.clone());
        let snapshots = Arc::clone(&self.snapshots);
        let group = Group::new(Arc::clone(&self.log), snapshots, current.clone(), SNAPSHOT_RECORDS);
        let store = Store::new(Arc::clone(&self.posts), Arc::clone(&self.search), current.clone());
        let incidents = IncidentsStage::new(Arc::clone(&self.incidents), current);
        let own = runner.clone();
        self.stages.spawn(async move { own.run(analyse, settings).await });
        let own = runner.clone();
        self.stages.spawn(async move { own.run(group, settings).await });
        let own = runner.clone();
        self.stages.spawn(async move { own.run(store, settings).await });
        self.stages.spawn(async move { runner.run(incidents, settings).await });
    }

    /// Kills the stages where they are, and starts fresh ones.
    async fn restart(&mut self) {
        self.stages.shutdown().await;
        self.start_stages();
    }

    /// Ends in good order, or is killed while it does.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        let faults = Arc::clone(&self.faults);
        let ended = async {
            while let Some(ended) = self.stages.join_next().await {
                ended.expect("no panic").expect("no stage has given up");
            }
        };
        tokio::select! {
            () = ended => {}
            () = faults.killed() => {}
        }
    }

    /// Does some work until it is done: after an error again, and after a kill again in a new process.
    async fn survive(&mut self, work: impl AsyncFn(&Self) -> PortResult<()>) {
        for _ in 0..10 {
            let killed = tokio::select! {
                done = work(self) => match done {
                    Ok(()) => return,
                    Err(problem) if problem.is_retryable() => false,
                    Err(problem) => panic!("{problem}"),
                },
                () = self.faults.killed() => true,
            };
            if killed {
                self.restart().await;
            }
        }
        panic!("the work is never done");
    }

    /// Hands in a step's posts as a source does: with its cursor, which says after a failure whether they are in.
    async fn hand_in_posts(&self, step: &Step, cursor: &str) -> PortResult<()> {
        let read = self.log.cursor("case").await?;
        if step.posts.is_empty() || read.as_deref() == Some(cursor) {
            return Ok(());
        }
        let gate = self.gate(&self.log);
        let post = |line: &crate::case::PostLine| {
            let mut post = line.post(&step.at);
            post.author_key = post.author_key.map(|author| gate.author_key(&author));
            post
        };
        let posts = step.posts.iter().map(post).collect();
        let cursor = Cursor { source: "case".to_owned(), position: cursor.to_owned() };
        let refused = gate.append(posts, Some(cursor), false).await?;
        assert_eq!(refused, []);
        Ok(())
    }

    fn gate(&self, log: &Arc<dyn Log>) -> Gate {
        Gate::new(Arc::clone(log), Arc::clone(&self.clock), "a secret of the test".into())
    }

    /// Hands in what has no cursor: a person who gets no answer sees whether it was done.
    pub(crate) async fn hand_in_rest(&self, step: &Step, world: &World) {
        let log: Arc<dyn Log> = world.log.clone();
        let gate = self.gate(&log);
        for raw in &step.raw {
            let (key, payload) = match raw {
                Raw::Text { key, text } => (key, text.clone().into_bytes()),
                Raw::Long { key, letters } => (key, long_post(key, *letters, &step.at)),
            };
            let record = Record { region: World::region().to_string(), key: key.clone(), payload };
            log.append(Topic::Posts, vec![record], None, self.clock.now()).await.unwrap();
        }
        let region = World::region().to_string();
        for id in &step.delete {
            gate.delete(Deletion { id: id.clone(), region: region.clone() }).await.unwrap();
        }
        if let Some(merge) = &step.merge {
            let (from, into) = (event_of(world, &merge.from).await, event_of(world, &merge.into).await);
            let (from, into) = (from.to_string(), into.to_string());
            gate.correct(Correction::MergeEvents { region, from, into, actor: "operator".into() }).await.unwrap();
        } else if let Some(split) = &step.split {
            let (posts, new_event) = (split.posts.clone(), split.new_event.clone());
            let event = event_of(world, posts.first().expect("a post")).await.to_string();
            let actor = "operator".into();
            gate.correct(Correction::SplitEvent { region, event, posts, new_event, actor }).await.unwrap();
        }
    }

    /// Waits until every stage has read everything, and has had a moment without work.
    pub(crate) async fn rest(&self, world: &World) -> PortResult<()> {
        for _ in 0..10_000 {
            let mut lag = 0;
            for (stage, topic) in STAGES {
                lag += world.lag(stage, topic).await;
            }
            if lag == 0 {
                // Time stands while anything works: each stage gets to hear that it is idle.
                tokio::time::sleep(Duration::from_millis(1_200)).await;
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the stages do not come to rest");
    }

    async fn tick(&self) -> PortResult<()> {
        while check_due(self.incidents.as_ref(), &self.setup.regions, self.clock.now()).await?.incidents > 0 {}
        self.tell().await
    }

    async fn tell(&self) -> PortResult<()> {
        while relay_outbox(self.incidents.as_ref(), self.log.as_ref(), self.clock.now()).await? > 0 {}
        Ok(())
    }
}

/// The event a post belongs to.
async fn event_of(world: &World, post: &str) -> EventId {
    let rows = world.posts.get(&[PostId::new(post)]).await.unwrap();
    rows.first().unwrap_or_else(|| panic!("post {post} is not stored")).group.event.clone()
}

/// The incident opened with a post.
pub(crate) async fn incident_of(world: &World, post: &str) -> Incident {
    let list = world.incident_list().await;
    list.into_iter().find(|incident| incident.post.as_str() == post).unwrap_or_else(|| panic!("no incident of {post}"))
}

pub(crate) async fn person_acts(setup: &Knowledge, world: &World, person: &Act) {
    let incident = incident_of(world, &person.incident).await;
    let action = match (&person.into, person.action.clone()) {
        (Some(into), None) => Action::Merge { into: incident_of(world, into).await.id },
        (None, Some(action)) => action.try_into().expect("an action"),
        _ => panic!("an act has either an action or `into`"),
    };
    let answer = if let Action::Answer(answer) = &action { Some(answer.clone()) } else { None };
    let actor = Actor { name: "operator".to_owned(), role: Role::Operator, agency: None };
    let submission = Submission { action, actor, at: now(world), expected_version: Some(incident.version) };
    let history = world.incidents.history(&incident.id).await.unwrap();
    let (after, change) = act(&incident, &history, &submission, &setup.regions[0]).expect("an action that can be done");
    let steps = vec![Write { incident: after, change: Some(change), answer }];
    world.incidents.write(IncidentBatch { steps, ..IncidentBatch::default() }).await.unwrap();
}

fn now(world: &World) -> Timestamp {
    world.clock.now()
}

fn long_post(id: &str, letters: usize, at: &str) -> Vec<u8> {
    let line = crate::case::PostLine {
        id: id.to_owned(),
        at: None,
        text: "я".repeat(letters),
        author: None,
        kind: None,
        repost_of: None,
        reply_to: None,
        views: 0,
    };
    Message::new(at, Intake::Post(Box::new(line.post(at)))).to_bytes().expect("a message")
}
