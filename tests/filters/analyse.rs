//! `analyse`: what is read from a post, with its evidence. `route`: whose it is.

use serde_json::{Value, json};

use crate::{BURST, POTHOLE, THANKS, filter, has_fields, posts};

#[test]
fn analyse_gives_an_analysis_for_each_post() {
    let ended = filter("analyse", &posts(&[POTHOLE, BURST, THANKS])).with_code(0);
    assert_eq!(ended.ids(), ["t:1", "t:2", "t:3"]);
    for analysis in ended.objects() {
        has_fields(&analysis, &["id", "language", "topics", "intent", "sentiment", "severity", "places", "versions"]);
        has_fields(&analysis["language"], &["code", "confidence"]);
        has_fields(&analysis["sentiment"], &["label", "score"]);
        has_fields(&analysis["versions"], &["dictionary", "models"]);
        assert!(analysis["severity"].as_u64().unwrap() <= 5);
        let scores: Vec<f64> =
            analysis["topics"].as_array().unwrap().iter().map(|t| t["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    }
    let [pothole, burst, thanks] = &ended.objects()[..] else { panic!("three analyses") };
    assert_eq!(
        (&pothole["topics"][0]["id"], &pothole["topics"][0]["block"]),
        (&json!("roads.potholes"), &json!("roads"))
    );
    assert_eq!((&pothole["intent"], &pothole["sentiment"]["label"]), (&json!("complaint"), &json!("negative")));
    assert_eq!(pothole["language"]["code"], "ru");
    assert_eq!(burst["topics"][0]["block"], "utilities");
    assert_eq!(thanks["intent"], "thanks");
}

#[test]
fn evidence_counts_characters_not_bytes() {
    let text = "😡🇷🇺 Ёлки! На ул. Ленина яма на яме";
    let analysis = &filter("analyse", &posts(&[text])).with_code(0).objects()[0];
    let characters: Vec<char> = text.chars().collect();
    let check = |evidence: &Value| {
        let place = |field: &str| usize::try_from(evidence[field].as_u64().unwrap()).unwrap();
        let words: String = characters[place("start")..place("end")].iter().collect();
        assert_eq!(evidence["text"], words.as_str());
        has_fields(evidence, &["source", "rule"]);
    };
    let evidence = analysis["topics"][0]["evidence"].as_array().unwrap();
    assert!(!evidence.is_empty());
    evidence.iter().for_each(check);
    let place = &analysis["places"][0];
    has_fields(place, &["id", "name", "kind", "start", "end", "score"]);
    let (start, end) = (place["start"].as_u64().unwrap(), place["end"].as_u64().unwrap());
    let words: String = characters[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()].iter().collect();
    assert!(words.contains("Ленина"), "{words}");
}

#[test]
fn route_names_the_body_and_why() {
    let analyses = filter("analyse", &posts(&[POTHOLE, BURST, THANKS])).stdout;
    let ended = filter("route --config demo", &analyses).with_code(0);
    assert_eq!(ended.ids(), ["t:1", "t:2", "t:3"]);
    for routed in ended.objects() {
        has_fields(&routed["agency"], &["id", "name"]);
        assert!(!routed["agency"]["name"].as_str().unwrap().is_empty());
        let why = routed["why"].as_array().unwrap();
        assert!(!why.is_empty());
        why.iter().for_each(|why| has_fields(why, &["rule", "why"]));
    }
    let inside = json!({ "id": "t:1", "text": "", "analysis": serde_json::from_str::<Value>(analyses.lines().next().unwrap()).unwrap() });
    let of_post = filter("route --config demo", &inside.to_string()).with_code(0);
    assert_eq!(of_post.objects()[0], ended.objects()[0], "an analysis inside its post is as good");
}
