//! Two processes of a deployment and the files on their machines.

use std::fs;

use otklik_ports::memory::MemoryLog;
use tempfile::TempDir;

use super::*;
use crate::dictionaries::DictionaryFiles;

const FILE: &str = "topics/animals.toml";
const NAME: &str = "name = \"Бродячие собаки\"";

/// A process and its folder of dictionaries.
struct Process {
    reload: Reload,
    folder: TempDir,
}

impl Process {
    fn start(log: &Arc<MemoryLog>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = [FILE, "classes.toml", "policies.toml", "regions/demo.toml", "calendar/ru-2026.xml"];
        for file in DictionaryFiles::load(None).unwrap().sources().iter().filter(|file| parts.contains(&file.path)) {
            let path = folder.path().join(file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.content).unwrap();
        }
        let dictionaries = Some(folder.path().to_owned());
        let config = Config { dictionaries, ..Config::of_folder(folder.path().join("data"), "demo".into()) };
        let counting = watch::Sender::new(Arc::new(knowledge::load(&config).unwrap()));
        Self { reload: Reload::new(config, log.clone(), counting, None), folder }
    }

    fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.folder.path().join(file);
        let content = fs::read_to_string(&path).unwrap();
        assert!(content.contains(old), "{file} has no {old}");
        fs::write(path, content.replacen(old, new, 1)).unwrap();
    }

    /// What the stages call a topic.
    fn name(&self) -> String {
        let counting = self.reload.counting.borrow();
        counting.dictionary.topic("animals.stray_dogs").unwrap().name.clone()
    }
}

#[tokio::test]
async fn what_is_read_counts_when_both_have_it() {
    let log = Arc::new(MemoryLog::new(1));
    let (mut a, mut b) = (Process::start(&log), Process::start(&log));
    let mut batches = a.reload.counting.subscribe();
    for process in [&mut a, &mut b] {
        process.reload.meet().await.unwrap();
    }
    a.edit(FILE, NAME, "name = \"Собаки без хозяев\"");
    a.reload.read().await;
    for process in [&mut a, &mut b] {
        process.reload.meet().await.unwrap();
        assert_eq!((process.name().as_str(), process.reload.shown.versions), ("Бродячие собаки", 2));
    }
    assert!(!batches.has_changed().unwrap(), "nothing changes for the stages");
    b.edit(FILE, NAME, "name = \"Собаки без хозяев\"");
    b.reload.read().await;
    for process in [&mut b, &mut a] {
        process.reload.meet().await.unwrap();
        assert_eq!(process.name(), "Собаки без хозяев");
    }
    b.reload.meet().await.unwrap();
    assert_eq!((a.reload.shown.versions, b.reload.shown.versions), (1, 1));
    assert_eq!(batches.borrow_and_update().version, b.reload.loaded.version);
    assert_eq!(a.reload.shown.used, b.reload.shown.loaded);
}

#[tokio::test]
async fn mistakes_change_nothing() {
    let mut process = Process::start(&Arc::new(MemoryLog::new(1)));
    let version = process.reload.loaded.version.clone();
    let lines = |process: &Process| fs::read_to_string(process.folder.path().join(FILE)).unwrap();
    let line = 1 + lines(&process).lines().position(|line| line == NAME).unwrap();
    process.edit(FILE, NAME, "nome = \"Собаки\"");
    process.reload.read().await;
    process.reload.meet().await.unwrap();
    let mistake = &process.reload.shown.mistake;
    assert!(mistake.starts_with(&format!("{FILE}:{line}: unknown field `nome`")), "{mistake}");
    assert_eq!((process.reload.shown.used.as_str(), process.reload.loaded.version.as_str()), (&*version, &*version));

    process.edit(FILE, "nome = \"Собаки\"", "name = \"Собаки\"");
    process.edit("regions/demo.toml", "id = \"demo\"", "id = \"other\"");
    process.reload.read().await;
    assert_eq!(process.reload.shown.mistake, "other regions are served only after a restart");
    process.edit("regions/demo.toml", "id = \"other\"", "id = \"demo\"");
    process.reload.read().await;
    process.reload.meet().await.unwrap();
    assert_eq!((process.reload.shown.mistake.as_str(), process.name().as_str()), ("", "Собаки"));
    assert_ne!(process.reload.shown.used, version);
}

#[test]
fn the_version_names_every_file() {
    let process = Process::start(&Arc::new(MemoryLog::new(1)));
    let beside = process.folder.path().join("own.toml");
    fs::copy(process.folder.path().join("regions/demo.toml"), &beside).unwrap();
    let version = |regions: &std::path::Path| {
        let config = Config { regions: vec![regions.to_owned()], ..process.reload.config.clone() };
        knowledge::load(&config).unwrap().version
    };
    let (inside, own) = (version("demo".as_ref()), version(&beside));
    assert!(own.starts_with(&format!("{inside}+")), "{own}");
    process.edit("own.toml", "Северогорская область", "Другая область");
    let changed = version(&beside);
    assert_ne!(changed, own);
    process.edit("regions/demo.toml", "Северогорская область", "Другая область");
    assert_ne!(version("demo".as_ref()), inside);
}
