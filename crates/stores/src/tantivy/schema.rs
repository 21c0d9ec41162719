//! Fields of the index.

use ::tantivy::{
    TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions},
};
use otklik_ports::{FacetField, PostRow};

use super::analyzer::{FORMS, STEMS};

/// Name of the field with the publication time.
pub(super) const PUBLISHED: &str = "published";

/// The fields by name.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    /// Id of the post, the only field that is stored.
    pub(super) id: Field,
    /// Stems of the text, with their places for phrases.
    pub(super) stems: Field,
    /// Words of the text as they stand, for searches by the beginning of a word.
    pub(super) forms: Field,
    /// Publication time in milliseconds since 1970.
    pub(super) published: Field,
    /// Region.
    pub(super) region: Field,
    facets: [(FacetField, Field); FacetField::ALL.len()],
}

/// The schema and its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = |analyzer: &str, record: IndexRecordOption, norms: bool| {
        let indexing = TextFieldIndexing::default().set_tokenizer(analyzer).set_index_option(record);
        TextOptions::default().set_indexing_options(indexing.set_fieldnorms(norms))
    };
    let fields = Fields {
        id: builder.add_text_field("id", STRING | STORED),
        stems: builder.add_text_field("stems", text(STEMS, IndexRecordOption::WithFreqsAndPositions, true)),
        forms: builder.add_text_field("forms", text(FORMS, IndexRecordOption::Basic, false)),
        published: builder.add_i64_field(PUBLISHED, FAST | INDEXED),
        region: builder.add_text_field("region", STRING),
        facets: FacetField::ALL.map(|facet| (facet, builder.add_text_field(facet.as_str(), STRING | FAST))),
    };
    (builder.build(), fields)
}

impl Fields {
    /// The field of a facet.
    pub(super) fn facet(&self, facet: FacetField) -> Field {
        // Every facet is in the table; the first stands for none.
        self.facets.iter().find(|(name, _)| *name == facet).map_or(self.region, |(_, field)| *field)
    }

    /// The document of a post.
    pub(super) fn document(&self, row: &PostRow) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_text(self.id, row.post.id.as_str());
        document.add_text(self.stems, &row.post.text);
        document.add_text(self.forms, &row.post.text);
        document.add_i64(self.published, row.post.published_at.as_millisecond());
        if let Some(region) = &row.post.region {
            document.add_text(self.region, region.as_str());
        }
        for (facet, field) in self.facets {
            if let Some(value) = value_of(row, facet).filter(|value| !value.is_empty()) {
                document.add_text(field, value);
            }
        }
        document
    }
}

fn value_of(row: &PostRow, facet: FacetField) -> Option<&str> {
    match facet {
        FacetField::Block => row.main_topic().map(|topic| topic.block.as_str()),
        FacetField::Topic => row.main_topic().map(|topic| topic.id.as_str()),
        FacetField::Municipality => row.municipality().map(|place| place.as_str()),
        FacetField::Network => Some(row.post.network.as_str()),
        FacetField::Sentiment => Some(row.analysis.sentiment.label.as_str()),
        FacetField::Intent => Some(row.analysis.intent.as_str()),
    }
}
