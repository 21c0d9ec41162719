//! A query of the index as SQL, and its answer.

use ::clickhouse::{Client, Row};
use jiff::Timestamp;
use otklik_domain::PostId;
use otklik_ports::{
    ErrorKind, Facet, FacetField, HistogramPoint, PortError, PortResult, SearchHit, SearchPage, SearchQuery,
};
use serde::Deserialize;
use tokio::try_join;

use crate::{
    clickhouse::{filter::Condition, within_time},
    tantivy::{Clause, OFFSET_MAX, read_clauses, too_far, too_many_steps},
};

const HITS_MAX: usize = 200;
const STEPS_MAX: usize = 10_000;
/// Words of one condition: ClickHouse takes 64.
const TOKENS_MAX: usize = 50;
const WHAT: &str = "searching the posts";
/// How often words stand in a post, less and less for each time more, against its length; 30 words are a usual one.
const SCORE: &str = "toFloat32(arraySum(word -> countEqual(stems, word) \
                     / (countEqual(stems, word) + 1.2 * (0.25 + 0.75 * length(stems) / 30)), {words:Array(String)}))";

#[derive(Row, Deserialize)]
struct HitRecord {
    id: String,
    score: f32,
}

#[derive(Row, Deserialize)]
struct FacetRecord {
    field: String,
    value: String,
    posts: u64,
}

#[derive(Row, Deserialize)]
struct StepRecord {
    at: i64,
    posts: u64,
}

/// Asks for page, number, facets and histogram at the same time.
pub(super) async fn ask(client: &Client, query: &SearchQuery) -> PortResult<SearchPage> {
    if query.offset > OFFSET_MAX {
        return Err(too_far());
    }
    let clauses = read_clauses(&query.text)?;
    let condition = condition(query, &clauses);
    let (total, hits, facets, histogram) = try_join!(
        total(client, &condition),
        hits(client, &condition, query, &clauses),
        facets(client, &condition),
        histogram(client, &condition, query.histogram_step_seconds),
    )?;
    Ok(SearchPage { total, hits, facets, histogram })
}

fn condition(query: &SearchQuery, clauses: &[Clause]) -> Condition {
    let mut condition = Condition::default();
    let mut single: Vec<String> = Vec::new();
    for clause in clauses {
        match (clause.stems.as_slice(), &clause.prefix, clause.excluded) {
            ([word], None, false) => single.push(word.clone()),
            _ => {
                let sql = of_clause(&mut condition, clause);
                condition.and(&if clause.excluded { format!("NOT ({sql})") } else { sql });
            }
        }
    }
    let all = all_of(&mut condition, single);
    all.iter().for_each(|sql| condition.and(sql));
    condition.equal("region", query.region.as_ref().map(|region| region.as_str()));
    condition.time("published_at >=", "from", query.from);
    condition.time("published_at <", "to", query.to);
    for field in FacetField::ALL {
        let values = query.facets.iter().filter(|(of, value)| *of == field && !value.is_empty());
        let values: Vec<String> = values.map(|(_, value)| value.clone()).collect();
        if query.facets.iter().any(|(of, _)| *of == field) {
            let values = condition.texts(values);
            condition.and(&format!("{} IN {values}", field.as_str()));
        }
    }
    condition
}

/// Words that must all be there.
fn all_of(condition: &mut Condition, mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    let some = |words: &[String]| format!("hasAllTokens(stems, {})", condition.texts(words.to_vec()));
    words.chunks(TOKENS_MAX).map(some).collect()
}

/// A phrase is looked up by its words first, which the index has.
fn of_clause(condition: &mut Condition, clause: &Clause) -> String {
    let mut parts = all_of(condition, clause.stems.clone());
    if clause.stems.len() > 1 {
        parts.push(format!("hasSubstr(stems, {})", condition.texts(clause.stems.clone())));
    }
    if let Some(prefix) = &clause.prefix {
        let prefix = condition.texts(vec![prefix.clone()]);
        parts.push(format!("arrayExists(form -> startsWith(form, {prefix}[1]), forms)"));
    }
    parts.join(" AND ")
}

async fn total(client: &Client, condition: &Condition) -> PortResult<u64> {
    let query = client.query(&format!("SELECT count() FROM search FINAL WHERE {}", condition.sql()));
    within_time(WHAT, condition.bind(query).fetch_one()).await
}

async fn hits(
    client: &Client,
    condition: &Condition,
    query: &SearchQuery,
    clauses: &[Clause],
) -> PortResult<Vec<SearchHit>> {
    let limit = query.limit.min(HITS_MAX);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let wanted = clauses.iter().filter(|clause| !clause.excluded).flat_map(|clause| &clause.stems);
    let mut words: Vec<&str> = wanted.map(String::as_str).collect();
    words.sort_unstable();
    words.dedup();
    let score = if query.latest_first || words.is_empty() { "toFloat32(0)" } else { SCORE };
    let sql = format!(
        "SELECT id, {score} AS score FROM search FINAL WHERE {} ORDER BY score DESC, published_at DESC, id \
         LIMIT {limit} OFFSET {}",
        condition.sql(),
        query.offset
    );
    let hits = condition.bind(client.query(&sql)).param("words", words).fetch_all::<HitRecord>();
    let hits = within_time(WHAT, hits).await?;
    Ok(hits.into_iter().map(|HitRecord { id, score }| SearchHit { id: PostId::new(id), score }).collect())
}

async fn facets(client: &Client, condition: &Condition) -> PortResult<Vec<Facet>> {
    let names: Vec<&str> = FacetField::ALL.iter().map(|field| field.as_str()).collect();
    let pairs: Vec<String> = names.iter().map(|name| format!("('{name}', toString({name}))")).collect();
    let sql = format!(
        "SELECT pair.1 AS field, pair.2 AS value, count() AS posts \
         FROM (SELECT arrayJoin([{}]) AS pair FROM search FINAL WHERE {}) \
         WHERE value != '' GROUP BY field, value ORDER BY posts DESC, value LIMIT 50 BY field",
        pairs.join(", "),
        condition.sql()
    );
    let counts = within_time(WHAT, condition.bind(client.query(&sql)).fetch_all::<FacetRecord>()).await?;
    let mut facets: Vec<Facet> = counts
        .into_iter()
        .filter_map(|FacetRecord { field, value, posts }| {
            let field = FacetField::ALL.into_iter().find(|known| known.as_str() == field)?;
            Some(Facet { field, value, posts })
        })
        .collect();
    // Those of a field stay in their order.
    facets.sort_by_key(|facet| facet.field);
    Ok(facets)
}

async fn histogram(client: &Client, condition: &Condition, step_seconds: u32) -> PortResult<Vec<HistogramPoint>> {
    if step_seconds == 0 {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT toInt64(floor(toUnixTimestamp64Milli(published_at) / {{step:Int64}})) * {{step:Int64}} AS at, \
         count() AS posts FROM search FINAL WHERE {} GROUP BY at ORDER BY at LIMIT {}",
        condition.sql(),
        STEPS_MAX + 1
    );
    let steps = condition.bind(client.query(&sql)).param("step", i64::from(step_seconds) * 1_000);
    let steps = within_time(WHAT, steps.fetch_all::<StepRecord>()).await?;
    if steps.len() > STEPS_MAX {
        return Err(too_many_steps(STEPS_MAX));
    }
    let point = |StepRecord { at, posts }| {
        let at = Timestamp::from_millisecond(at)
            .map_err(|error| PortError::caused(ErrorKind::Corrupt, "time out of range", error))?;
        Ok(HistogramPoint { at, posts })
    };
    steps.into_iter().map(point).collect()
}
