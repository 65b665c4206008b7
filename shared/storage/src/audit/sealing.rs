//! The chain over the audit log: sealing, reading it for a check, erasing details.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AuditEvent, Committed};
use crate::Result;

/// A batch of events that was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Counts up from 1.
    pub number: i64,
    /// When.
    pub sealed_at: DateTime<Utc>,
    /// How many events it seals.
    pub events: i32,
    /// What is written down outside the database.
    pub head: Vec<u8>,
}

/// An event of a seal as it is found by a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// The event.
    pub id: Uuid,
    /// What was sealed.
    pub commitment: Vec<u8>,
    /// The event as it is now; none where it is gone.
    pub now: Option<Committed>,
}

struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    entity_kind: String,
    entity_id: Uuid,
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    detail: serde_json::Value,
    address: String,
    salt: Option<Vec<u8>>,
    detail_commitment: Vec<u8>,
}

impl From<Row> for Committed {
    fn from(row: Row) -> Self {
        Self {
            event: AuditEvent {
                id: row.id,
                at: row.at,
                actor_kind: row.actor_kind,
                actor_id: row.actor_id,
                action: row.action,
                entity_kind: row.entity_kind,
                entity_id: row.entity_id,
                subject_kind: row.subject_kind,
                subject_id: row.subject_id,
                detail: row.detail,
                address: row.address,
            },
            salt: row.salt,
            detail_commitment: row.detail_commitment,
        }
    }
}

/// Waits until nobody else seals, for the length of the transaction.
pub async fn lock(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('tandem audit seal', 0))")
        .execute(conn)
        .await?;
    Ok(())
}

/// The newest seal.
pub async fn newest(conn: &mut PgConnection) -> Result<Option<Seal>> {
    Ok(sqlx::query_as!(
        Seal,
        "SELECT number, sealed_at, events, head FROM audit_seals ORDER BY number DESC LIMIT 1"
    )
    .fetch_optional(conn)
    .await?)
}

/// Takes up to `most` events that wait for their seal, by rising id.
pub async fn take_unsealed(conn: &mut PgConnection, most: i64) -> Result<Vec<Uuid>> {
    let mut ids = sqlx::query_scalar!(
        "DELETE FROM audit_unsealed
          WHERE event_id IN (SELECT event_id FROM audit_unsealed ORDER BY event_id LIMIT $1)
         RETURNING event_id",
        most,
    )
    .fetch_all(conn)
    .await?;
    ids.sort_unstable();
    Ok(ids)
}

/// How many events wait for their seal.
pub async fn count_unsealed(conn: &mut PgConnection) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM audit_unsealed"#)
            .fetch_one(conn)
            .await?,
    )
}

/// Events with their commitments, by rising id.
pub async fn committed(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Committed>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, at, actor_kind, actor_id, action, entity_kind, entity_id, subject_kind, subject_id, detail,
             address, salt, detail_commitment
           FROM audit_events WHERE id = ANY($1) ORDER BY id",
        ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Committed::from).collect())
}

/// Writes a seal with its entries in order.
pub async fn insert(conn: &mut PgConnection, seal: &Seal, entries: &[(Uuid, [u8; 32])]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit_seals (number, sealed_at, events, head) VALUES ($1, $2, $3, $4)",
        seal.number,
        seal.sealed_at,
        seal.events,
        seal.head,
    )
    .execute(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = entries.iter().map(|(id, _)| *id).collect();
    let commitments: Vec<Vec<u8>> = entries.iter().map(|(_, bytes)| bytes.to_vec()).collect();
    sqlx::query!(
        "INSERT INTO audit_seal_entries (seal, position, event_id, commitment)
         SELECT $1, new.position - 1, new.event_id, new.commitment
           FROM unnest($2::uuid[], $3::bytea[]) WITH ORDINALITY AS new (event_id, commitment, position)",
        seal.number,
        &ids,
        &commitments,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The first seal after this number.
pub async fn next(conn: &mut PgConnection, after: i64) -> Result<Option<Seal>> {
    Ok(sqlx::query_as!(
        Seal,
        "SELECT number, sealed_at, events, head FROM audit_seals WHERE number > $1 ORDER BY number LIMIT 1",
        after,
    )
    .fetch_optional(conn)
    .await?)
}

/// The events of a seal, in order, as they are now.
pub async fn entries(conn: &mut PgConnection, seal: i64) -> Result<Vec<Sealed>> {
    let entries = sqlx::query!(
        "SELECT event_id, commitment FROM audit_seal_entries WHERE seal = $1 ORDER BY position",
        seal,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.event_id).collect();
    let events = committed(conn, &ids).await?;
    Ok(entries
        .into_iter()
        .map(|entry| Sealed {
            id: entry.event_id,
            commitment: entry.commitment,
            now: events
                .binary_search_by_key(&entry.event_id, |found| found.event.id)
                .ok()
                .map(|position| events[position].clone()),
        })
        .collect())
}

/// Events that neither are sealed nor wait for it: somebody wrote them past the database's own triggers.
pub async fn never_sealed(conn: &mut PgConnection) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM audit_events e
          WHERE NOT EXISTS (SELECT FROM audit_seal_entries s WHERE s.event_id = e.id)
            AND NOT EXISTS (SELECT FROM audit_unsealed u WHERE u.event_id = e.id)
          ORDER BY id LIMIT 1000"
    )
    .fetch_all(conn)
    .await?)
}

/// Erases what is personal in the events by or about a person; that they happened stays, and stays
/// sealed. How many they were.
pub async fn erase_details(conn: &mut PgConnection, person: Uuid, now: DateTime<Utc>) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"SELECT erase_audit_details($1, $2) AS "count!""#, person, now)
            .fetch_one(conn)
            .await?,
    )
}
