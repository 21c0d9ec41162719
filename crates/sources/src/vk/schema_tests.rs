//! Every field that is read is in VK's schema. `schema_fields.json` has the names of fields of its objects, and is itself held against
//! the schema by `tests/networks_vk.sh` where that is at hand.

use std::collections::BTreeMap;

use serde::{
    Deserialize,
    de::{Deserializer, Error, Visitor},
    forward_to_deserialize_any,
};

use super::objects;

const FIELDS: &str = include_str!("schema_fields.json");

/// Fields that are read and that the schema does not have: the answers recorded have them, or VK's documentation in words.
const UNLISTED: [(&str, &str); 1] = [("Event", "object")];

/// Tells which fields a type reads, by asking it.
struct Asking<'f>(&'f mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom("only asked for its fields"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.extend(fields);
        Err(Error::custom("only asked for its fields"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

fn fields<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut fields = Vec::new();
    assert!(T::deserialize(Asking(&mut fields)).is_err());
    fields
}

#[test]
fn every_field_read_is_in_the_schema() {
    let schema: BTreeMap<String, String> = serde_json::from_str(FIELDS).unwrap();
    let check = |name: &str, read: Vec<&'static str>, objects: &[&str]| {
        assert!(!read.is_empty(), "{name} reads nothing");
        let known: Vec<&str> = objects.iter().flat_map(|object| schema[*object].split(' ')).collect();
        for field in read {
            let is_listed = known.contains(&field);
            let is_excused = UNLISTED.contains(&(name, field)) && !is_listed;
            assert!(is_listed || is_excused, "{name}.{field} is in none of {objects:?}");
        }
    };
    check(
        "Page",
        fields::<objects::Page<'_>>(),
        &[
            "wall_get_extended_response",
            "wall_getComments_extended_response",
            "newsfeed_search_extended_response",
            "board_getTopics_extended_response",
        ],
    );
    check("WallPost", fields::<objects::WallPost<'_>>(), &["wall_wallpost_full", "newsfeed_item_wallpost"]);
    check("Count", fields::<objects::Count>(), &["base_likes_info"]);
    check("Count", fields::<objects::Count>(), &["base_reposts_info"]);
    check("Count", fields::<objects::Count>(), &["base_comments_info"]);
    check("Count", fields::<objects::Count>(), &["wall_views"]);
    check("Donut", fields::<objects::Donut>(), &["wall_wallpost_donut"]);
    check("Geo", fields::<objects::Geo>(), &["wall_geo"]);
    check("Geo", fields::<objects::Geo>(), &["base_geo"]);
    check("Point", fields::<objects::Point>(), &["base_geo_coordinates"]);
    check("Comment", fields::<objects::Comment<'_>>(), &["wall_wall_comment"]);
    check("Thread", fields::<objects::Thread<'_>>(), &["comment_thread"]);
    check("Topic", fields::<objects::Topic>(), &["board_topic"]);
    check("Group", fields::<objects::Group>(), &["groups_group_full"]);
    check("Event", fields::<objects::Event<'_>>(), &["callback_base"]);
    check(
        "EventPlace",
        fields::<objects::EventPlace>(),
        &[
            "callback_wall_comment_delete",
            "callback_board_post_delete",
            "callback_photo_comment",
            "callback_video_comment",
            "callback_market_comment",
            "callback_market_comment_delete",
        ],
    );
    check("ApiError", fields::<super::errors::ApiError>(), &["base_error"]);
    let unlisted = fields::<objects::Unlisted>();
    assert!(
        schema.values().all(|known| known.split(' ').all(|field| !unlisted.contains(&field))),
        "the schema has it now"
    );
}
