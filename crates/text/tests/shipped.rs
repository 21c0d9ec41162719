//! The dictionaries as shipped: every example holds, places are found as people write them, danger is never buried.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{fs, path::Path, sync::Arc};

use otklik_domain::{Analysis, Community, Intent, Metrics, Network, Post, PostKind, RegionId};
use otklik_text::{Analyser, Dictionary, SourceFile};

fn dictionary() -> Arc<Dictionary> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dictionaries");
    let mut files = Vec::new();
    for folder in ["", "topics", "places"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let below = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.push((below, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let sources: Vec<SourceFile<'_>> = files.iter().map(|(path, content)| SourceFile { path, content }).collect();
    Arc::new(Dictionary::compile(&sources).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn post(text: &str, region: &str) -> Post {
    Post {
        id: "vk:1".into(),
        network: Network::Vk,
        kind: PostKind::Post,
        url: None,
        community: None,
        author: None,
        published_at: "2026-01-20T10:00:00Z".parse().unwrap(),
        text: text.to_owned(),
        reply_to: None,
        repost_of: None,
        metrics: Metrics::default(),
        geo: None,
        region: (!region.is_empty()).then(|| RegionId::from(region)),
        labels: vec![],
    }
}

#[test]
fn every_example_holds() {
    let report = dictionary().run_examples();
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{} of {} fail:\n{}", problems.len(), report.run, problems.join("\n"));
    assert!(report.run > 1500, "{}", report.run);
}

#[test]
fn there_is_enough() {
    let dictionary = dictionary();
    assert!(dictionary.topics().count() >= 200);
    assert_eq!(dictionary.blocks().len(), 18);
}

#[test]
fn places_as_people_write_them() {
    let dictionary = dictionary();
    let check = |region: &str, text: &str, expected: &[&str]| {
        let analysis = Analyser::new(Arc::clone(&dictionary), vec![]).analyse(&post(text, region));
        let found: Vec<&str> = analysis.places.iter().map(|place| place.id.as_str()).collect();
        assert_eq!(found, expected, "{text}");
        for place in &analysis.places {
            let chars: Vec<char> = text.chars().collect();
            assert!(place.span.start < place.span.end && place.span.end as usize <= chars.len(), "{text}");
        }
    };
    check("udm", "В Глазове прорвало трубу", &["udm.glazov"]);
    // However a house is written, it is one place.
    check("udm", "Ижевск, ул. Ленина, д. 5", &["udm.izhevsk", "udm.izhevsk.lenina:5"]);
    check("udm", "Ижевск Ленина 5", &["udm.izhevsk", "udm.izhevsk.lenina:5"]);
    check("udm", "В Ижевске на улице Ленина, 5", &["udm.izhevsk", "udm.izhevsk.lenina:5"]);
    // The word for a street belongs to the name behind it, and that street to the town named.
    check("udm", "г. Можга ул. Ленина 10а", &["udm.mozhga", "street:ленина:10а"]);
    check("udm", "г. Можга пр-т Ленина 10а", &["udm.mozhga", "street:ленина:10а"]);
    check(
        "udm",
        "Ижевск, на углу Советской и Ленина яма",
        &["udm.izhevsk", "udm.izhevsk.sovetskaya", "udm.izhevsk.lenina"],
    );
    check("udm", "в пос. Игра и в посёлке Яр нет газа", &["udm.igra", "udm.yar"]);
    check("udm", "Играли у школы 25", &[]);
    check("udm", "нет воды ленина 5", &["udm.izhevsk.lenina:5"]);
    check("udm", "net vody lenina 5", &["udm.izhevsk.lenina:5"]);
    check("udm", "ждали победы 5 лет, празднуют с 1 мая 2024", &[]);
    // Where nothing tells the town, it is most likely the largest.
    check("udm", "Советская улица, 5. Нет света", &["udm.izhevsk.sovetskaya:5"]);
    check("udm", "ул. Малая Пушкинская, 5", &["street:малая_пушкинская:5"]);
    check("udm", "нет света в можге второй день", &["udm.mozhga"]);
    check(
        "sverdlovsk",
        "В Нижнем Тагиле на Мира 5 темно",
        &["sverdlovsk.nizhny_tagil", "sverdlovsk.nizhny_tagil.mira:5"],
    );
    check("sverdlovsk", "На Мира 5 темно", &["sverdlovsk.ekaterinburg.mira:5"]);
    check("sverdlovsk", "Нижнем Тагиле опять смог", &["sverdlovsk.nizhny_tagil"]);
    check("sverdlovsk", "Каменск-Уральский без воды", &["sverdlovsk.kamensk_uralsky"]);
    check("", "на Советской 12 яма", &["street:советская:12"]);
    check("", "Яма на Советской 12", &["street:советская:12"]);
    check("", "Московский проспект, 3 — темно", &["street:московский:3"]);
    check("", "ул ленина 5 нет воды", &["street:ленина:5"]);
    check("", "На улице минус 12, а в квартире холодно", &[]);
    check("", "улица 8 Марта, 14", &["street:8_марта:14"]);
    check("", "Хотим мир и покой, орёл летит, свободный день", &[]);
    check("demo", "Северогорск, Кирова 25: нет тепла", &["demo.severogorsk", "demo.severogorsk.kirova:25"]);
}

/// Streets written below the last village of a municipality once lay in that village. A gazetteer knows the population of towns, and
/// streets of towns only.
#[test]
fn streets_lie_in_towns() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dictionaries/places");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let content = fs::read_to_string(&path).unwrap();
        let rows = || content.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(|row| row.len() == 8);
        let villages: Vec<&str> =
            rows().filter(|row| row[1] == "settlement" && row[6].is_empty()).map(|row| row[0]).collect();
        for row in rows().filter(|row| row[1] == "street") {
            assert!(!villages.contains(&row[3]), "{}: {} lies in {}", path.display(), row[0], row[3]);
        }
    }
}

#[test]
fn a_community_is_at_home_somewhere() {
    let dictionary = dictionary();
    let mut in_glazov = post("Нет воды второй день", "udm");
    in_glazov.community = Some(Community { id: "-1".into(), name: "Подслушано в Глазове".into() });
    let analysis = Analyser::new(Arc::clone(&dictionary), vec![]).analyse(&in_glazov);
    assert_eq!(analysis.locality.unwrap().municipality.as_str(), "udm.glazov_go");

    // A street of the capital has a namesake there.
    in_glazov.text = "На Кирова 23 нет воды".into();
    let analysis = Analyser::new(dictionary, vec![]).analyse(&in_glazov);
    assert_eq!(analysis.places[0].id.as_str(), "street:кирова:23");
    assert_eq!(analysis.locality.unwrap().municipality.as_str(), "udm.glazov_go");
}

#[test]
fn topics_however_they_are_written() {
    let mut analyser = Analyser::new(dictionary(), Vec::new());
    let mut first =
        |text: &str| analyser.analyse(&post(text, "")).topics.first().map(|topic| topic.id.as_str().to_owned());
    let mut check = |text: &str, expected: &str| assert_eq!(first(text).as_deref(), Some(expected), "{text}");
    for text in [
        "<p>Нет&nbsp;воды на Ленина 5</p>",
        "НЕТ ВОДЫ ВТОРОЙ ДЕНЬ",
        "нету воды а шо делать",
        "вoдa oтключeнa",
        "#нетводы",
        "net vody vtoroj den",
        "Otklyuchili vodu na Lenina 5",
        "нема води другий день",
    ] {
        check(text, "utilities.water_off");
    }
    check("мусор невывозят", "waste.collection");
    check("небыло света весь день", "energy.outage");
    check("gorit dom na lenina", "safety.fires");
    // Not every word that begins so is two run together.
    assert!(!first("Куплю дрова недорого").is_some_and(|topic| topic.starts_with("roads.")));
}

#[test]
fn danger_is_never_buried() {
    let dictionary = dictionary();
    let mut analyser = Analyser::new(dictionary, vec![]);
    let mut check = |text: &str, dangerous: bool| {
        let analysis: Analysis = analyser.analyse(&post(text, ""));
        assert_eq!(analysis.severity.level() == 5, dangerous, "{text}: {:?} {:?}", analysis.intent, analysis.danger);
    };
    check("В подъезде сильно пахнет газом, вызвали 104", true);
    check("Открытый люк на детской площадке, ребёнок чуть не упал", true);
    check("Собаки напали на ребёнка у школы", true);
    check("ГОРИТ ДОМ НА ЛЕНИНА ЛЮДИ НА БАЛКОНАХ", true);
    check("Балкон обрушился, под ним ходят дети", true);
    check("Когда проведут газ в деревню?", false);
    check("Спасибо за новую детскую площадку!", false);
    check("Горячую воду отключат на две недели", false);
}

#[test]
fn intents() {
    let dictionary = dictionary();
    let mut analyser = Analyser::new(dictionary, vec![]);
    let mut check = |text: &str, expected: Intent| {
        let analysis = analyser.analyse(&post(text, ""));
        assert_eq!(analysis.intent, expected, "{text}: {:?}", analysis.topics.first());
    };
    check("Сколько можно! Мусор не вывозят третью неделю, вонь стоит", Intent::Complaint);
    check("Подскажите, когда дадут горячую воду?", Intent::Question);
    check("Прошу установить лавочки у подъезда", Intent::Request);
    check("Огромное спасибо дорожникам за отремонтированную дорогу!", Intent::Thanks);
    check("Подскажите, пожалуйста, телефон управляющей компании", Intent::Question);
    check("Примите меры!", Intent::Request);
    check("Супер, молодцы, фонари наконец горят", Intent::Thanks);
    check("Хороший район, но дороги в ямах", Intent::Complaint);
    check("Красивый двор, отличный ремонт, но лифт не едет", Intent::Complaint);
    check("Опять плановое отключение света, сколько можно", Intent::Complaint);
    check("Воды нет сутки, аварийная бригада работает", Intent::Complaint);
    check("Ага, спасибо вам за сугробы до колена", Intent::Complaint);
    check("На улице Мира завершён ремонт дороги, сообщает пресс-служба", Intent::Report);
    check("Продам гараж, торг, звоните", Intent::Other);
    check("Доброе утро, с днём рождения нашего любимого города!", Intent::Other);
}

/// A trouble of the road among others of the road comes before one of the pavement, however sure that is by itself.
#[test]
fn topics_of_a_block_speak_for_its_best() {
    let mut analyser = Analyser::new(dictionary(), Vec::new());
    let mut check = |text: &str, expected: &str| {
        let topics = analyser.analyse(&post(text, "")).topics;
        assert_eq!(topics.first().map(|topic| topic.id.as_str()), Some(expected), "{text}");
        assert!(topics.is_sorted_by(|a, b| a.score >= b.score), "{text}");
    };
    check("Тротуар разбит, на дороге глубокие ямы", "improvement.sidewalks");
    check("Тротуар разбит, на дороге глубокие ямы, светофор не работает вторую неделю", "roads.potholes");
}
