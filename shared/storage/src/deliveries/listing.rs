//! What people see of the e-mails.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{DeliveryId, MatchId, OfficeId};
use tandem_domain::policy::Scope;
use uuid::Uuid;

use super::{Delivery, RecipientKind, Row, State};
use crate::Result;
use crate::paging::{Page, Slice};

/// Narrows the list; what is empty or none narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<State>,
    /// With this trigger.
    pub trigger: Option<String>,
    /// About this subject.
    pub subject: Option<Uuid>,
    /// To this kind of recipient.
    pub recipient_kind: Option<RecipientKind>,
    /// To this recipient.
    pub recipient: Option<Uuid>,
    /// Whose refusal put its address onto the list of those that take no mail.
    pub address_refused: bool,
}

/// A delivery and the office that answers for its recipient; mails to people who sign in have none.
pub async fn find(conn: &mut PgConnection, id: DeliveryId) -> Result<Option<(Delivery, Option<OfficeId>)>> {
    let everything = Scope {
        everything: true,
        ..Scope::default()
    };
    let Some(delivery) = by_ids(conn, &everything, &[id]).await?.pop() else {
        return Ok(None);
    };
    let office = sqlx::query_scalar!(
        "SELECT office_id FROM delivery_offices WHERE delivery_id = $1",
        id.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(Some((delivery, office.map(OfficeId::from))))
}

/// Those of the deliveries that a scope holds, in no particular order.
pub async fn by_ids(conn: &mut PgConnection, scope: &Scope, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let offices: Vec<Uuid> = scope.offices.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT id, key, trigger, step, subject_kind, subject_id, recipient_kind, recipient_id, state, reason,
             attempts, created_at, sending_at, sent_at, occasion, slot_at
           FROM email_deliveries
          WHERE id = ANY($1)
            AND ($2::bool OR EXISTS (SELECT FROM delivery_offices
                    WHERE delivery_id = email_deliveries.id AND office_id = ANY($3::uuid[])))",
        &ids,
        scope.everything,
        &offices,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Delivery::try_from)
    .collect()
}

/// How an approach failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The match that the mail was about.
    pub matching: MatchId,
    /// The server's words.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Reads how the approach of a failed delivery failed; `None` where it has not.
pub async fn failure(conn: &mut PgConnection, id: DeliveryId) -> Result<Option<Failure>> {
    let row = sqlx::query!(
        r#"SELECT subject_id, reason AS "reason!", finished_at AS "finished_at!"
             FROM email_deliveries WHERE id = $1 AND state = 'FAILED' AND trigger = 'APPROACH'"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Failure {
        matching: row.subject_id.into(),
        reason: row.reason,
        at: row.finished_at,
    }))
}

/// The deliveries of a scope, newest first.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<(DateTime<Utc>, Uuid)>,
) -> Result<Slice<Delivery>> {
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let offices: Vec<Uuid> = scope.offices.iter().map(|id| id.uuid()).collect();
    let (after_at, after_id) = page.after.unzip();
    let (before_at, before_id) = page.before.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, key, trigger, step, subject_kind, subject_id, recipient_kind, recipient_id, state, reason,
             attempts, created_at, sending_at, sent_at, occasion, slot_at
           FROM email_deliveries
          WHERE ($1::bool OR EXISTS (SELECT FROM delivery_offices
                    WHERE delivery_id = email_deliveries.id AND office_id = ANY($2::uuid[])))
            AND (cardinality($3::text[]) = 0 OR state = ANY($3))
            AND ($4::text IS NULL OR trigger = $4)
            AND ($5::uuid IS NULL OR subject_id = $5)
            AND ($6::text IS NULL OR recipient_kind = $6)
            AND ($7::uuid IS NULL OR recipient_id = $7)
            AND ($8::timestamptz IS NULL OR (created_at, id) < ($8, $9))
            AND ($10::timestamptz IS NULL OR (created_at, id) > ($10, $11))
            AND (NOT $14::bool OR EXISTS (SELECT FROM suppressed_addresses s WHERE s.delivery_id = email_deliveries.id))
          ORDER BY CASE WHEN $12 THEN created_at END ASC, CASE WHEN $12 THEN id END ASC, created_at DESC, id DESC
          LIMIT $13",
        scope.everything,
        &offices,
        &states as &[&str],
        filter.trigger,
        filter.subject,
        filter.recipient_kind.map(RecipientKind::as_str),
        filter.recipient,
        after_at,
        after_id,
        before_at,
        before_id,
        page.backward,
        page.fetch(),
        filter.address_refused,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Delivery::try_from)
    .collect::<Result<Vec<_>>>()?;
    Ok(page.slice(rows))
}

/// How many deliveries a scope and a filter hold.
pub async fn count(conn: &mut PgConnection, scope: &Scope, filter: &Filter) -> Result<i64> {
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let offices: Vec<Uuid> = scope.offices.iter().map(|id| id.uuid()).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
             FROM email_deliveries
            WHERE ($1::bool OR EXISTS (SELECT FROM delivery_offices
                      WHERE delivery_id = email_deliveries.id AND office_id = ANY($2::uuid[])))
              AND (cardinality($3::text[]) = 0 OR state = ANY($3))
              AND ($4::text IS NULL OR trigger = $4)
              AND ($5::uuid IS NULL OR subject_id = $5)
              AND ($6::text IS NULL OR recipient_kind = $6)
              AND ($7::uuid IS NULL OR recipient_id = $7)
              AND (NOT $8::bool OR EXISTS (
                      SELECT FROM suppressed_addresses s WHERE s.delivery_id = email_deliveries.id))"#,
        scope.everything,
        &offices,
        &states as &[&str],
        filter.trigger,
        filter.subject,
        filter.recipient_kind.map(RecipientKind::as_str),
        filter.recipient,
        filter.address_refused,
    )
    .fetch_one(conn)
    .await?)
}
