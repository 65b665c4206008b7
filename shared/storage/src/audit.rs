//! The audit log: append-only, and sealed ([`sealing`]).

pub mod sealing;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::paging::{Page, Slice};

/// One entry: who did what to which row, whose data it is, when and from where.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// `USER`, `LINK` or `SYSTEM`.
    pub actor_kind: String,
    /// The user, or the person whose link it was.
    pub actor_id: Option<Uuid>,
    /// What was done, as `expert.updated`.
    pub action: String,
    /// The kind of row.
    pub entity_kind: String,
    /// The row.
    pub entity_id: Uuid,
    /// The kind of person whose data it is.
    pub subject_kind: Option<String>,
    /// That person.
    pub subject_id: Option<Uuid>,
    /// Names of fields and states, never personal values.
    pub detail: serde_json::Value,
    /// From where.
    pub address: String,
}

/// An event with what it committed to.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The event.
    pub event: AuditEvent,
    /// What makes the commitment tell nothing; none where the detail was erased.
    pub salt: Option<Vec<u8>>,
    /// The commitment to detail and address, which stays when they are erased.
    pub detail_commitment: Vec<u8>,
}

/// Appends events, in one statement.
pub async fn append(conn: &mut PgConnection, committed: &[Committed]) -> Result<()> {
    let events: Vec<&AuditEvent> = committed.iter().map(|committed| &committed.event).collect();
    let salts: Vec<Option<Vec<u8>>> = committed.iter().map(|committed| committed.salt.clone()).collect();
    let commitments: Vec<Vec<u8>> = committed
        .iter()
        .map(|committed| committed.detail_commitment.clone())
        .collect();
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    let ats: Vec<DateTime<Utc>> = events.iter().map(|event| event.at).collect();
    let actor_kinds: Vec<String> = events.iter().map(|event| event.actor_kind.clone()).collect();
    let actor_ids: Vec<Option<Uuid>> = events.iter().map(|event| event.actor_id).collect();
    let actions: Vec<String> = events.iter().map(|event| event.action.clone()).collect();
    let entity_kinds: Vec<String> = events.iter().map(|event| event.entity_kind.clone()).collect();
    let entity_ids: Vec<Uuid> = events.iter().map(|event| event.entity_id).collect();
    let subject_kinds: Vec<Option<String>> = events.iter().map(|event| event.subject_kind.clone()).collect();
    let subject_ids: Vec<Option<Uuid>> = events.iter().map(|event| event.subject_id).collect();
    let details: Vec<serde_json::Value> = events.iter().map(|event| event.detail.clone()).collect();
    let addresses: Vec<String> = events.iter().map(|event| event.address.clone()).collect();
    sqlx::query!(
        r#"INSERT INTO audit_events (id, at, actor_kind, actor_id, action, entity_kind, entity_id, subject_kind,
               subject_id, detail, address, salt, detail_commitment)
           SELECT * FROM UNNEST($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::text[], $6::text[],
               $7::uuid[], $8::text[], $9::uuid[], $10::jsonb[], $11::text[], $12::bytea[], $13::bytea[])"#,
        &ids,
        &ats,
        &actor_kinds,
        &actor_ids as &[Option<Uuid>],
        &actions,
        &entity_kinds,
        &entity_ids,
        &subject_kinds as &[Option<String>],
        &subject_ids as &[Option<Uuid>],
        &details,
        &addresses,
        &salts as &[Option<Vec<u8>>],
        &commitments,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Narrows the log.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only this row.
    pub entity: Option<Uuid>,
    /// Only this person's data.
    pub subject: Option<Uuid>,
    /// Only what this user did.
    pub actor: Option<Uuid>,
    /// Only actions that begin so, as `expert.`.
    pub action_prefix: Option<String>,
    /// Only from this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// The log, newest first.
pub async fn list(
    conn: &mut PgConnection,
    filter: &AuditFilter,
    page: &Page<(DateTime<Utc>, Uuid)>,
) -> Result<Slice<AuditEvent>> {
    // two statements, so that each is one walk along the index
    let rows = if page.backward {
        let (at, id) = page.before.unzip();
        sqlx::query_as!(
            AuditEvent,
            r#"SELECT id, at, actor_kind, actor_id, action, entity_kind, entity_id, subject_kind, subject_id, detail, address
               FROM audit_events
               WHERE ($1::uuid IS NULL OR entity_id = $1)
                 AND ($2::uuid IS NULL OR subject_id = $2)
                 AND ($3::uuid IS NULL OR actor_id = $3)
                 AND ($4::text IS NULL OR starts_with(action, $4))
                 AND ($8::timestamptz IS NULL OR at >= $8)
                 AND ($9::timestamptz IS NULL OR at < $9)
                 AND ($5::timestamptz IS NULL OR (at, id) > ($5, $6))
               ORDER BY at, id LIMIT $7"#,
            filter.entity,
            filter.subject,
            filter.actor,
            filter.action_prefix,
            at,
            id,
            page.fetch(),
            filter.from,
            filter.until,
        )
        .fetch_all(conn)
        .await?
    } else {
        let (at, id) = page.after.unzip();
        sqlx::query_as!(
            AuditEvent,
            r#"SELECT id, at, actor_kind, actor_id, action, entity_kind, entity_id, subject_kind, subject_id, detail, address
               FROM audit_events
               WHERE ($1::uuid IS NULL OR entity_id = $1)
                 AND ($2::uuid IS NULL OR subject_id = $2)
                 AND ($3::uuid IS NULL OR actor_id = $3)
                 AND ($4::text IS NULL OR starts_with(action, $4))
                 AND ($8::timestamptz IS NULL OR at >= $8)
                 AND ($9::timestamptz IS NULL OR at < $9)
                 AND ($5::timestamptz IS NULL OR (at, id) < ($5, $6))
               ORDER BY at DESC, id DESC LIMIT $7"#,
            filter.entity,
            filter.subject,
            filter.actor,
            filter.action_prefix,
            at,
            id,
            page.fetch(),
            filter.from,
            filter.until,
        )
        .fetch_all(conn)
        .await?
    };
    Ok(page.slice(rows))
}
