//! ВКонтакте: the official API, version 5.199, with the Callback API and the Streaming API.
//!
//! What is read of each object is in `objects`; ids and addresses in `place`; what codes of errors mean in `errors`. Postponed and
//! suggested posts, paid posts and closed communities are left out and counted; posts marked as advertising carry the label `ads`.

mod board;
pub mod callback;
mod comments;
mod errors;
mod execute;
mod objects;
mod place;
mod reader;
pub mod requests;
#[cfg(test)]
mod schema_tests;
pub mod streaming;
#[cfg(test)]
mod tests;
mod text;
mod wall;

use serde_json::value::RawValue;

pub use self::execute::bundle;
use self::{comments::Below, objects::Answer, reader::Reader};
use crate::{
    fault::SourceError,
    json,
    parse::{Method, Options},
    parsed::Parsed,
};

/// The version of the API that is asked for and read.
pub const VERSION: &str = "5.199";

/// What is read of VK.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "vk:wall.get", read: |body, options| read(Shape::Wall, body, options) },
    Method { name: "vk:wall.getById", read: |body, options| read(Shape::WallById, body, options) },
    Method { name: "vk:wall.search", read: |body, options| read(Shape::Wall, body, options) },
    Method { name: "vk:wall.getReposts", read: |body, options| read(Shape::Wall, body, options) },
    Method { name: "vk:newsfeed.search", read: |body, options| read(Shape::Wall, body, options) },
    Method { name: "vk:wall.getComments", read: |body, options| read(Shape::Comments, body, options) },
    Method { name: "vk:wall.getComment", read: |body, options| read(Shape::Comments, body, options) },
    Method { name: "vk:board.getTopics", read: |body, options| read(Shape::Topics, body, options) },
    Method { name: "vk:board.getComments", read: |body, options| read(Shape::BoardComments, body, options) },
    Method { name: "vk:groups.getById", read: |body, options| read(Shape::Groups, body, options) },
    Method { name: "vk:execute", read: execute::read },
    Method { name: "vk:callback", read: callback::read },
    Method { name: "vk:streaming", read: streaming::read },
];

/// What the answer of a method looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Wall,
    WallById,
    Comments,
    Topics,
    BoardComments,
    Groups,
}

impl Shape {
    /// The answer of a method that can stand in a bundle.
    fn of(method: &str) -> Option<Self> {
        Some(match method {
            "vk:wall.get" | "vk:wall.search" | "vk:wall.getReposts" | "vk:newsfeed.search" => Self::Wall,
            "vk:wall.getById" => Self::WallById,
            "vk:wall.getComments" | "vk:wall.getComment" => Self::Comments,
            "vk:board.getTopics" => Self::Topics,
            "vk:board.getComments" => Self::BoardComments,
            "vk:groups.getById" => Self::Groups,
            _ => return None,
        })
    }
}

/// Reads the body of a method.
fn read(shape: Shape, body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let text = json::text(body)?;
    let envelope: Answer<'_> = json::envelope(text)?;
    if let Some(error) = envelope.error {
        return Err(errors::source_error(error));
    }
    let response = envelope.response.ok_or_else(|| SourceError::broken("response: is missing"))?;
    answer(shape, response, "response", options)
}

/// Reads what a method answers, at a path.
fn answer(shape: Shape, raw: &RawValue, path: &str, options: &Options<'_>) -> Result<Parsed, SourceError> {
    let mut reader = Reader::new(options);
    match shape {
        Shape::Wall => wall::page(&mut reader, raw, path)?,
        Shape::WallById => {
            wall::page(&mut reader, raw, path)?;
            wall::missing_are_deleted(&mut reader);
        }
        Shape::Comments => {
            let below = Below::wall(&reader);
            comments::page(&mut reader, below, raw, path)?;
        }
        Shape::Topics => board::page(&mut reader, raw, path)?,
        Shape::BoardComments => {
            let below = Below::topic(&reader);
            comments::page(&mut reader, below, raw, path)?;
        }
        Shape::Groups => groups(&mut reader, raw, path)?,
    }
    Ok(reader.out)
}

/// `groups.getById`: no posts, only what is known about communities.
fn groups(reader: &mut Reader<'_>, raw: &RawValue, path: &str) -> Result<(), SourceError> {
    #[derive(serde::Deserialize)]
    struct Groups<'a> {
        #[serde(borrow)]
        groups: &'a RawValue,
    }

    // Versions before 5.139 answer the bare list.
    if raw.get().starts_with('[') {
        json::list(raw, path)?;
        reader.learn(raw, path);
        return Ok(());
    }
    let groups: Groups<'_> = json::piece(raw, path).map_err(SourceError::broken)?;
    let path = format!("{path}.groups");
    json::list(groups.groups, &path)?;
    reader.learn(groups.groups, &path);
    Ok(())
}
