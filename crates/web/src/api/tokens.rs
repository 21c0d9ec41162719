//! `/tokens`

use axum::{Json as Reply, extract::State, http::StatusCode};
use otklik_domain::{AgencyId, Role};
use otklik_ports::Token;
use otklik_wire::{named, time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::extract::{Json, Path};
use crate::{
    App, Caller,
    error::Result,
    service::tokens::{self, NewToken},
};

const TOKENS: &str = "tokens";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_tokens, create_token)).routes(routes!(revoke_token))
}

/// A program's key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct TokenBody {
    /// Its name; also the actor's name in histories.
    name: String,
    /// What it may do.
    #[schema(value_type = String, example = "agency")]
    #[serde(with = "named::role")]
    role: Role,
    /// The body it works for, of the role `agency`.
    agency: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it ends, if ever.
    expires_at: Option<String>,
    /// Whether it has been taken back.
    revoked: bool,
}

impl From<&Token> for TokenBody {
    fn from(token: &Token) -> Self {
        Self {
            name: token.name.clone(),
            role: token.role,
            agency: token.agency.as_ref().map(ToString::to_string),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            revoked: token.revoked,
        }
    }
}

/// Keys of programs.
#[derive(Debug, Serialize, ToSchema)]
struct TokenList {
    /// The tokens, by name.
    tokens: Vec<TokenBody>,
}

/// Lists tokens. Administrators only.
#[utoipa::path(get, path = "/tokens", tag = TOKENS,
    responses((status = 200, description = "All tokens.", body = TokenList)))]
async fn list_tokens(State(app): State<App>, Caller(actor): Caller) -> Result<Reply<TokenList>> {
    let tokens = tokens::list(&app, &actor).await?;
    Ok(Reply(TokenList { tokens: tokens.iter().map(Into::into).collect() }))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTokenBody {
    /// Its name: 1 to 64 lower-case Latin letters, digits, `.`, `_` or `-`. It can never be used again.
    #[schema(example = "vodokanal-crm")]
    name: String,
    /// What it may do: `admin`, `operator`, `analyst`, `agency`, `viewer` or `source`.
    #[schema(value_type = String, example = "agency")]
    #[serde(with = "named::role")]
    role: Role,
    /// The body it works for, of the role `agency`.
    #[serde(default)]
    agency: Option<String>,
    /// When it ends, RFC 3339; never when left out.
    #[serde(default)]
    expires_at: Option<String>,
}

/// A new token with its secret.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedToken {
    /// The token.
    token: TokenBody,
    /// Its secret, shown this once: send it as `Authorization: Bearer SECRET`.
    secret: String,
}

/// Makes a token. Administrators only.
#[utoipa::path(post, path = "/tokens", tag = TOKENS, request_body = NewTokenBody,
    responses(
        (status = 201, description = "Made.", body = CreatedToken),
        (status = 409, description = "The name is taken.", body = super::ErrorBody),
    ))]
async fn create_token(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(body): Json<NewTokenBody>,
) -> Result<(StatusCode, Reply<CreatedToken>)> {
    let expires_at = body.expires_at.as_deref().map(|text| time::parse("expires_at", text)).transpose()?;
    let new = NewToken { name: body.name, role: body.role, agency: body.agency.map(AgencyId::new), expires_at };
    let (token, secret) = tokens::create(&app, &actor, new).await?;
    Ok((StatusCode::CREATED, Reply(CreatedToken { token: (&token).into(), secret })))
}

/// Takes a token back at once. Administrators only.
#[utoipa::path(delete, path = "/tokens/{name}", tag = TOKENS, params(("name" = String, Path, description = "The token.")),
    responses((status = 204, description = "Taken back.")))]
async fn revoke_token(State(app): State<App>, Caller(actor): Caller, Path(name): Path<String>) -> Result<StatusCode> {
    tokens::revoke(&app, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
