//! Full-text search, with the posts that were found and where the words stand in them.

use std::collections::HashMap;

use otklik_domain::{Actor, PostId, Span};
use otklik_ports::{Facet, HistogramPoint, PostRow, SearchQuery};

use super::events::check_offset;
use crate::{
    App,
    error::{Error, Result},
    forms,
    rights::Right,
};

/// Most hits on a page.
pub const HIT_PAGE_MAX: usize = 100;
/// Longest text of a query in characters.
const QUERY_CHARS_MAX: usize = 500;
/// Most values of facets in a query.
const FACETS_MAX: usize = 100;

/// A post that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The post.
    pub row: PostRow,
    /// How well it fits.
    pub score: f32,
    /// Where the words stand in its text.
    pub highlights: Vec<Span>,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct FoundPage {
    /// How many posts were found in all.
    pub total: u64,
    /// A page of them, in the order asked for. One that has gone since it was indexed is left out.
    pub found: Vec<Found>,
    /// Facets over all that were found.
    pub facets: Vec<Facet>,
    /// The histogram over all that were found.
    pub histogram: Vec<HistogramPoint>,
}

/// Searches posts.
///
/// # Errors
/// [`Error::Port`] with `Rejected` and a Russian message for whoever typed it, when the query makes no sense;
/// [`Error::Invalid`], [`Error::Forbidden`]; those of the stores.
pub async fn query(app: &App, actor: &Actor, mut query: SearchQuery) -> Result<FoundPage> {
    Right::Research.check(actor)?;
    query.limit = query.limit.min(HIT_PAGE_MAX);
    check_offset(query.offset)?;
    if query.text.chars().count() > QUERY_CHARS_MAX {
        return Err(Error::invalid("q", format!("must not be longer than {QUERY_CHARS_MAX} characters")));
    }
    if query.facets.len() > FACETS_MAX {
        return Err(Error::invalid("facets", format!("must not be more than {FACETS_MAX} values")));
    }
    let of_forms = forms::ids_of(&app.config.forms, &query.text);
    if !of_forms.is_empty() {
        return Ok(numbered(app.ports.posts.get(&of_forms).await?));
    }
    let page = app.ports.search.query(&query).await?;
    let ids: Vec<PostId> = page.hits.iter().map(|hit| hit.id.clone()).collect();
    let rows = app.ports.posts.get(&ids).await?;
    let mut rows: HashMap<PostId, PostRow> = rows.into_iter().map(|row| (row.post.id.clone(), row)).collect();
    let found = page.hits.into_iter().filter_map(|hit| {
        let row = rows.remove(&hit.id)?;
        let highlights = app.ports.search.highlight(&query.text, &row.post.text);
        Some(Found { row, score: hit.score, highlights })
    });
    Ok(FoundPage { total: page.total, found: found.collect(), facets: page.facets, histogram: page.histogram })
}

/// Posts found by the number that a form told their senders.
fn numbered(rows: Vec<PostRow>) -> FoundPage {
    let found: Vec<Found> = rows.into_iter().map(|row| Found { row, score: 1.0, highlights: Vec::new() }).collect();
    FoundPage { total: found.len() as u64, found, ..FoundPage::default() }
}
