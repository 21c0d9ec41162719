//! The invented region: dictionaries, bodies, accounts, as the repository has them.

use std::{error::Error, fs, path::Path, sync::Arc};

use argon2::{Argon2, password_hash::PasswordHasher};
use otklik_domain::{AgencyId, Role};
use otklik_engine::{group::GroupConfig, region::Region, sla::Calendar};
use otklik_ports::{Account, Incidents, memory::MemoryIncidents};
use otklik_text::{Dictionary, SourceFile};
use otklik_web::{Block, Catalogue, Directory, Place, Topic};

/// The repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The region and what it speaks of.
pub(crate) struct Setting {
    pub(crate) dictionary: Arc<Dictionary>,
    pub(crate) region: Arc<Region>,
}

impl Setting {
    /// Reads `dictionaries/`.
    pub(crate) fn load() -> Result<Self, Box<dyn Error>> {
        let mut files = Vec::new();
        read_folder(&Path::new(ROOT).join("dictionaries"), "", &mut files)?;
        files.sort();
        let sources: Vec<SourceFile<'_>> = files.iter().map(|(path, content)| SourceFile { path, content }).collect();
        let dictionary = Dictionary::compile(&sources).map_err(|problems| lines(&problems))?;
        let mut calendar = Calendar::default();
        for file in sources.iter().filter(|file| file.path.ends_with(".xml")) {
            calendar.add_xml(file.content)?;
        }
        let find = |path: &str| sources.iter().find(|file| file.path == path).ok_or_else(|| format!("no {path}"));
        let region = Region::parse(find("regions/demo.toml")?, Some(find("policies.toml")?), calendar);
        let region = region.map_err(|problems| lines(&problems))?;
        Ok(Self { dictionary: Arc::new(dictionary), region: Arc::new(region) })
    }

    /// Names for the desk.
    pub(crate) fn directory(&self) -> Directory {
        let blocks = self.dictionary.blocks().iter().map(|(id, name)| Block { id: id.clone(), name: name.clone() });
        let topics = self.dictionary.topics().map(|topic| Topic {
            id: topic.id.clone(),
            name: topic.name.clone(),
            block: topic.id.block(),
        });
        let gazetteer = self.dictionary.gazetteer();
        let places = gazetteer.places().iter().filter(|place| place.id.as_str().starts_with("demo"));
        let places = places.map(|place| Place {
            id: place.id.clone(),
            name: place.name.clone(),
            kind: place.kind,
            region: self.region.id.clone(),
            municipality: gazetteer.municipality(place).map(|municipality| municipality.id.clone()),
        });
        Directory { regions: vec![Arc::clone(&self.region)], catalogue: Catalogue::new(blocks, topics, places) }
    }

    /// The bounds of grouping.
    pub(crate) fn grouping(&self) -> GroupConfig {
        let area = self.dictionary.topics().filter(|topic| topic.is_area).map(|topic| topic.id.clone());
        GroupConfig { area_topics: area.collect(), ..GroupConfig::default() }
    }
}

fn read_folder(folder: &Path, below: &str, files: &mut Vec<(String, String)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let own = if below.is_empty() { name.to_string() } else { format!("{below}/{name}") };
        if path.is_dir() {
            read_folder(&path, &own, files)?;
        } else {
            files.push((own, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn lines(problems: &[otklik_text::Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Adds the accounts: the password of each is its login.
pub(crate) async fn accounts(incidents: &MemoryIncidents) -> Result<(), Box<dyn Error>> {
    let accounts = [
        ("admin", "Соколова Ирина Викторовна", Role::Admin, None),
        ("operator", "Мельникова Анна Сергеевна", Role::Operator, None),
        ("analyst", "Громов Павел Ильич", Role::Analyst, None),
        ("viewer", "Орлова Елена Павловна", Role::Viewer, None),
        ("vodokanal", "Ильин Артём Олегович", Role::Agency, Some("demo.severogorsk.vodokanal")),
        ("gorod", "Кузнецова Мария Андреевна", Role::Agency, Some("demo.severogorsk")),
    ];
    for (login, name, role, agency) in accounts {
        let password_hash = Argon2::default().hash_password(login.as_bytes()).map_err(|error| error.to_string())?;
        let account = Account {
            login: login.to_owned(),
            name: name.to_owned(),
            role,
            agency: agency.map(AgencyId::from),
            password_hash: password_hash.to_string(),
            active: true,
        };
        incidents.put_account(account).await?;
    }
    Ok(())
}
