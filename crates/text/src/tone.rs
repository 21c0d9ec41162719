//! Tone: what the author wants and feels, and how bad the thing described is.

use otklik_domain::{Intent, Network, PostKind, Sentiment, SentimentLabel, Severity};

use crate::{
    lexer::Lexeme,
    token::{Ending, Flags},
};

macro_rules! tones {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal, )+) => {
        /// A tone of `tone.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Tone { $( $(#[$doc])* $variant, )+ }

        impl std::str::FromStr for Tone {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(format!("tone {name:?} is not known, expected one of: {}", [$($name),+].join(", "))),
                }
            }
        }

        impl Tones {
            /// Notes how strongly a tone was found.
            pub(crate) fn set(&mut self, tone: Tone, score: f32) {
                match tone { $(Tone::$variant => self.$variant = score,)+ }
            }
        }

        /// How strongly each tone was found, 0..1.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        #[allow(non_snake_case, reason = "fields are named by the tones they stand for")]
        pub(crate) struct Tones { $( pub(crate) $variant: f32, )+ }
    };
}

tones! {
    /// Praise and joy.
    Praise = "praise",
    /// Blame, anger, distress.
    Blame = "blame",
    /// Asks something.
    Question = "question",
    /// Asks for something to be done or made.
    Request = "request",
    /// Thanks.
    Thanks = "thanks",
    /// Sells or advertises.
    Advert = "advert",
    /// Tells news.
    Report = "report",
    /// Small talk, greetings, jokes, lost and found.
    Chatter = "chatter",
    /// Says the opposite of what is meant.
    Irony = "irony",
    /// Says that a trouble is over.
    Solved = "solved",
}

/// What the tone is judged by besides the tones themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    pub(crate) tones: Tones,
    /// Score of the best topic, 0 when there is none.
    pub(crate) topic: f32,
    /// Severity of the best topic.
    pub(crate) topic_severity: Severity,
    /// Score of the surest danger.
    pub(crate) danger: f32,
    pub(crate) kind: PostKind,
    pub(crate) network: Network,
    pub(crate) words: usize,
    pub(crate) question: bool,
    pub(crate) exclamations: usize,
    pub(crate) shouting: bool,
}

impl Signs {
    /// Looks at the punctuation and the capitals.
    pub(crate) fn read(lexemes: &[Lexeme], ending: Ending) -> (bool, usize, bool) {
        let flagged = |flag: Flags| lexemes.iter().filter(move |lexeme| lexeme.token.flags.has(flag)).count();
        let question = ending.question || flagged(Flags::AFTER_QUESTION) > 0;
        let exclamations = flagged(Flags::AFTER_EXCLAMATION) + usize::from(ending.exclamation);
        let long_words = lexemes.iter().filter(|lexeme| lexeme.token.span.end - lexeme.token.span.start >= 4);
        let (loud, all) = long_words.fold((0, 0), |(loud, all), lexeme| {
            let is_loud = lexeme.token.flags.has(Flags::CAPITAL | Flags::CAPITAL_INSIDE);
            (loud + usize::from(is_loud), all + 1)
        });
        (question, exclamations, all >= 3 && loud * 2 > all)
    }
}

/// Score from which a question is one without its mark too: that of two words or of a turn, «подскажите, когда», «как узнать».
const QUESTION_SURE: f32 = 0.75;
/// Words from which a text with one word of reporters is news. A shorter one needs two of them, and nothing of a complaint.
const NEWS_WORDS: usize = 12;
const REPORT_SURE: f32 = 0.8;

/// Score from which a topic is taken to be what a text is about.
const TOPIC_SURE: f32 = 0.5;

/// What the author wants.
pub(crate) fn intent(signs: &Signs) -> Intent {
    let tones = &signs.tones;
    let troubled = signs.topic >= TOPIC_SURE || signs.danger >= TOPIC_SURE;
    let bitter = tones.Blame.max(tones.Irony);
    if signs.kind == PostKind::Appeal {
        return appeal_intent(signs, bitter);
    }
    if tones.Advert >= 0.6 && tones.Advert > bitter && signs.danger < TOPIC_SURE {
        return Intent::Other;
    }
    if tones.Thanks >= 0.6 && tones.Thanks > bitter {
        return Intent::Thanks;
    }
    if is_news(signs) {
        return if troubled || tones.Report >= 0.6 { Intent::Report } else { Intent::Other };
    }
    let asks = signs.question || tones.Question >= QUESTION_SURE;
    // Praise alone does not say that nothing is wrong: «красивый двор, но лифт не едет».
    if tones.Praise >= 0.6 && tones.Solved >= 0.6 && bitter < 0.2 && !asks && signs.danger < TOPIC_SURE {
        return Intent::Thanks;
    }
    if troubled {
        return if tones.Request >= 0.6 && bitter < 0.5 && signs.danger < TOPIC_SURE {
            Intent::Request
        } else if asks && tones.Question >= 0.5 && bitter < 0.5 && signs.danger < TOPIC_SURE {
            Intent::Question
        } else {
            Intent::Complaint
        };
    }
    if tones.Request >= 0.6 {
        Intent::Request
    } else if asks && tones.Chatter < 0.6 {
        Intent::Question
    } else if bitter >= 0.6 && tones.Chatter < bitter && signs.topic > 0.0 {
        Intent::Complaint
    } else {
        Intent::Other
    }
}

/// Who writes to a body wants something; thanks are the exception.
fn appeal_intent(signs: &Signs, bitter: f32) -> Intent {
    let tones = &signs.tones;
    if tones.Thanks >= 0.75 && bitter < 0.5 && tones.Request < 0.6 {
        Intent::Thanks
    } else if tones.Request >= 0.6 && bitter < 0.5 && signs.danger < TOPIC_SURE {
        Intent::Request
    } else if signs.question && tones.Question >= 0.5 && bitter < 0.5 && signs.danger < TOPIC_SURE {
        Intent::Question
    } else {
        Intent::Complaint
    }
}

/// News: told by a feed, in a reporter's words and at length, or in short where nothing else is said.
fn is_news(signs: &Signs) -> bool {
    let Tones { Report: report, Blame: blame, .. } = signs.tones;
    let at_length = signs.words >= NEWS_WORDS && report >= 0.6 && blame < 0.75;
    let in_short = report >= REPORT_SURE && blame < 0.2 && !signs.question && signs.danger < TOPIC_SURE;
    signs.kind == PostKind::Post && (signs.network == Network::Rss || at_length || in_short)
}

/// Polarity. A trouble told of is negative even in plain words.
pub(crate) fn sentiment(signs: &Signs, intent: Intent) -> Sentiment {
    let tones = &signs.tones;
    let praise = tones.Praise.max(tones.Thanks) * (1.0 - tones.Irony);
    let mut blame = tones.Blame.max(tones.Irony);
    if signs.danger >= TOPIC_SURE {
        blame = blame.max(0.6);
    }
    if matches!(intent, Intent::Complaint) {
        blame = 1.0 - (1.0 - blame) * 0.55;
    }
    if blame > 0.0 && (signs.exclamations > 1 || signs.shouting) {
        blame = 1.0 - (1.0 - blame) * 0.8;
    }
    let solved = tones.Solved * 0.4;
    let score = (praise + solved - blame).clamp(-1.0, 1.0);
    let label = if score <= -0.25 {
        SentimentLabel::Negative
    } else if score >= 0.25 {
        SentimentLabel::Positive
    } else {
        SentimentLabel::Neutral
    };
    Sentiment { label, score }
}

/// How bad the thing described is: what its topic usually is, what danger it tells of, nothing when nothing is wrong.
pub(crate) fn severity(signs: &Signs, intent: Intent) -> Severity {
    if signs.danger >= TOPIC_SURE && !matches!(intent, Intent::Thanks | Intent::Other) {
        let past = signs.tones.Solved >= 0.6 && signs.tones.Blame < 0.5;
        return if past { Severity::new(2) } else { Severity::DANGER };
    }
    let usual =
        if signs.topic >= TOPIC_SURE { signs.topic_severity.level() } else { signs.topic_severity.level().min(2) };
    Severity::new(match intent {
        Intent::Thanks | Intent::Other => 0,
        Intent::Question | Intent::Request => usual.min(3).saturating_sub(u8::from(usual > 1)).max(u8::from(usual > 0)),
        Intent::Report => usual.saturating_sub(u8::from(usual > 1)),
        Intent::Complaint if signs.tones.Solved >= 0.6 && signs.tones.Blame < 0.5 => usual.min(1),
        Intent::Complaint => usual.max(1),
    })
}
