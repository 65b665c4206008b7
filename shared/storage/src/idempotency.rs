//! The same key twice is one effect.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::UserId;
use uuid::Uuid;

use crate::Result;

/// Takes a key for `entity`. The entity that an earlier call made with the same key, where there was
/// one; a call that is still under way is waited for.
pub async fn claim(
    conn: &mut PgConnection,
    user: UserId,
    mutation: &str,
    key: &str,
    entity: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let taken = sqlx::query!(
        "INSERT INTO idempotency_keys (user_id, mutation, key, entity_id, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, mutation, key) DO NOTHING",
        user.uuid(),
        mutation,
        key,
        entity,
        now,
    )
    .execute(&mut *conn)
    .await?;
    if taken.rows_affected() == 1 {
        return Ok(None);
    }
    Ok(Some(
        sqlx::query_scalar!(
            "SELECT entity_id FROM idempotency_keys WHERE user_id = $1 AND mutation = $2 AND key = $3",
            user.uuid(),
            mutation,
            key,
        )
        .fetch_one(conn)
        .await?,
    ))
}

/// The same for a person who came by a link or a code.
pub async fn claim_as_person(
    conn: &mut PgConnection,
    person: Uuid,
    mutation: &str,
    key: &str,
    entity: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let taken = sqlx::query!(
        "INSERT INTO person_idempotency_keys (person_id, mutation, key, entity_id, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person_id, mutation, key) DO NOTHING",
        person,
        mutation,
        key,
        entity,
        now,
    )
    .execute(&mut *conn)
    .await?;
    if taken.rows_affected() == 1 {
        return Ok(None);
    }
    Ok(Some(
        sqlx::query_scalar!(
            "SELECT entity_id FROM person_idempotency_keys WHERE person_id = $1 AND mutation = $2 AND key = $3",
            person,
            mutation,
            key,
        )
        .fetch_one(conn)
        .await?,
    ))
}

/// Forgets keys that nobody repeats any more: those of calls before this moment.
pub async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let users = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < $1", before)
        .execute(&mut *conn)
        .await?;
    let people = sqlx::query!(
        "DELETE FROM person_idempotency_keys WHERE created_at < $1",
        before
    )
    .execute(conn)
    .await?;
    Ok(users.rows_affected() + people.rows_affected())
}
