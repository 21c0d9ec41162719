//! One response body of any network to posts: the table of methods.

use crate::{author::AuthorKeys, fault::SourceError, parsed::Parsed};

/// Longest body read, in bytes. VK's bundles are the longest there are: 5 MB.
pub const BODY_BYTES_MAX: usize = 8 << 20;

/// What a body does not say by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Hashes authors; without it they are left out.
    pub authors: Option<&'a AuthorKeys>,
    /// The parameters the body was asked for with: a comment's wall, the offset of a page, a feed's address.
    pub params: &'a [(String, String)],
}

impl<'a> Options<'a> {
    /// A parameter of the request, unless it is empty.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        let found = self.params.iter().find(|(param, _)| param == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The key of an author, named by network and id, such as `vk:12345`.
    pub fn author_key(&self, author: &str) -> Option<String> {
        self.authors?.key(author)
    }
}

/// A method of a network whose answers can be read.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// `network:method`, such as `vk:wall.get`.
    pub name: &'static str,
    pub(crate) read: fn(&[u8], &Options<'_>) -> Result<Parsed, SourceError>,
}

impl Method {
    /// Reads a body. A broken item is left out and counted, the others stay.
    ///
    /// # Errors
    /// The network's own error, or where the body is not what the method gives.
    pub fn parse(&self, body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
        if body.len() > BODY_BYTES_MAX {
            let message = format!("{} bytes, at most {BODY_BYTES_MAX} are read", body.len());
            return Err(SourceError::broken(message));
        }
        (self.read)(body, options)
    }
}

/// The methods of each network. A network adds its table here.
const NETWORKS: [&[Method]; 8] = [
    crate::vk::METHODS,
    crate::ok::METHODS,
    crate::telegram::METHODS,
    crate::feed::METHODS,
    crate::x::METHODS,
    crate::facebook::METHODS,
    crate::instagram::METHODS,
    crate::mail::METHODS,
];

/// Every method there is.
pub fn methods() -> impl Iterator<Item = &'static Method> {
    NETWORKS.into_iter().flatten()
}

/// The method of a name such as `vk:wall.get`.
pub fn method(name: &str) -> Option<&'static Method> {
    methods().find(|method| method.name == name)
}
