//! Sign-in links and sessions. A session's token is stored as its hash only; a link's not at all.

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use tandem_domain::{
    ids::{DeliveryId, SessionId, SignInRequestId, UserId},
    users::{CODE_TRIES, LinkState, Session},
    values::Email,
};
use uuid::Uuid;

use crate::{Result, parse};

struct Row {
    id: Uuid,
    user_id: Uuid,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    idle_seconds: i32,
    rotated_at: DateTime<Utc>,
    method: String,
    revoked_at: Option<DateTime<Utc>>,
    user_agent: String,
    address: String,
}

impl TryFrom<Row> for Session {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            user: row.user_id.into(),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            idle: Duration::seconds(row.idle_seconds.into()),
            rotated_at: row.rotated_at,
            method: parse("sessions", "method", row.id, &row.method)?,
            revoked_at: row.revoked_at,
            user_agent: row.user_agent,
            address: row.address,
        })
    }
}

/// Writes that somebody asked for a link; the address need not be known.
pub async fn insert_request(
    conn: &mut PgConnection,
    id: SignInRequestId,
    email: &Email,
    browser: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sign_in_requests (id, email, browser_id, created_at) VALUES ($1, $2, $3, $4)",
        id.uuid(),
        email.as_str(),
        browser,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Somebody asked for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The address.
    pub email: String,
    /// Where it was asked.
    pub browser: Uuid,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Takes a request that was not handled yet, once, and forgets the address.
pub async fn take_request(
    conn: &mut PgConnection,
    id: SignInRequestId,
    now: DateTime<Utc>,
) -> Result<Option<Request>> {
    let row = sqlx::query!(
        r#"UPDATE sign_in_requests AS request SET email = NULL, handled_at = $2
             FROM (SELECT id, email FROM sign_in_requests
                    WHERE id = $1 AND handled_at IS NULL FOR UPDATE) AS before
            WHERE request.id = before.id
           RETURNING before.email AS "email!", request.browser_id, request.created_at"#,
        id.uuid(),
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Request {
        email: row.email,
        browser: row.browser_id,
        created_at: row.created_at,
    }))
}

/// Deletes requests that were made before then; says how many.
pub async fn purge_requests(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let gone = sqlx::query!("DELETE FROM sign_in_requests WHERE created_at < $1", before)
        .execute(conn)
        .await?;
    Ok(gone.rows_affected())
}

/// Deletes links that ran out before then; says how many.
pub async fn purge_links(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let gone = sqlx::query!("DELETE FROM sign_in_links WHERE expires_at < $1", before)
        .execute(conn)
        .await?;
    Ok(gone.rows_affected())
}

/// Deletes sessions that ended before then, in whatever way; says how many.
pub async fn purge_ended(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let gone = sqlx::query!(
        "DELETE FROM sessions
          WHERE LEAST(expires_at, last_used_at + make_interval(secs => idle_seconds), revoked_at) < $1",
        before,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Keeps others from sending links to this user until the transaction ends.
pub async fn lock_links(conn: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('sign_in_links:' || $1::text, 0))",
        user.uuid().to_string(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the link in a delivery is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The mail that carries it.
    pub delivery: DeliveryId,
    /// Whom it signs in.
    pub user: UserId,
    /// The request that it answers, from which the code follows.
    pub request: SignInRequestId,
    /// The browser that asked.
    pub browser: Uuid,
    /// Wrong codes so far.
    pub failed_codes: i16,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

impl Link {
    /// What it is good for.
    pub fn state(&self, now: DateTime<Utc>) -> LinkState {
        if self.used_at.is_some() || self.failed_codes >= CODE_TRIES {
            LinkState::Used
        } else if self.expires_at <= now {
            LinkState::Expired
        } else {
            LinkState::Open
        }
    }
}

/// Writes what the link in a delivery is for.
pub async fn insert_link(conn: &mut PgConnection, link: &Link) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sign_in_links (delivery_id, user_id, request_id, browser_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        link.delivery.uuid(),
        link.user.uuid(),
        link.request.uuid(),
        link.browser,
        link.created_at,
        link.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The link in a delivery, of a user who may sign in; looking changes nothing.
pub async fn find_link(conn: &mut PgConnection, delivery: DeliveryId) -> Result<Option<Link>> {
    let row = sqlx::query_as!(
        LinkRow,
        "SELECT l.delivery_id, l.user_id, l.request_id, l.browser_id, l.failed_codes, l.created_at,
                l.expires_at, l.used_at
           FROM sign_in_links l JOIN users u ON u.id = l.user_id
          WHERE l.delivery_id = $1 AND u.active",
        delivery.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Link::from))
}

/// The same, locked until the transaction ends: of several who open it at once, one goes on.
pub async fn find_link_for_update(conn: &mut PgConnection, delivery: DeliveryId) -> Result<Option<Link>> {
    let row = sqlx::query_as!(
        LinkRow,
        "SELECT l.delivery_id, l.user_id, l.request_id, l.browser_id, l.failed_codes, l.created_at,
                l.expires_at, l.used_at
           FROM sign_in_links l JOIN users u ON u.id = l.user_id
          WHERE l.delivery_id = $1 AND u.active
            FOR UPDATE OF l",
        delivery.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Link::from))
}

struct LinkRow {
    delivery_id: Uuid,
    user_id: Uuid,
    request_id: Uuid,
    browser_id: Uuid,
    failed_codes: i16,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Self {
        Self {
            delivery: row.delivery_id.into(),
            user: row.user_id.into(),
            request: row.request_id.into(),
            browser: row.browser_id,
            failed_codes: row.failed_codes,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
        }
    }
}

/// Notes that a link was used.
pub async fn use_link(conn: &mut PgConnection, delivery: DeliveryId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE sign_in_links SET used_at = $2 WHERE delivery_id = $1 AND used_at IS NULL",
        delivery.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that somebody gave a wrong code.
pub async fn count_failed_code(conn: &mut PgConnection, delivery: DeliveryId) -> Result<()> {
    sqlx::query!(
        "UPDATE sign_in_links SET failed_codes = failed_codes + 1 WHERE delivery_id = $1",
        delivery.uuid(),
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

/// Writes a new session.
pub async fn insert(conn: &mut PgConnection, session: &Session, token_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sessions
             (id, user_id, token_hash, created_at, last_used_at, expires_at, user_agent, address,
              idle_seconds, rotated_at, method)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        session.id.uuid(),
        session.user.uuid(),
        token_hash,
        session.created_at,
        session.last_used_at,
        session.expires_at,
        session.user_agent,
        session.address,
        session.idle.num_seconds().clamp(1, i32::MAX.into()) as i32,
        session.rotated_at,
        session.method.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The session with this token, of a user who may sign in.
pub async fn find_by_token(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Session>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT s.id, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.idle_seconds, s.rotated_at,
                s.method, s.revoked_at, s.user_agent, s.address
           FROM sessions s JOIN users u ON u.id = s.user_id
          WHERE s.token_hash = $1 AND u.active",
        token_hash,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Session::try_from).transpose()
}

/// The session that had this token before its present one, of a user who may sign in.
pub async fn find_by_previous_token(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Session>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT s.id, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.idle_seconds, s.rotated_at,
                s.method, s.revoked_at, s.user_agent, s.address
           FROM sessions s JOIN users u ON u.id = s.user_id
          WHERE s.previous_token_hash = $1 AND u.active",
        token_hash,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Session::try_from).transpose()
}

/// Replaces a session's token, where it is still the one that the caller knows; says whether it did.
pub async fn rotate(
    conn: &mut PgConnection,
    id: SessionId,
    old_hash: &[u8],
    new_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let rotated = sqlx::query!(
        "UPDATE sessions SET previous_token_hash = token_hash, token_hash = $3, rotated_at = $4
          WHERE id = $1 AND token_hash = $2 AND revoked_at IS NULL",
        id.uuid(),
        old_hash,
        new_hash,
        now,
    )
    .execute(conn)
    .await?;
    Ok(rotated.rows_affected() == 1)
}

/// One session, of a user who may sign in.
pub async fn find(conn: &mut PgConnection, id: SessionId) -> Result<Option<Session>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT s.id, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.idle_seconds, s.rotated_at,
                s.method, s.revoked_at, s.user_agent, s.address
           FROM sessions s JOIN users u ON u.id = s.user_id
          WHERE s.id = $1 AND u.active",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Session::try_from).transpose()
}

/// A user's sessions that were not ended, the last used first.
pub async fn of_user(conn: &mut PgConnection, user: UserId) -> Result<Vec<Session>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, user_id, created_at, last_used_at, expires_at, idle_seconds, rotated_at, method,
                revoked_at, user_agent, address
           FROM sessions WHERE user_id = $1 AND revoked_at IS NULL ORDER BY last_used_at DESC, id",
        user.uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
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
