//! A story of `pipelines/cases`: what happens, and what has to come of it.

use std::{collections::BTreeMap, fs, path::Path};

use otklik_wire as wire;
use serde::{Deserialize, Serialize};

/// A story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    /// What it shows.
    pub(crate) title: String,
    /// Records of a batch, in every stage.
    #[serde(default = "two")]
    pub(crate) batch_records: usize,
    /// What happens, in order. The stages come to rest after each step.
    pub(crate) steps: Vec<Step>,
    /// Words of deleted posts only: nothing says them any more.
    #[serde(default)]
    pub(crate) gone: Vec<String>,
    /// What has come of it at the end.
    pub(crate) expect: Expect,
}

/// Things that happen at one time, in order of the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Step {
    /// When.
    pub(crate) at: String,
    /// Posts come in.
    #[serde(default)]
    pub(crate) posts: Vec<PostLine>,
    /// Messages another program wrote into the log.
    #[serde(default)]
    pub(crate) raw: Vec<Raw>,
    /// Posts are gone at their source.
    #[serde(default)]
    pub(crate) delete: Vec<String>,
    /// The event of one post ends in that of another.
    pub(crate) merge: Option<Merge>,
    /// Posts of an event become one of their own.
    pub(crate) split: Option<Split>,
    /// The process is stopped and started.
    #[serde(default)]
    pub(crate) restart: bool,
    /// What people do, once the stages have come to rest.
    #[serde(default)]
    pub(crate) acts: Vec<Act>,
    /// The SLA clock is looked at.
    #[serde(default)]
    pub(crate) tick: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PostLine {
    pub(crate) id: String,
    /// When it was published; when it came in, where nothing is said.
    pub(crate) at: Option<String>,
    pub(crate) text: String,
    pub(crate) author: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) repost_of: Option<String>,
    pub(crate) reply_to: Option<String>,
    #[serde(default)]
    pub(crate) views: u64,
}

impl PostLine {
    /// The post as a source hands it in.
    pub(crate) fn post(&self, at: &str) -> wire::Post {
        let json = serde_json::json!({
            "id": self.id, "network": self.id.split(':').next(), "kind": self.kind.as_deref().unwrap_or("post"),
            "published_at": self.at.as_deref().unwrap_or(at), "text": self.text, "author_key": self.author,
            "repost_of": self.repost_of, "reply_to": self.reply_to, "metrics": { "views": self.views }, "region": "demo",
        });
        serde_json::from_value(json).expect("a post")
    }
}

/// A message as it lies in the log: as text, or a post with a text of so many letters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub(crate) enum Raw {
    Text { key: String, text: String },
    Long { key: String, letters: usize },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Merge {
    /// A post of the event that ends.
    pub(crate) from: String,
    /// A post of the one that goes on.
    pub(crate) into: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Split {
    pub(crate) posts: Vec<String>,
    pub(crate) new_event: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Act {
    /// The post the incident was opened with.
    pub(crate) incident: String,
    /// For a merge: the post the other incident was opened with.
    pub(crate) into: Option<String>,
    /// What is done, as the API takes it; a merge is said by `into` alone.
    pub(crate) action: Option<wire::Action>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// Outcomes that are not zero, by stage.
    pub(crate) stages: BTreeMap<String, BTreeMap<String, u64>>,
    /// Every event.
    #[serde(default)]
    pub(crate) events: Vec<EventLine>,
    /// Every incident, in order of opening, then of id.
    #[serde(default)]
    pub(crate) incidents: Vec<IncidentLine>,
    /// Every dead letter.
    #[serde(default)]
    pub(crate) dead: Vec<DeadLine>,
}

/// An event, told by its posts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct EventLine {
    pub(crate) posts: Vec<String>,
    /// Those of them that repeat a text.
    #[serde(default)]
    pub(crate) repeats: Vec<String>,
    pub(crate) authors: u32,
    pub(crate) topic: Option<String>,
    pub(crate) place: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct IncidentLine {
    /// The post it was opened with.
    pub(crate) post: String,
    pub(crate) opened_by: String,
    pub(crate) state: String,
    pub(crate) agency: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) municipality: Option<String>,
    pub(crate) posts: u32,
    pub(crate) authors: u32,
    /// Its history: what was done.
    pub(crate) history: Vec<String>,
    /// Deadlines by clock, in Moscow time.
    #[serde(default)]
    pub(crate) due: BTreeMap<String, String>,
    /// Clocks found overdue.
    #[serde(default)]
    pub(crate) breached: Vec<String>,
    /// The post the incident it was merged into was opened with.
    pub(crate) merged_into: Option<String>,
    /// The post the incident it repeats was opened with.
    pub(crate) repeats: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLine {
    pub(crate) stage: String,
    /// How its reason begins.
    pub(crate) reason: String,
}

/// Reads a story.
pub(crate) fn load(path: &Path) -> Case {
    let content = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&content).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn two() -> usize {
    2
}
