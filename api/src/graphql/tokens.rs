//! Tokens of partners' programs.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tandem_domain::{
    ids::{ApiTokenId, UserId},
    tokens::{ApiToken as Row, ApiTokenInput as Input},
};
use tandem_operations::auth::tokens;

use super::{
    app, caller, ids,
    payload::{payload, settle},
    users::User,
};

/// What a token may be used for. It never gives more than its user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::tokens::TokenScope")]
pub enum TokenScope {
    /// Read offices, centres, staff and settings.
    ReadOrganisation,
    /// Read experts with their contact details and checks.
    ReadExperts,
    /// Register and change experts.
    WriteExperts,
    /// Read mentees and cases.
    ReadCases,
    /// Register mentees; draft, change and submit cases.
    WriteCases,
    /// Read matches.
    ReadMatches,
    /// Approach experts, take approaches back, introduce, record meetings and milestones.
    WriteMatches,
    /// Read matching runs.
    ReadRuns,
    /// Start and decide matching runs.
    WriteRuns,
}

/// What a partner's program shows instead of a session. The token itself is shown at its making alone.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct ApiToken {
    /// The global id.
    id: ID,
    /// What it is for, in its maker's words.
    name: String,
    /// What it may be used for.
    scopes: Vec<TokenScope>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it ends.
    expires_at: DateTime<Utc>,
    /// When it was last used, to the minute; null where it never was.
    last_used_at: Option<DateTime<Utc>>,
    /// When it was ended by hand.
    revoked_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    user: UserId,
}

#[ComplexObject]
impl ApiToken {
    /// As whom it acts.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        User::load(ctx, self.user).await
    }
}

impl From<Row> for ApiToken {
    fn from(row: Row) -> Self {
        Self {
            id: ids::global(row.id),
            name: row.name,
            scopes: row.scopes.into_iter().map(TokenScope::from).collect(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            user: row.user,
        }
    }
}

/// A token that was just made.
#[derive(SimpleObject)]
pub struct NewApiToken {
    /// Send it as `Authorization: Bearer …`. It is shown this once.
    secret: String,
    /// What is kept of it.
    token: ApiToken,
}

impl From<tokens::NewToken> for NewApiToken {
    fn from(new: tokens::NewToken) -> Self {
        Self {
            secret: new.secret,
            token: new.token.into(),
        }
    }
}

/// The details of a token to be made.
#[derive(Debug, InputObject)]
pub struct ApiTokenInput {
    /// What it is for, as "Case management of the carrier".
    pub name: String,
    /// As whom it acts: a user that was made for the partner, with the roles that it needs.
    pub user_id: ID,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// For how many days, at most 366.
    #[graphql(default = 90)]
    pub expires_in_days: i32,
}

payload! {
    /// The answer to `createApiToken`.
    CreateApiTokenPayload {
        /// The new token.
        new_api_token: NewApiToken,
    }
}

payload! {
    /// The answer to `revokeApiToken`.
    RevokeApiTokenPayload {
        /// The token, ended.
        api_token: ApiToken,
    }
}

/// Queries for tokens.
#[derive(Default)]
pub struct TokenQuery;

#[Object]
impl TokenQuery {
    /// The tokens of partners' programs, the newest first: all of them for administrators, your own
    /// otherwise. There are few of them.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn api_tokens(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ApiToken>> {
        let rows = tokens::list(app(ctx), caller(ctx)?).await?;
        Ok(rows.into_iter().map(ApiToken::from).collect())
    }
}

/// Mutations of tokens.
#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Makes a token for a partner's program, which then sends it as a bearer token. It acts as its user,
    /// within its scopes, until it expires. For administrators.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The details.")] input: ApiTokenInput,
    ) -> async_graphql::Result<CreateApiTokenPayload> {
        let caller = caller(ctx)?;
        let details = Input {
            name: input.name,
            scopes: input.scopes.into_iter().map(Into::into).collect(),
            days: input.expires_in_days.into(),
        };
        match ids::parse::<UserId>("userId", &input.user_id) {
            Ok(user) => settle(tokens::create(app(ctx), caller, user, details).await),
            Err(error) => settle(Err::<tokens::NewToken, _>(error.into())),
        }
    }

    /// Ends a token at once: administrators any, everybody the own ones.
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] id: ID,
    ) -> async_graphql::Result<RevokeApiTokenPayload> {
        let caller = caller(ctx)?;
        match ids::parse::<ApiTokenId>("id", &id) {
            Ok(id) => settle(tokens::revoke(app(ctx), caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }
}
