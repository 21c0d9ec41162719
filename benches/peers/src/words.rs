//! Words and stems of raw text.

use std::hint::black_box;

use anyhow::bail;
use otklik_text::Lexer;
use rust_stemmers::{Algorithm, Stemmer};
use serde_json::{Value, json};

use crate::{corpus, timed};

pub fn run(who: &str, more: &[&str]) -> anyhow::Result<Value> {
    let texts = corpus::texts(more.first().copied().unwrap_or_default())?;
    let result = match who {
        "otklik" => {
            let (mut lexer, mut lexemes) = (Lexer::default(), Vec::new());
            let mut read = || {
                let mut words = 0;
                for text in &texts {
                    lexer.read(text, &mut lexemes);
                    words += black_box(&lexemes).len();
                }
                json!({ "words": words })
            };
            let mut result = timed(texts.len(), &mut read);
            // Once more, now that it knows every word.
            result["seconds_again"] = timed(texts.len(), read)["seconds"].take();
            result
        }
        // Words alone, without their stems.
        "tokens" => {
            let mut tokens = Vec::new();
            timed(texts.len(), || {
                let mut words = 0;
                for text in &texts {
                    otklik_text::tokenise(text, &mut tokens);
                    words += black_box(&tokens).len();
                }
                json!({ "words": words })
            })
        }
        // The usual chain: lower case, split at what is no letter or digit, stem each word.
        "chain" => {
            let stemmer = Stemmer::create(Algorithm::Russian);
            timed(texts.len(), || {
                let mut words = 0;
                for text in &texts {
                    let lower = text.to_lowercase();
                    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                        black_box(stemmer.stem(word));
                        words += 1;
                    }
                }
                json!({ "words": words })
            })
        }
        _ => bail!("there is no {who} here"),
    };
    Ok(result)
}
