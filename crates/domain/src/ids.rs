//! Identifiers. Each is a string of its own type, so that one cannot be given where another is meant.

macro_rules! string_id {
    ($( $(#[$meta:meta])* $name:ident; )+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the identifier as it stands.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text of the identifier, without a copy.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }
    )+ };
}

string_id! {
    /// A body that answers for incidents, such as `udm.minstroy`.
    AgencyId;
    /// An author as a keyed hash. It tells one voice from another within a deployment and nothing else.
    AuthorKey;
    /// A sector block, such as `roads`.
    BlockId;
    /// An information event: posts about one problem.
    EventId;
    /// An incident somebody has to answer.
    IncidentId;
    /// A place of a gazetteer (`udm.izhevsk`) or one read from a text (`street:ленина`).
    PlaceId;
    /// A post as its source names it, `network:native id`, such as `vk:-123_45`. The same post always has the same id.
    PostId;
    /// A region, the unit a deployment is split by.
    RegionId;
    /// A topic, `block.name`, such as `roads.potholes`.
    TopicId;
}

impl TopicId {
    /// The block a topic belongs to: the part of its id before the first full stop.
    pub fn block(&self) -> BlockId {
        BlockId::from(self.as_str().split('.').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_of_a_topic() {
        assert_eq!(TopicId::from("roads.potholes").block(), BlockId::from("roads"));
        assert_eq!(TopicId::from("other").block(), BlockId::from("other"));
    }
}
