//! Stage `analyse`: reads every post.

use async_trait::async_trait;
use otklik_domain::Post;
use otklik_ports::{PortResult, Record, Topic};
use otklik_text::Analyser;
use otklik_wire::{
    self as wire, Invalid,
    log::{Intake, Message},
};

use crate::{
    counters::Outcome,
    knowledge::{Current, changed},
    runner::{Batch, Handled, Stage, count},
};

/// Posts in, posts with their analysis inside out; deletions and corrections pass.
#[derive(Debug)]
pub struct Analyse {
    current: Current,
    analyser: Analyser,
}

impl Analyse {
    /// A stage that reads posts by what counts at the time.
    pub fn new(mut current: Current) -> Self {
        let analyser = current.borrow_and_update().analyser();
        Self { current, analyser }
    }

    /// Gives the message with the analysis inside, and its region.
    fn one(&mut self, payload: &[u8]) -> Result<(Message<Intake>, String, Outcome), Invalid> {
        let mut message: Message<Intake> = Message::from_bytes(payload)?;
        let (region, outcome) = match &mut message.body {
            Intake::Post(post) => {
                let read = Post::try_from((**post).clone())?;
                post.analysis = Some(Box::new(wire::Analysis::from(&self.analyser.analyse(&read))));
                (post.region.clone().unwrap_or_default(), Outcome::Done)
            }
            Intake::Deletion(deletion) => (deletion.region.clone(), Outcome::Changed),
            Intake::Correction(correction) => (correction.region().to_owned(), Outcome::Changed),
        };
        Ok((message, region, outcome))
    }
}

#[async_trait]
impl Stage for Analyse {
    fn name(&self) -> &'static str {
        "analyse"
    }

    fn input(&self) -> Topic {
        Topic::Posts
    }

    async fn handle(&mut self, batch: Batch<'_>) -> PortResult<Handled> {
        if let Some(knowledge) = changed(&mut self.current) {
            self.analyser = knowledge.analyser();
        }
        let mut handled = Handled::default();
        for record in batch.records {
            if record.payload.is_empty() {
                count(&mut handled.counts, Outcome::Skipped);
                continue;
            }
            let analysed = self
                .one(&record.payload)
                .and_then(|(message, region, outcome)| Ok((message.to_bytes()?, region, outcome)));
            match analysed {
                Ok((payload, region, outcome)) => {
                    count(&mut handled.counts, outcome);
                    handled.outputs.push((Topic::Analysed, Record { region, key: record.key.clone(), payload }));
                }
                Err(invalid) => {
                    count(&mut handled.counts, Outcome::Dead);
                    handled.dead.push((record.offset, invalid.to_string()));
                }
            }
            // Reading is work for the processor: other tasks get a turn between posts.
            tokio::task::consume_budget().await;
        }
        Ok(handled)
    }
}
