//! Runs the examples of a dictionary: every sentence must be recognised, or not, as its file says.

use std::sync::Arc;

use crate::{
    dictionary::{Dictionary, Kind},
    lexer::Lexer,
    matcher::Matcher,
    source::Problem,
};

/// Score from which a topic counts as recognised.
const RECOGNISED_MIN: f32 = 0.5;

/// What running the examples showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleReport {
    /// Sentences run.
    pub run: usize,
    /// Those that did not come out as their file says.
    pub problems: Vec<Problem>,
}

impl Dictionary {
    /// Runs every example.
    pub fn run_examples(self: &Arc<Self>) -> ExampleReport {
        let mut lexer = Lexer::new(Arc::clone(&self.lexicon));
        let mut matcher = Matcher::new(Arc::clone(self));
        let mut lexemes = Vec::new();
        let mut problems = Vec::new();
        for example in self.examples() {
            lexer.read(&example.text, &mut lexemes);
            matcher.run(&lexemes, &lexer);
            let hits = &matcher.hits;
            let own = hits.iter().find(|hit| hit.concept == example.concept && hit.score >= RECOGNISED_MIN);
            if own.is_some() == example.expected {
                continue;
            }
            let id = self.concepts.get(example.concept as usize).map_or("", |concept| concept.id.as_str());
            let message = if example.expected {
                let instead = hits.iter().filter(|hit| hit.score >= RECOGNISED_MIN).filter_map(|hit| {
                    let concept = self.concepts.get(hit.concept as usize)?;
                    matches!(concept.kind, Kind::Topic(_)).then(|| concept.id.as_str())
                });
                let instead: Vec<&str> = instead.collect();
                format!("example of {id} is not recognised, found: {}", list(&instead))
            } else {
                format!("sentence under others of {id} is recognised as {id}")
            };
            problems.push(Problem { path: example.path.clone(), line: example.line, message });
        }
        ExampleReport { run: self.examples().len(), problems }
    }
}

fn list(ids: &[&str]) -> String {
    if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") }
}
