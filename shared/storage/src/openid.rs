//! Subjects of OpenID Connect providers.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::UserId;

use crate::Result;

/// The user whom an issuer means by a subject.
pub async fn find(conn: &mut PgConnection, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar!(
        "SELECT user_id FROM openid_subjects WHERE issuer = $1 AND subject = $2",
        issuer,
        subject,
    )
    .fetch_optional(conn)
    .await?;
    Ok(user.map(UserId::from))
}

/// Notes whom an issuer means by a subject. A constraint refuses a second subject for one user.
pub async fn insert(
    conn: &mut PgConnection,
    issuer: &str,
    subject: &str,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO openid_subjects (issuer, subject, user_id, created_at, last_used_at)
         VALUES ($1, $2, $3, $4, $4)",
        issuer,
        subject,
        user.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that somebody signed in by a subject.
pub async fn touch(conn: &mut PgConnection, issuer: &str, subject: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE openid_subjects SET last_used_at = $3 WHERE issuer = $1 AND subject = $2",
        issuer,
        subject,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
