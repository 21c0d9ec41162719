//! Keys of programs to the API.

use jiff::Timestamp;
use otklik_domain::{Actor, AgencyId, Role};
use otklik_ports::Token;

use super::{accounts::check_agency, audit_entry};
use crate::{
    App,
    auth::secret,
    error::{Error, Result},
    rights::Right,
};

/// What every secret begins with, so that scanners of repositories know it.
const PREFIX: &str = "otklik_";
/// Longest name in characters.
const NAME_CHARS_MAX: usize = 64;

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Its name: lower-case Latin letters, digits, `.`, `_`, `-`.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The body it works for, when its role is [`Role::Agency`].
    pub agency: Option<AgencyId>,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
}

/// Makes a token; gives it with its secret, which is shown this once.
///
/// # Errors
/// [`Error::Invalid`]; [`Error::Taken`] when a token or an account has the name; [`Error::Forbidden`]; those of the store.
pub async fn create(app: &App, actor: &Actor, new: NewToken) -> Result<(Token, String)> {
    Right::Administer.check(actor)?;
    if !is_name(&new.name) {
        let problem = format!("must be 1 to {NAME_CHARS_MAX} lower-case Latin letters, digits, '.', '_' or '-'");
        return Err(Error::invalid("name", problem));
    }
    if new.role == Role::System {
        return Err(Error::invalid("role", "no token acts as Otklik itself"));
    }
    check_agency(app, new.role, new.agency.as_ref())?;
    let now = app.ports.clock.now();
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::invalid("expires_at", "must lie in the future"));
    }
    // Histories name actors: an account and a token of one name could not be told apart.
    if app.ports.incidents.account(&new.name).await?.is_some() {
        return Err(Error::Taken("name"));
    }
    let token_secret = format!("{PREFIX}{}", secret::generate());
    let token = Token {
        hash: secret::sha256(&token_secret),
        name: new.name,
        role: new.role,
        agency: new.agency,
        created_at: now,
        expires_at: new.expires_at,
        revoked: false,
    };
    app.ports.incidents.add_token(token.clone()).await.map_err(|error| match error.kind {
        otklik_ports::ErrorKind::Conflict => Error::Taken("name"),
        _ => error.into(),
    })?;
    let entry = audit_entry(app, actor, "token.create", &token.name, format!("role {}", token.role));
    app.ports.incidents.audit(vec![entry]).await?;
    Ok((token, token_secret))
}

/// All tokens, by name. Their secrets are not known to anybody.
///
/// # Errors
/// [`Error::Forbidden`]; those of the store.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Token>> {
    Right::Administer.check(actor)?;
    Ok(app.ports.incidents.tokens().await?)
}

/// Takes a token back at once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`]; those of the store.
pub async fn revoke(app: &App, actor: &Actor, name: &str) -> Result<()> {
    Right::Administer.check(actor)?;
    if !app.ports.incidents.revoke_token(name).await? {
        return Err(Error::NotFound("token"));
    }
    Ok(app.ports.incidents.audit(vec![audit_entry(app, actor, "token.revoke", name, "")]).await?)
}

/// Whose secret this is.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is nobody's, taken back or has ended; those of the store.
pub(crate) async fn actor(app: &App, token_secret: &str) -> Result<Actor> {
    if !token_secret.starts_with(PREFIX) || token_secret.len() > 200 {
        return Err(Error::Unauthenticated);
    }
    let hash = secret::sha256(token_secret);
    let token = app.ports.incidents.token(&hash).await?;
    let now = app.ports.clock.now();
    let is_valid = |token: &Token| {
        secret::same(token.hash.as_bytes(), hash.as_bytes())
            && !token.revoked
            && token.expires_at.is_none_or(|at| at > now)
    };
    let token = token.filter(is_valid).ok_or(Error::Unauthenticated)?;
    Ok(Actor { name: token.name, role: token.role, agency: token.agency })
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed)
}
