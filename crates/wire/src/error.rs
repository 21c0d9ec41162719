//! Why a message was refused.

/// Longest text of a post, in Unicode scalar values. A longer one is refused, not cut: half a text misleads.
pub const TEXT_CHARS_MAX: usize = 100_000;

/// A field with a value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    /// The field, with full stops for nesting: `geo.lat`.
    pub field: &'static str,
    /// What is wrong with it. Never quotes a text or an author.
    pub problem: String,
}

impl Invalid {
    /// Makes a refusal.
    pub fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}
