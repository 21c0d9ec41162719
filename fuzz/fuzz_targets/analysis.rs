//! The whole analysis of a text: tokens, masks, topics, places, tone, language.
#![no_main]

use std::{cell::RefCell, sync::LazyLock};

use otklik_domain::Span;
use otklik_fuzz::{dictionaries::OURS, texts::post};
use otklik_text::{Analyser, Fingerprint, mask, tokenise};

thread_local! {
    static ANALYSER: RefCell<Analyser> = RefCell::new(Analyser::new(OURS.clone(), Vec::new()));
}

// What takes long is made before the first input: its time is not an input's.
libfuzzer_sys::fuzz_target!(init: { LazyLock::force(&OURS); }, |text: &str| {
    let chars = text.chars().count();
    let is_inside = |span: Span| assert!(span.start <= span.end && span.end as usize <= chars, "{span:?} of {chars}");

    let mut tokens = Vec::new();
    tokenise(text, &mut tokens);
    let mut end = 0;
    for token in &tokens {
        assert!(token.start >= end && token.end > token.start, "tokens are in order and not empty");
        let written = text.get(token.start as usize..token.end as usize).expect("a token lies between characters");
        assert_eq!(token.text(text), written);
        is_inside(token.span);
        let before = text.get(..token.start as usize).map(|before| before.chars().count());
        assert_eq!(before, Some(token.span.start as usize));
        end = token.end;
    }

    let masked = mask(text);
    assert!(!text.bytes().all(|byte| !byte.is_ascii_digit() && byte != b'@') || masked == text);

    ANALYSER.with_borrow_mut(|analyser| {
        let post = post(1, text);
        let analysis = analyser.analyse(&post);
        let evidence = analysis.topics.iter().flat_map(|topic| &topic.evidence).chain(&analysis.danger);
        for evidence in evidence {
            is_inside(evidence.span);
            let length = (evidence.span.end - evidence.span.start) as usize;
            let words: String = text.chars().skip(evidence.span.start as usize).take(length).collect();
            assert_eq!(words, evidence.text, "evidence quotes what stands there");
        }
        analysis.places.iter().for_each(|place| is_inside(place.span));
        assert!(analysis.topics.iter().all(|topic| (0.0..=1.0).contains(&topic.score)));
        assert!((-1.0..=1.0).contains(&analysis.sentiment.score));
        let fingerprint = Fingerprint::of(analyser.lexemes());
        // A text without words is like none.
        assert!(fingerprint.words == 0 || fingerprint.likeness(&fingerprint.bins) > 0.999);

        let wire = otklik_wire::Analysis::from(&analysis);
        let written = serde_json::to_string(&wire).expect("an analysis is written");
        let read: otklik_wire::Analysis = serde_json::from_str(&written).expect("what is written is read");
        assert_eq!(read, wire);
        // What is warm by now gives the same.
        assert_eq!(analyser.analyse(&post), analysis);
    });
});
