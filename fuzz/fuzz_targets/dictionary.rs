//! Dictionaries, regions, policies and calendars. A line such as `@@ topics/roads.toml` begins each file of an input.
#![no_main]

use std::sync::Arc;

use otklik_engine::{region::Region, sla::Calendar};
use otklik_fuzz::{dictionaries::files, texts::post};
use otklik_text::{Analyser, Dictionary, Problem, SourceFile};

libfuzzer_sys::fuzz_target!(|input: &str| {
    let files = files(input);
    let sources: Vec<SourceFile<'_>> = files.iter().map(|&(path, content)| SourceFile { path, content }).collect();
    match Dictionary::compile(&sources) {
        Ok(dictionary) => {
            let dictionary = Arc::new(dictionary);
            dictionary.run_examples();
            assert_eq!(Dictionary::compile(&sources).expect("compiled before").version(), dictionary.version());
            let mut analyser = Analyser::new(Arc::clone(&dictionary), Vec::new());
            analyser.analyse(&post(1, "Яма на дороге, ул. Ленина 5, нет горячей воды! г. Глазов"));
        }
        Err(problems) => problems.iter().for_each(|problem| check(problem, &sources)),
    }
    let mut calendar = Calendar::default();
    for source in sources.iter().filter(|source| source.path.ends_with(".xml")) {
        let _refused = calendar.add_xml(source.content).is_err();
    }
    let policies = sources.iter().find(|source| source.path == "policies.toml");
    for source in sources.iter().filter(|source| source.path.starts_with("regions/")) {
        match Region::parse(source, policies, calendar.clone()) {
            Ok(region) => assert!(region.policy(region.policy_of(&"roads".into())).is_some()),
            Err(problems) => problems.iter().for_each(|problem| check(problem, &sources)),
        }
    }
});

/// A mistake names a file that is there and a line of it.
fn check(problem: &Problem, sources: &[SourceFile<'_>]) {
    let lines = |source: &SourceFile<'_>| source.content.lines().count() + 1;
    let most = sources.iter().filter(|source| source.path == problem.path).map(lines).max();
    assert!(problem.line == 0 || most.is_some_and(|most| problem.line <= most), "{problem}");
}
