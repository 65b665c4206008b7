//! Sign-in links and sessions. A session's token is stored as its hash only; a link's not at all.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::{
    ids::{DeliveryId, SessionId, UserId},
    users::{LinkState, Session},
};
use uuid::Uuid;

use crate::Result;

struct Row {
    id: Uuid,
    user_id: Uuid,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    user_agent: String,
    address: String,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            user: row.user_id.into(),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            user_agent: row.user_agent,
            address: row.address,
        }
    }
}

/// Writes what the link in a delivery is for.
pub async fn insert_link(
    conn: &mut PgConnection,
    delivery: DeliveryId,
    user: UserId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sign_in_links (delivery_id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        delivery.uuid(),
        user.uuid(),
        now,
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many links a user was sent since then.
pub async fn count_links(conn: &mut PgConnection, user: UserId, since: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM sign_in_links WHERE user_id = $1 AND created_at > $2"#,
        user.uuid(),
        since,
    )
    .fetch_one(conn)
    .await?)
}

/// What a link is good for; looking changes nothing.
pub async fn link_state(
    conn: &mut PgConnection,
    delivery: DeliveryId,
    now: DateTime<Utc>,
) -> Result<LinkState> {
    let row = sqlx::query!(
        "SELECT l.expires_at, l.used_at, u.active
           FROM sign_in_links l JOIN users u ON u.id = l.user_id WHERE l.delivery_id = $1",
        delivery.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(match row {
        Some(row) if !row.active => LinkState::Unknown,
        Some(row) if row.used_at.is_some() => LinkState::Used,
        Some(row) if row.expires_at <= now => LinkState::Expired,
        Some(_) => LinkState::Open,
        None => LinkState::Unknown,
    })
}

/// Uses a link up; its user, where it was still open.
pub async fn take_link(
    conn: &mut PgConnection,
    delivery: DeliveryId,
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar!(
        "UPDATE sign_in_links AS link SET used_at = $2
           FROM users
          WHERE link.delivery_id = $1 AND link.used_at IS NULL AND link.expires_at > $2
            AND users.id = link.user_id AND users.active
         RETURNING link.user_id",
        delivery.uuid(),
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(user.map(UserId::from))
}

/// Writes a new session.
pub async fn insert(conn: &mut PgConnection, session: &Session, token_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sessions
             (id, user_id, token_hash, created_at, last_used_at, expires_at, user_agent, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        session.id.uuid(),
        session.user.uuid(),
        token_hash,
        session.created_at,
        session.last_used_at,
        session.expires_at,
        session.user_agent,
        session.address,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The session with this token, of a user who may sign in.
pub async fn find_by_token(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Session>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT s.id, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.revoked_at, s.user_agent, s.address
           FROM sessions s JOIN users u ON u.id = s.user_id
          WHERE s.token_hash = $1 AND u.active",
        token_hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Session::from))
}

/// One session, of a user who may sign in.
pub async fn find(conn: &mut PgConnection, id: SessionId) -> Result<Option<Session>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT s.id, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.revoked_at, s.user_agent, s.address
           FROM sessions s JOIN users u ON u.id = s.user_id
          WHERE s.id = $1 AND u.active",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Session::from))
}

/// A user's sessions that were not ended, the last used first.
pub async fn of_user(conn: &mut PgConnection, user: UserId) -> Result<Vec<Session>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, user_id, created_at, last_used_at, expires_at, revoked_at, user_agent, address
           FROM sessions WHERE user_id = $1 AND revoked_at IS NULL ORDER BY last_used_at DESC, id",
        user.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Notes that a session is used.
pub async fn touch(conn: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a session.
pub async fn revoke(conn: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends all sessions of a user; says how many.
pub async fn revoke_all(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<u64> {
    let ended = sqlx::query!(
        "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
        user.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected())
}
