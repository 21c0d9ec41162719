//! Processes that load versions, speak, hear, die and come, in any order.

use proptest::prelude::*;

use super::*;

const LIVE_WITHIN: Duration = Duration::from_secs(60);
/// More than any process says.
const BEATS: u64 = 1000;
const ROUND: Duration = Duration::from_secs(20);

/// Processes and what they have said.
#[derive(Debug, Default)]
struct World {
    now: Duration,
    said: BTreeMap<String, String>,
    live: BTreeMap<String, Agreement>,
    starts: u64,
}

impl World {
    fn of(members: &[(&str, &str)]) -> Self {
        let mut world = Self::default();
        members.iter().for_each(|(member, version)| world.start(member, version));
        world
    }

    fn start(&mut self, member: &str, version: &str) {
        self.starts += 1;
        let started = Agreement::new(member.to_owned(), version.to_owned(), self.starts * BEATS, LIVE_WITHIN);
        self.live.insert(member.to_owned(), started);
    }

    fn load(&mut self, member: &str, version: &str) {
        if let Some(process) = self.live.get_mut(member) {
            process.load(version.to_owned());
        }
    }

    fn speak(&mut self, member: &str) {
        if let Some(process) = self.live.get_mut(member) {
            self.said.insert(member.to_owned(), process.speak());
        }
    }

    fn hear(&mut self, member: &str) -> News {
        let Some(process) = self.live.get_mut(member) else { return News::default() };
        let news = process.hear(self.said.clone(), self.now);
        news.gone.iter().for_each(|gone| drop(self.said.remove(gone)));
        news
    }

    /// Everybody who lives speaks and hears, and time goes on.
    fn round(&mut self) {
        let members: Vec<String> = self.live.keys().cloned().collect();
        members.iter().for_each(|member| self.speak(member));
        for member in &members {
            self.hear(member);
        }
        self.now += ROUND;
    }

    fn used(&self) -> Vec<&str> {
        self.live.values().map(Agreement::used).collect()
    }

    /// Lets a process hear. A turn nobody has spoken of may only begin with a version that everybody who lives and
    /// has spoken says to have.
    fn hear_and_check(&mut self, member: &str) -> Result<(), TestCaseError> {
        let turn = |world: &Self| world.live.get(member).map(|process| process.own.turn);
        let before = turn(self);
        let parsed = |(member, said): (&String, &String)| (member.clone(), serde_json::from_str::<Word>(said).unwrap());
        let said: Vec<(String, Word)> = self.said.iter().map(parsed).collect();
        self.hear(member);
        if turn(self) > before && said.iter().all(|(_, word)| Some(word.turn) < turn(self)) {
            let speaks = |other: &String| self.live.get(other).is_some_and(|process| process.own.beat % BEATS > 0);
            for (other, word) in said.iter().filter(|(other, _)| speaks(other)) {
                prop_assert_eq!(&*word.loaded, self.live[member].used(), "{} has not read it", other);
            }
        }
        Ok(())
    }

    /// No turn has two versions.
    fn check(&self) -> Result<(), TestCaseError> {
        let mut turns: BTreeMap<u64, &str> = BTreeMap::new();
        for Agreement { own, .. } in self.live.values().filter(|process| process.own.turn > 0) {
            prop_assert_eq!(*turns.entry(own.turn).or_insert(&own.used), &own.used, "turn {}", own.turn);
        }
        Ok(())
    }
}

#[test]
fn one_process_switches_at_once() {
    let mut world = World::of(&[("a", "1")]);
    world.round();
    world.load("a", "2");
    world.speak("a");
    assert_eq!(world.used(), ["1"]);
    assert_eq!(world.hear("a"), News { versions: 2, gone: Vec::new() }, "as was said before");
    assert_eq!(world.used(), ["2"]);
    world.speak("a");
    assert_eq!(world.hear("a"), News { versions: 1, gone: Vec::new() });
}

#[test]
fn a_version_counts_when_all_have_it() {
    let mut world = World::of(&[("a", "1"), ("b", "1"), ("c", "1")]);
    world.round();
    for member in ["a", "b"] {
        world.load(member, "2");
        world.round();
        assert_eq!(world.used(), ["1", "1", "1"]);
        assert_eq!(world.hear(member).versions, 2, "that versions differ is seen");
    }
    world.load("c", "2");
    world.round();
    world.round();
    assert_eq!(world.used(), ["2", "2", "2"]);
}

#[test]
fn the_dead_hold_nothing_up() {
    let mut world = World::of(&[("a", "1"), ("b", "1")]);
    world.round();
    world.live.remove("b");
    world.load("a", "2");
    world.round();
    assert_eq!(world.used(), ["1"], "it may live");
    for _ in 0..3 {
        world.round();
    }
    assert_eq!(world.used(), ["2"]);
    assert!(!world.said.contains_key("b"), "its word is taken back");
}

/// It says just what the one of its name said that died, and is no more dead for it.
#[test]
fn who_comes_again_is_alive() {
    let mut world = World::of(&[("a", "1"), ("b", "1")]);
    world.speak("b");
    world.live.remove("b");
    for _ in 0..3 {
        world.round();
    }
    world.start("b", "1");
    world.load("a", "2");
    world.round();
    world.round();
    assert_eq!(world.used(), ["1", "1"], "it has not read it");
}

#[test]
fn who_comes_with_old_files_changes_nothing_for_others() {
    let mut world = World::of(&[("a", "1"), ("b", "1")]);
    world.round();
    for member in ["a", "b"] {
        world.load(member, "2");
        world.speak(member);
    }
    world.hear("a");
    assert_eq!(world.used(), ["2", "1"]);
    // It comes after one has gone over and before the other.
    world.start("c", "1");
    world.round();
    world.round();
    assert_eq!(world.used(), ["2", "2", "1"]);
    assert_eq!(world.hear("a").versions, 2);
    world.load("c", "2");
    world.round();
    world.round();
    assert_eq!(world.used(), ["2", "2", "2"]);
    assert_eq!(world.hear("b").versions, 1);
}

#[test]
fn what_is_not_understood_keeps_everything_as_it_is() {
    let mut world = World::of(&[("a", "1")]);
    world.round();
    world.said.insert("newer".to_owned(), "{\"form\":2}".to_owned());
    world.load("a", "2");
    world.round();
    assert_eq!(world.used(), ["1"]);
}

/// Two that were cut off from each other and have both gone on.
#[test]
fn two_versions_of_one_turn_both_end() {
    let mut world = World::of(&[("a", "1"), ("b", "1")]);
    for (member, version) in [("a", "2"), ("b", "3")] {
        world.load(member, version);
        let mut alone = World { now: world.now, ..World::default() };
        alone.live.extend(world.live.remove_entry(member));
        alone.round();
        assert_eq!(alone.used(), [version]);
        world.live.append(&mut alone.live);
    }
    world.round();
    world.round();
    assert_eq!(world.used(), ["2", "3"], "neither counts for the other");
    world.load("b", "2");
    world.round();
    world.round();
    assert_eq!(world.used(), ["2", "2"]);
    let turns: BTreeSet<u64> = world.live.values().map(|process| process.own.turn).collect();
    assert_eq!(turns.len(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Load(usize, usize),
    Speak(usize),
    Hear(usize),
    Start(usize, usize),
    Die(usize),
    Round,
}

const MEMBERS: [&str; 4] = ["a", "b", "c", "d"];
const VERSIONS: [&str; 3] = ["1", "2", "3"];

fn step() -> impl Strategy<Value = Step> {
    let (member, version) = (0..MEMBERS.len(), 0..VERSIONS.len());
    prop_oneof![
        4 => (member.clone(), version.clone()).prop_map(|(member, version)| Step::Load(member, version)),
        6 => member.clone().prop_map(Step::Speak),
        6 => member.clone().prop_map(Step::Hear),
        1 => (member.clone(), version).prop_map(|(member, version)| Step::Start(member, version)),
        1 => member.prop_map(Step::Die),
        2 => Just(Step::Round),
    ]
}

proptest! {
    #[test]
    fn no_turn_has_two_versions_and_all_end_with_the_last(
        steps in prop::collection::vec(step(), 0..120),
        last in 0..VERSIONS.len(),
    ) {
        let mut world = World::of(&[("a", "1"), ("b", "1"), ("c", "2")]);
        for step in steps {
            match step {
                Step::Load(member, version) => world.load(MEMBERS[member], VERSIONS[version]),
                Step::Speak(member) => world.speak(MEMBERS[member]),
                Step::Hear(member) => world.hear_and_check(MEMBERS[member])?,
                Step::Start(member, version) => world.start(MEMBERS[member], VERSIONS[version]),
                Step::Die(member) => drop(world.live.remove(MEMBERS[member])),
                Step::Round => world.round(),
            }
            world.check()?;
        }
        // The dead are found out, whatever is loaded meanwhile.
        MEMBERS.iter().for_each(|member| world.load(member, VERSIONS[last]));
        for _ in 0..6 {
            world.round();
            world.check()?;
        }
        prop_assert!(world.used().iter().all(|used| *used == VERSIONS[last]), "{:?}", world);
    }
}
