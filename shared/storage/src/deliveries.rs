//! E-mails: a row each, before it is sent (architecture.md, decision 4).
//!
//! `QUEUED → SENDING → SENT | FAILED | SUPPRESSED`. Each write of a delivery under way names the attempt
//! it belongs to, as in the job ledger: attempts only ever grow, so that a worker that lost its job
//! cannot overwrite what a later attempt wrote.

mod expert;
mod facts;
mod life;
mod limits;
mod listing;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{DeliveryId, ExpertId, MatchId, OfficeId};
use uuid::Uuid;

pub use self::{
    expert::{SeatFacts, expert_contact, seat_facts},
    facts::{
        CaseFacts, ContactFacts, ExpertFacts, MatchFacts, SignInFacts, admin_contact, match_facts,
        office_contact, sign_in_facts,
    },
    life::{MenteeFacts, PeopleFacts, case_staff, paper_day, people_facts},
    limits::{
        Undelivered, allow_address, end, forget_suppressed, has_ended, is_suppressed, left_behind,
        recipient_language, reserve_slot, suppress_address, undelivered,
    },
    listing::{Failure, Filter, by_ids, count, failure, find, list},
};
use crate::{Result, parse};

/// Where a delivery stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Waits for a worker, or for its next attempt.
    Queued,
    /// A worker hands it to the mail server; after a crash the server may have it already.
    Sending,
    /// The mail server has taken responsibility for it.
    Sent,
    /// It cannot be delivered; the reason is stored.
    Failed,
    /// It was no longer to be sent; the reason is stored.
    Suppressed,
}

impl State {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent | Self::Failed | Self::Suppressed)
    }
}

/// To whom a mail goes; the address is looked up when it is sent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RecipientKind {
    /// Somebody who can sign in.
    User,
    /// An expert.
    Expert,
    /// A mentee.
    Mentee,
    /// The guardian of the mentee whose id it is.
    Guardian,
    /// A centre's shared mailbox.
    Center,
    /// A regional office.
    Office,
}

impl RecipientKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A delivery to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Trigger, subject, step and recipient: one key is sent once.
    pub key: String,
    /// Why it is sent.
    pub trigger: String,
    /// Which one of several about the same subject.
    pub step: i16,
    /// What it is about: the entity's name.
    pub subject_kind: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// To whom.
    pub recipient_kind: RecipientKind,
    /// To whom.
    pub recipient_id: Uuid,
    /// Which round of a reminder it belongs to.
    pub occasion: Option<NaiveDate>,
}

/// One e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Trigger, subject, step and recipient: one key is sent once.
    pub key: String,
    /// Why it is sent.
    pub trigger: String,
    /// Which one of several about the same subject.
    pub step: i16,
    /// What it is about: the entity's name.
    pub subject_kind: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// To whom.
    pub recipient_kind: RecipientKind,
    /// To whom.
    pub recipient_id: Uuid,
    /// Where it stands.
    pub state: State,
    /// Why it failed or was suppressed; of a waiting one, why the last attempt did not succeed.
    pub reason: Option<String>,
    /// Attempts begun so far.
    pub attempts: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When its first attempt began: the date of the message, however often it is sent again.
    pub sending_at: Option<DateTime<Utc>>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Which round of a reminder it belongs to.
    pub occasion: Option<NaiveDate>,
    /// When its turn at its mail domain is.
    pub slot_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    key: String,
    trigger: String,
    step: i16,
    subject_kind: String,
    subject_id: Uuid,
    recipient_kind: String,
    recipient_id: Uuid,
    state: String,
    reason: Option<String>,
    attempts: i32,
    created_at: DateTime<Utc>,
    sending_at: Option<DateTime<Utc>>,
    sent_at: Option<DateTime<Utc>>,
    occasion: Option<NaiveDate>,
    slot_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Delivery {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            key: row.key,
            trigger: row.trigger,
            step: row.step,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            recipient_kind: parse("email_deliveries", "recipient_kind", row.id, &row.recipient_kind)?,
            recipient_id: row.recipient_id,
            state: parse("email_deliveries", "state", row.id, &row.state)?,
            reason: row.reason,
            attempts: row.attempts,
            created_at: row.created_at,
            sending_at: row.sending_at,
            sent_at: row.sent_at,
            occasion: row.occasion,
            slot_at: row.slot_at,
        })
    }
}

/// Writes any number of deliveries in one statement and returns the ids of those whose key was free.
pub async fn insert_many(
    conn: &mut PgConnection,
    deliveries: &[NewDelivery],
    now: DateTime<Utc>,
) -> Result<Vec<DeliveryId>> {
    if deliveries.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = deliveries.iter().map(|row| row.id.uuid()).collect();
    let keys: Vec<&str> = deliveries.iter().map(|row| row.key.as_str()).collect();
    let triggers: Vec<&str> = deliveries.iter().map(|row| row.trigger.as_str()).collect();
    let steps: Vec<i16> = deliveries.iter().map(|row| row.step).collect();
    let subject_kinds: Vec<&str> = deliveries.iter().map(|row| row.subject_kind.as_str()).collect();
    let subject_ids: Vec<Uuid> = deliveries.iter().map(|row| row.subject_id).collect();
    let recipient_kinds: Vec<&str> = deliveries.iter().map(|row| row.recipient_kind.as_str()).collect();
    let recipient_ids: Vec<Uuid> = deliveries.iter().map(|row| row.recipient_id).collect();
    let occasions: Vec<Option<NaiveDate>> = deliveries.iter().map(|row| row.occasion).collect();
    let inserted = sqlx::query_scalar!(
        "INSERT INTO email_deliveries (id, key, trigger, step, subject_kind, subject_id, recipient_kind,
             recipient_id, created_at, occasion)
         SELECT new.id, new.key, new.trigger, new.step, new.subject_kind, new.subject_id, new.recipient_kind,
             new.recipient_id, $9, new.occasion
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::uuid[], $7::text[],
                $8::uuid[], $10::date[])
                AS new (id, key, trigger, step, subject_kind, subject_id, recipient_kind, recipient_id, occasion)
         ON CONFLICT (key) DO NOTHING
         RETURNING id",
        &ids,
        &keys as &[&str],
        &triggers as &[&str],
        &steps,
        &subject_kinds as &[&str],
        &subject_ids,
        &recipient_kinds as &[&str],
        &recipient_ids,
        now,
        &occasions as &[Option<NaiveDate>],
    )
    .fetch_all(conn)
    .await?;
    Ok(inserted.into_iter().map(DeliveryId::from).collect())
}

/// Begins the next attempt at a delivery; `None` where it is finished or unknown.
///
/// One that is `SENDING` is taken up again: its worker is gone, since the job that carries it has one
/// attempt at a time.
pub async fn claim(conn: &mut PgConnection, id: DeliveryId, now: DateTime<Utc>) -> Result<Option<Delivery>> {
    sqlx::query_as!(
        Row,
        "UPDATE email_deliveries
            SET state = 'SENDING', attempts = attempts + 1, sending_at = COALESCE(sending_at, $2)
          WHERE id = $1 AND state IN ('QUEUED', 'SENDING')
         RETURNING id, key, trigger, step, subject_kind, subject_id, recipient_kind, recipient_id, state, reason,
             attempts, created_at, sending_at, sent_at, occasion, slot_at",
        id.uuid(),
        now,
    )
    .fetch_optional(conn)
    .await?
    .map(Delivery::try_from)
    .transpose()
}

/// Writes how an attempt ended; `false` where another attempt has begun, and nothing is written then.
///
/// `reason` says why it failed, was suppressed or has to wait. One that waits keeps its turn at its domain
/// only where `keeps_turn` says that it did not use it; `forgets_date` that it was never handed over, so that
/// its date is that of its first real attempt.
pub async fn finish(
    conn: &mut PgConnection,
    id: DeliveryId,
    attempt: i32,
    state: State,
    reason: Option<&str>,
    keeps_turn: bool,
    forgets_date: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let finished = sqlx::query!(
        "UPDATE email_deliveries
            SET state = $3, reason = $4,
                sent_at = CASE WHEN $3 = 'SENT' THEN $5::timestamptz END,
                finished_at = CASE WHEN $3 IN ('SENT', 'FAILED', 'SUPPRESSED') THEN $5::timestamptz END,
                slot_at = CASE WHEN $6 THEN slot_at END,
                sending_at = CASE WHEN $7 THEN NULL ELSE sending_at END
          WHERE id = $1 AND state = 'SENDING' AND attempts = $2",
        id.uuid(),
        attempt,
        state.as_str(),
        reason,
        now,
        keeps_turn,
        forgets_date,
    )
    .execute(conn)
    .await?;
    Ok(finished.rows_affected() == 1)
}

/// Marks a match's approach as sent: reminder and lapse count from here.
pub async fn mark_approach_sent(conn: &mut PgConnection, id: MatchId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE matches SET approach_sent_at = $2, undeliverable = false WHERE id = $1",
        id.uuid(),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks a match's approach as undeliverable. Returns the offices that have to know: the one that asked
/// and, where it is another one, the expert's own.
pub async fn mark_approach_undeliverable(conn: &mut PgConnection, id: MatchId) -> Result<Vec<OfficeId>> {
    let row = sqlx::query!(
        "UPDATE matches SET undeliverable = true
           FROM cases, service_centers, experts
          WHERE matches.id = $1 AND cases.id = matches.case_id AND service_centers.id = cases.center_id
            AND experts.id = matches.expert_id
         RETURNING service_centers.office_id AS asking_office, experts.office_id AS expert_office",
        id.uuid(),
    )
    .fetch_one(conn)
    .await?;
    let mut offices = vec![
        OfficeId::from(row.asking_office),
        OfficeId::from(row.expert_office),
    ];
    offices.dedup();
    Ok(offices)
}

/// Marks an expert's e-mail address as one that a mail server refused.
pub async fn mark_address_undeliverable(conn: &mut PgConnection, id: ExpertId) -> Result<()> {
    sqlx::query!(
        "UPDATE experts SET email_undeliverable = true WHERE id = $1",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes that mark away: somebody who knows says that the address takes mails again.
pub async fn mark_address_deliverable(conn: &mut PgConnection, id: ExpertId) -> Result<()> {
    sqlx::query!(
        "UPDATE experts SET email_undeliverable = false WHERE id = $1",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many deliveries there are with this trigger, subject, step and recipient, and whether one of them
/// is not finished.
pub async fn siblings(conn: &mut PgConnection, delivery: &Delivery) -> Result<(i64, bool)> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", COALESCE(bool_or(state IN ('QUEUED', 'SENDING')), false) AS "open!"
             FROM email_deliveries
            WHERE subject_id = $1 AND trigger = $2 AND step = $3 AND recipient_kind = $4 AND recipient_id = $5"#,
        delivery.subject_id,
        delivery.trigger,
        delivery.step,
        delivery.recipient_kind.as_str(),
        delivery.recipient_id,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.count, row.open))
}
