//! Answers to queries: a page, facets, a histogram.

use ::tantivy::{
    DocAddress, Order, Searcher, TantivyDocument, TantivyError,
    aggregation::{
        AggContextParams, AggregationCollector, AggregationLimitsGuard, Key,
        agg_req::Aggregations,
        agg_result::{AggregationResult, AggregationResults, BucketEntries, BucketEntry, BucketResult},
    },
    collector::{Count, TopDocs},
    query::Query,
    schema::Value,
};
use jiff::Timestamp;
use otklik_domain::PostId;
use otklik_ports::{
    ErrorKind, Facet, FacetField, HistogramPoint, PortError, PortResult, SearchHit, SearchPage, SearchQuery,
};
use serde_json::json;

use super::{
    failure::failure,
    query::rejected,
    schema::{Fields, PUBLISHED},
};

const HITS_MAX: usize = 200;
const FACET_VALUES_MAX: usize = 50;
const STEPS_MAX: usize = 10_000;
/// Values of a facet a segment may have for its counts to be exact.
const SEGMENT_VALUES_MAX: usize = 50_000;
const AGGREGATION_BYTES_MAX: u64 = 64 << 20;
const WHAT: &str = "searching the index";

/// Answers a query that was built.
pub(super) fn answer(
    searcher: &Searcher,
    fields: &Fields,
    query: &SearchQuery,
    built: &dyn Query,
) -> PortResult<SearchPage> {
    let limit = query.limit.min(HITS_MAX);
    let limits = AggregationLimitsGuard::new(Some(AGGREGATION_BYTES_MAX), None);
    let context = AggContextParams::new(limits, searcher.index().tokenizers().clone());
    let facets = AggregationCollector::from_aggs(aggregations(query)?, context);
    // A collector of nothing is an error.
    let top = TopDocs::with_limit(limit.max(1)).and_offset(query.offset);
    let found = if query.latest_first {
        let top = top.order_by_fast_field::<i64>(PUBLISHED, Order::Desc);
        searcher.search(built, &(Count, top, facets)).map(|(total, top, results)| {
            (total, top.into_iter().map(|(_, address)| (0.0, address)).collect::<Vec<(f32, DocAddress)>>(), results)
        })
    } else {
        searcher.search(built, &(Count, top.order_by_score(), facets))
    };
    let (total, top, results) = found.map_err(refuse_many_steps)?;
    let hits = top.into_iter().take(limit).map(|(score, address)| hit(searcher, fields, address, score));
    Ok(SearchPage {
        total: total as u64,
        hits: hits.collect::<PortResult<_>>()?,
        facets: FacetField::ALL.into_iter().flat_map(|field| read_facet(field, &results)).collect(),
        histogram: read_histogram(query.histogram_step_seconds, &results)?,
    })
}

fn hit(searcher: &Searcher, fields: &Fields, address: DocAddress, score: f32) -> PortResult<SearchHit> {
    let document: TantivyDocument = searcher.doc(address).map_err(|error| failure(WHAT, error))?;
    let id = document.get_first(fields.id).and_then(|value| value.as_str());
    match id {
        Some(id) => Ok(SearchHit { id: PostId::from(id), score }),
        None => Err(PortError::new(ErrorKind::Corrupt, "the search index has a post without an id")),
    }
}

fn aggregations(query: &SearchQuery) -> PortResult<Aggregations> {
    let mut request = serde_json::Map::new();
    for field in FacetField::ALL {
        let terms = json!({"field": field.as_str(), "size": FACET_VALUES_MAX, "segment_size": SEGMENT_VALUES_MAX});
        request.insert(field.as_str().to_owned(), json!({"terms": terms}));
    }
    if query.histogram_step_seconds > 0 {
        let interval = f64::from(query.histogram_step_seconds) * 1_000.0;
        let histogram = json!({"field": PUBLISHED, "interval": interval, "min_doc_count": 1});
        request.insert(PUBLISHED.to_owned(), json!({"histogram": histogram}));
    }
    serde_json::from_value(request.into())
        .map_err(|error| PortError::caused(ErrorKind::Internal, "asking for facets", error))
}

fn read_facet(field: FacetField, results: &AggregationResults) -> Vec<Facet> {
    let mut facets: Vec<Facet> = buckets(results, field.as_str())
        .filter_map(|bucket| match &bucket.key {
            Key::Str(value) => Some(Facet { field, value: value.clone(), posts: bucket.doc_count }),
            _ => None,
        })
        .collect();
    facets.sort_by(|a, b| b.posts.cmp(&a.posts).then_with(|| a.value.cmp(&b.value)));
    facets
}

fn read_histogram(step_seconds: u32, results: &AggregationResults) -> PortResult<Vec<HistogramPoint>> {
    if step_seconds == 0 {
        return Ok(Vec::new());
    }
    let points = buckets(results, PUBLISHED).filter_map(|bucket| match bucket.key {
        // Milliseconds since 1970 are whole numbers far below where a float loses count.
        Key::F64(ms) => Some((ms as i64, bucket.doc_count)),
        _ => None,
    });
    let points: Vec<(i64, u64)> = points.collect();
    if points.len() > STEPS_MAX {
        return Err(too_many_steps(STEPS_MAX));
    }
    let point = |(ms, posts)| {
        let at = Timestamp::from_millisecond(ms)
            .map_err(|error| PortError::caused(ErrorKind::Corrupt, "time out of range", error))?;
        Ok(HistogramPoint { at, posts })
    };
    points.into_iter().map(point).collect()
}

fn buckets<'a>(results: &'a AggregationResults, name: &str) -> impl Iterator<Item = &'a BucketEntry> {
    let buckets: &[BucketEntry] = match results.0.get(name) {
        Some(AggregationResult::BucketResult(BucketResult::Terms { buckets, .. })) => buckets,
        Some(AggregationResult::BucketResult(BucketResult::Histogram { buckets: BucketEntries::Vec(buckets) })) => {
            buckets
        }
        _ => &[],
    };
    buckets.iter()
}

/// Tantivy's own limits on steps and memory are met by wider steps too.
fn refuse_many_steps(error: TantivyError) -> PortError {
    match error {
        TantivyError::AggregationError(_) => too_many_steps(STEPS_MAX),
        error => failure(WHAT, error),
    }
}

/// What is told of a histogram with too many steps.
pub(crate) fn too_many_steps(most: usize) -> PortError {
    rejected(format!("На графике больше {most} шагов, выберите шаг крупнее"))
}
