//! Posts to measure with: thirty-two words of a hundred or so stems in their inflections, six communities of a hundred,
//! two topics of eighty with their evidence. The same numbers give the same posts.

use jiff::Timestamp;
use otklik_domain::{
    Analysis, Community, EventId, Evidence, EvidenceSource, Group, GroupEvidence, Intent, Language, Locality,
    LocatedBy, Metrics, Network, PlaceId, Post, PostId, PostKind, RegionId, Sentiment, SentimentLabel, Severity, Span,
    TopicHit, TopicId, Versions,
};
use otklik_ports::PostRow;

const STEMS: &str = "дорог вод труб двор подъезд снег автобус школ больниц лампочк мусор контейнер крыш лифт отоплен \
    квартир улиц ленин пушкин город район ремонт заявк ответ помощ администрац сосед остановк тротуар светофор детск \
    площадк колодц канализац батаре счётчик платёж тариф управляющ компан жалоб очеред врач аптек лекарств учител \
    переход знак разметк асфальт щебен лужа забор собак дерев ветк фонар провод подстанц авари котельн мост рек";
const ENDINGS: [&str; 12] = ["", "а", "ы", "у", "ой", "е", "ам", "ами", "ах", "ов", "ного", "ные"];

/// The post of a number; posts follow each other by 2.5 seconds.
pub(crate) fn post(number: u64) -> PostRow {
    let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66_D1CE_4E5B);
    let stems: Vec<&str> = STEMS.split_whitespace().collect();
    let words: Vec<String> = (0..32)
        .map(|_| {
            // Squared, so that some words are frequent and most are rare, with a few numbers among them.
            let place = random.below(1_000) * random.below(1_000) / 1_000 * stems.len() as u64 / 1_000;
            match random.below(20) {
                0 => random.below(100_000).to_string(),
                _ => format!("{}{}", stems[place as usize], ENDINGS[random.below(12) as usize]),
            }
        })
        .collect();
    let text = words.join(" ");
    let community = random.below(600);
    let id = PostId::new(format!("vk:-{community}_{number}"));
    let topics = [0.9, 0.4].map(|score| {
        let id = TopicId::new(format!("{}.topic-{:02}", BLOCKS[random.below(8) as usize], random.below(10)));
        let span = Span { start: 0, end: words[0].chars().count() as u32 };
        let evidence =
            Evidence { source: EvidenceSource::Dictionary, rule: format!("{id}#3"), text: words[0].clone(), span };
        TopicHit { block: id.block(), id, score, evidence: vec![evidence] }
    });
    let municipality = random.below(30);
    PostRow {
        post: Post {
            id: id.clone(),
            network: Network::ALL[random.below(4) as usize],
            kind: PostKind::Post,
            url: Some(format!("https://vk.com/wall-{community}_{number}")),
            community: Some(Community {
                id: format!("-{community}"), name: format!("Подслушано №{community}")
            }),
            author: None,
            published_at: Timestamp::from_millisecond(1_709_251_200_000 + number as i64 * 2_500).unwrap(),
            text,
            reply_to: None,
            repost_of: None,
            metrics: Metrics { views: random.below(5_000), likes: random.below(50), ..Metrics::default() },
            geo: None,
            region: Some(RegionId::from("udm")),
            labels: Vec::new(),
        },
        analysis: Analysis {
            id: id.clone(),
            language: Language { code: "ru".into(), confidence: 1.0 },
            topics: topics.to_vec(),
            intent: Intent::ALL[random.below(6) as usize],
            sentiment: Sentiment { label: SentimentLabel::ALL[random.below(3) as usize], score: -0.5 },
            severity: Severity::new(random.below(6) as u8),
            danger: Vec::new(),
            places: Vec::new(),
            locality: Some(Locality {
                municipality: PlaceId::new(format!("udm.municipality-{municipality}")),
                name: format!("Район {municipality}"),
                by: LocatedBy::Community,
            }),
            versions: Versions { dictionary: "d5c2a1".to_owned(), models: vec!["topics-1".to_owned()] },
        },
        group: Group {
            id,
            duplicate_of: None,
            near_duplicate_of: None,
            similarity: 0.5,
            event: EventId::new(format!("event-{}", number / 40 * 7 + random.below(7))),
            event_new: false,
            evidence: vec![GroupEvidence::Topic { topic: topics[0].id.clone() }],
        },
        version: number,
    }
}

const BLOCKS: [&str; 8] = ["roads", "utilities", "health", "education", "social", "waste", "transport", "energy"];

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}
