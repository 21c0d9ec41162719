//! A request to a network: what is asked, without how it is sent. Tokens come in at the moment of sending only.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded::Serializer};

use crate::{ok, parsed::Next};

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
    /// The application's keys sign the call; a session's token is added when there is one (OK).
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
    /// The parameters, without token and signature.
    pub params: Vec<(String, String)>,
    /// What the network is not told and the parser needs, such as the post whose comments a path asks for.
    pub about: Vec<(String, String)>,
    /// The token it works with.
    pub token: TokenKind,
    /// How many calls of the quota it takes: a bundle counts each call in it.
    pub cost: u32,
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
    /// Instagram: the number of the deployment's own business account.
    pub account: Option<String>,
}

/// A request as it goes out. The address can be logged; the rest cannot.
#[derive(Clone)]
pub struct Outgoing {
    /// GET or POST.
    pub verb: Verb,
    /// The whole address, without any secret.
    pub url: Url,
    /// Value of the header `Authorization`.
    pub authorization: Option<SecretString>,
    /// The form, as `application/x-www-form-urlencoded`.
    pub form: Option<SecretString>,
}

/// Why a request cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// A token or key is not configured.
    #[error("{method} needs the network's {what}, and none is configured")]
    Credential {
        /// The method.
        method: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// The network's address makes no sense together with the path.
    #[error("{base} with {path} behind it is no address")]
    Address {
        /// The network's address.
        base: String,
        /// The path.
        path: String,
    },
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("verb", &self.verb).field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Request {
    /// The name of its network, such as `vk`.
    pub fn network(&self) -> &'static str {
        self.method.split_once(':').map_or(self.method, |(network, _)| network)
    }

    /// The same with a parameter more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a thing more that only the parser is told.
    #[must_use]
    pub(crate) fn about(mut self, name: &str, value: impl Into<String>) -> Self {
        self.about.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a page of this size.
    #[must_use]
    pub(crate) fn page(self, count: u32) -> Self {
        self.with("count", count.to_string())
    }

    /// What a parser is to be told: the parameters and what the request is about.
    pub fn known(&self) -> Vec<(String, String)> {
        self.params.iter().chain(&self.about).cloned().collect()
    }

    /// The same for the following page.
    #[must_use]
    pub fn following(mut self, next: &Next) -> Self {
        self.params.retain(|(name, _)| name != next.param);
        self.with(next.param, next.value.clone())
    }

    /// The request as it goes out, below the network's address such as `https://api.vk.ru/`.
    ///
    /// A form carries all parameters and the token. In a GET the parameters are in the address and the token in a header.
    ///
    /// # Errors
    /// A token or key is missing, or the address makes no sense.
    pub fn outgoing(&self, base: &str, credentials: &Credentials) -> Result<Outgoing, Unready> {
        let mut url = address(base, &self.path)?;
        let token = credentials.token.as_ref();
        if matches!(self.token, TokenKind::Service | TokenKind::User) && token.is_none() {
            return Err(self.lacks("token"));
        }
        let token = token.filter(|_| self.token != TokenKind::None);
        match self.verb {
            Verb::Get => {
                if !self.params.is_empty() {
                    url.query_pairs_mut().extend_pairs(&self.params);
                }
                let authorization = token.map(|token| SecretString::from(format!("Bearer {}", token.expose_secret())));
                Ok(Outgoing { verb: self.verb, url, authorization, form: None })
            }
            Verb::Post => {
                let params = match self.token {
                    TokenKind::Signed => self.signed(credentials)?,
                    _ => self.params.clone(),
                };
                let mut form = Serializer::new(String::new());
                form.extend_pairs(params);
                if let Some(token) = token {
                    form.append_pair("access_token", token.expose_secret());
                }
                let form = Some(SecretString::from(form.finish()));
                Ok(Outgoing { verb: self.verb, url, authorization: None, form })
            }
        }
    }

    /// The parameters with the application's key and the signature over all of them.
    fn signed(&self, credentials: &Credentials) -> Result<Vec<(String, String)>, Unready> {
        let key = credentials.application_key.as_ref().ok_or_else(|| self.lacks("application key"))?;
        let secret = credentials.application_secret.as_ref().ok_or_else(|| self.lacks("application secret"))?;
        let mut params = self.params.clone();
        params.push(("application_key".to_owned(), key.clone()));
        let signature = ok::signature(&params, secret, credentials.token.as_ref());
        params.push(("sig".to_owned(), signature));
        Ok(params)
    }

    fn lacks(&self, what: &'static str) -> Unready {
        Unready::Credential { method: self.method, what }
    }
}

/// The path below the base, whether or not the base ends in a slash.
fn address(base: &str, path: &str) -> Result<Url, Unready> {
    let unready = || Unready::Address { base: base.to_owned(), path: path.to_owned() };
    let url = Url::parse(&format!("{}/{path}", base.trim_end_matches('/'))).map_err(|_| unready())?;
    let is_web = matches!(url.scheme(), "https" | "http") && url.has_host() && url.query().is_none();
    if is_web { Ok(url) } else { Err(unready()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{vk, x};

    fn with_token() -> Credentials {
        Credentials { token: Some("secret token&".into()), ..Credentials::default() }
    }

    #[test]
    fn tokens_go_in_a_form_or_a_header_and_never_in_an_address() {
        let call = vk::requests::wall(-1, 0).outgoing("https://api.vk.ru", &with_token()).unwrap();
        assert_eq!(call.url.as_str(), "https://api.vk.ru/method/wall.get");
        let form = call.form.as_ref().unwrap().expose_secret();
        assert!(form.contains("owner_id=-1") && form.ends_with("&access_token=secret+token%26"), "{form}");
        assert!(call.authorization.is_none() && !format!("{call:?}").contains("secret"));

        let call = x::requests::search("яма lang:ru", None).outgoing("https://api.x.com/", &with_token()).unwrap();
        assert!(call.url.as_str().starts_with("https://api.x.com/2/tweets/search/recent?"), "{}", call.url);
        assert_eq!(call.authorization.as_ref().unwrap().expose_secret(), "Bearer secret token&");
        assert!(call.form.is_none() && !format!("{call:?}").contains("secret"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |base: &str, credentials: &Credentials, expected: &str| {
            let error = vk::requests::wall(-1, 0).outgoing(base, credentials).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        let none = Credentials::default();
        check("https://api.vk.ru", &none, "vk:wall.get needs the network's token, and none is configured");
        check("file:///etc", &with_token(), "file:///etc with method/wall.get behind it is no address");
        check("api.vk.ru", &with_token(), "api.vk.ru with method/wall.get behind it is no address");
    }

    #[test]
    fn a_following_page_replaces_the_parameter() {
        let next = Next { param: "offset", value: "100".to_owned() };
        let request = vk::requests::wall(-1, 0).following(&next).following(&next);
        let offsets = request.params.iter().filter(|(name, _)| name == "offset").count();
        assert_eq!((offsets, request.network()), (1, "vk"));
        assert!(request.params.contains(&("offset".to_owned(), "100".to_owned())));
    }
}
