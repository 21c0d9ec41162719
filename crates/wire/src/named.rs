//! Names of the domain's enumerations as serde sees them, for `#[serde(with = "otklik_wire::named::…")]`.

macro_rules! named_module {
    ($( $module:ident: $name:ty, $doc:literal; )+) => { $(
        #[doc = $doc]
        pub mod $module {
            use serde::{Deserialize, Deserializer, Serializer, de::Error};

            /// Writes the fixed name.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<S: Serializer>(value: &$name, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(value.as_str())
            }

            /// Reads the fixed name.
            ///
            /// # Errors
            /// An unknown name; the message lists the known ones.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                name.parse().map_err(D::Error::custom)
            }
        }
    )+ };
}

named_module! {
    action_kind: otklik_domain::ActionKind, "Kinds of actions.";
    answer_kind: otklik_domain::AnswerKind, "Interim and final answers.";
    clock_kind: otklik_domain::ClockKind, "Kinds of clocks.";
    evidence_source: otklik_domain::EvidenceSource, "Sources of evidence.";
    intent: otklik_domain::Intent, "Intents.";
    located_by: otklik_domain::LocatedBy, "What tells where a post belongs.";
    network: otklik_domain::Network, "Networks.";
    opened_by: otklik_domain::OpenedBy, "Reasons to open an incident.";
    place_kind: otklik_domain::PlaceKind, "Kinds of places.";
    post_kind: otklik_domain::PostKind, "Kinds of posts.";
    role: otklik_domain::Role, "Roles.";
    sentiment_label: otklik_domain::SentimentLabel, "Polarities.";
    state: otklik_domain::State, "States of an incident.";
}
