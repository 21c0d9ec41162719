//! A request to a network: what is asked, without how it is sent. Tokens come in at the moment of sending only.

use std::fmt;

use secrecy::SecretString;

use crate::parsed::Next;

/// How a request goes over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Parameters in the address; a token, if any, in a header.
    Get,
    /// Parameters and token in a form.
    Post,
}

/// Which of the deployment's tokens a method works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// None.
    None,
    /// The application's own, without a user.
    Service,
    /// A user's.
    User,
    /// Of the application, signed with its secret key (OK).
    Signed,
}

/// A call of a network's method, ready but for address and token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method as [`crate::parse::method`] knows it, such as `vk:wall.get`.
    pub method: &'static str,
    /// GET or POST.
    pub verb: Verb,
    /// Below the network's address, such as `method/wall.get`.
    pub path: String,
    /// The parameters, without token and signature. Hand them to the parser as well.
    pub params: Vec<(String, String)>,
    /// The token it works with.
    pub token: TokenKind,
    /// How many calls of the quota it takes: a bundle counts each call in it.
    pub cost: u32,
}

impl Request {
    /// The same for the following page.
    #[must_use]
    pub fn following(mut self, next: &Next) -> Self {
        self.params.retain(|(name, _)| name != next.param);
        self.params.push((next.param.to_owned(), next.value.clone()));
        self
    }
}

/// What a network knows the deployment by.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The token.
    pub token: Option<SecretString>,
    /// OK: the public key of the application.
    pub application_key: Option<String>,
    /// OK: the secret key of the application.
    pub application_secret: Option<SecretString>,
}

/// A request as it goes out. The address can be logged; the rest cannot.
#[derive(Clone)]
pub struct Outgoing {
    /// GET or POST.
    pub verb: Verb,
    /// The whole address, without any secret.
    pub url: String,
    /// Value of the header `Authorization`.
    pub authorization: Option<SecretString>,
    /// The form, as `application/x-www-form-urlencoded`.
    pub form: Option<SecretString>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("verb", &self.verb).field("url", &self.url).finish_non_exhaustive()
    }
}
