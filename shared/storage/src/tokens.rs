//! API tokens, stored as hashes.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::{
    ids::{ApiTokenId, UserId},
    tokens::ApiToken,
};
use uuid::Uuid;

use crate::{Result, parse};

struct Row {
    id: Uuid,
    user_id: Uuid,
    name: String,
    scopes: Vec<String>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for ApiToken {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let scopes = row.scopes.iter();
        Ok(Self {
            id: row.id.into(),
            user: row.user_id.into(),
            name: row.name,
            scopes: scopes
                .map(|scope| parse("api_tokens", "scopes", row.id, scope))
                .collect::<Result<_>>()?,
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// Writes a new token.
pub async fn insert(conn: &mut PgConnection, token: &ApiToken, hash: &[u8]) -> Result<()> {
    let scopes: Vec<String> = token.scopes.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "INSERT INTO api_tokens (id, user_id, name, token_hash, scopes, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        token.id.uuid(),
        token.user.uuid(),
        token.name,
        hash,
        &scopes,
        token.created_by.map(UserId::uuid),
        token.created_at,
        token.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The token with this hash, of a user who may sign in.
pub async fn find_by_hash(conn: &mut PgConnection, hash: &[u8]) -> Result<Option<ApiToken>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT t.id, t.user_id, t.name, t.scopes, t.created_by, t.created_at, t.expires_at, t.last_used_at,
                t.revoked_at
           FROM api_tokens t JOIN users u ON u.id = t.user_id
          WHERE t.token_hash = $1 AND u.active",
        hash,
    )
    .fetch_optional(conn)
    .await?;
    row.map(ApiToken::try_from).transpose()
}

/// One token, of a user who may sign in.
pub async fn find_active(conn: &mut PgConnection, id: ApiTokenId) -> Result<Option<ApiToken>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT t.id, t.user_id, t.name, t.scopes, t.created_by, t.created_at, t.expires_at, t.last_used_at,
                t.revoked_at
           FROM api_tokens t JOIN users u ON u.id = t.user_id
          WHERE t.id = $1 AND u.active",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(ApiToken::try_from).transpose()
}

/// One token.
pub async fn find(conn: &mut PgConnection, id: ApiTokenId) -> Result<Option<ApiToken>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, user_id, name, scopes, created_by, created_at, expires_at, last_used_at, revoked_at
           FROM api_tokens WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(ApiToken::try_from).transpose()
}

/// The tokens of a user, or of all users, the newest first; ended ones too.
pub async fn list(conn: &mut PgConnection, user: Option<UserId>) -> Result<Vec<ApiToken>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, user_id, name, scopes, created_by, created_at, expires_at, last_used_at, revoked_at
           FROM api_tokens WHERE $1::uuid IS NULL OR user_id = $1
          ORDER BY created_at DESC, id
          LIMIT 1000",
        user.map(UserId::uuid),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(ApiToken::try_from).collect()
}

/// Notes that a token is used.
pub async fn touch(conn: &mut PgConnection, id: ApiTokenId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a token.
pub async fn revoke(conn: &mut PgConnection, id: ApiTokenId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
