//! Requests to export or to erase what is kept about one person, and holds that forbid it.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, DataRequestId, ExpertId, UserId};
use tandem_domain::postal_codes::PostalCode;
use uuid::Uuid;

use super::Subject;
use crate::paging::{Page, Slice};
use crate::{Result, parse};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Everything about the person (Art. 15).
    Export,
    /// Nothing of the person is to be left (Art. 17).
    Erasure,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// An administrator has to confirm it.
    Waiting,
    /// A worker will do it.
    Queued,
    /// A worker is at it.
    Running,
    /// Done.
    Done,
    /// It is not done; the refusal says why.
    Refused,
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct DataRequest {
    /// Its id.
    pub id: DataRequestId,
    /// What is asked for.
    pub kind: Kind,
    /// Whose data.
    pub subject: Subject,
    /// Whose data.
    pub subject_id: Uuid,
    /// Who asked; none where retention did.
    pub requested_by: Option<UserId>,
    /// Where it stands.
    pub state: State,
    /// Why it is not done.
    pub refusal: Option<String>,
    /// Tables done.
    pub progress_done: i32,
    /// Tables to do.
    pub progress_total: i32,
    /// How many rows of which table.
    pub receipt: Option<serde_json::Value>,
    /// The export, until it expires.
    pub content: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was done or refused.
    pub finished_at: Option<DateTime<Utc>>,
    /// Until when the export can be fetched.
    pub expires_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    kind: String,
    subject_kind: String,
    subject_id: Uuid,
    requested_by: Option<Uuid>,
    state: String,
    refusal: Option<String>,
    progress_done: i32,
    progress_total: i32,
    receipt: Option<serde_json::Value>,
    content: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for DataRequest {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            kind: parse("data_requests", "kind", row.id, &row.kind)?,
            subject: parse("data_requests", "subject_kind", row.id, &row.subject_kind)?,
            subject_id: row.subject_id,
            requested_by: row.requested_by.map(UserId::from),
            state: parse("data_requests", "state", row.id, &row.state)?,
            refusal: row.refusal,
            progress_done: row.progress_done,
            progress_total: row.progress_total,
            receipt: row.receipt,
            content: row.content,
            created_at: row.created_at,
            finished_at: row.finished_at,
            expires_at: row.expires_at,
        })
    }
}

/// A request to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewRequest {
    /// Its id.
    pub id: DataRequestId,
    /// What is asked for.
    pub kind: Kind,
    /// Whose data.
    pub subject: Subject,
    /// Whose data.
    pub subject_id: Uuid,
    /// Who asks; none for retention.
    pub requested_by: Option<UserId>,
    /// Whether it begins at once or has to be confirmed.
    pub state: State,
}

/// Writes a request; `false` where one of the same kind about the person is open already.
pub async fn insert(conn: &mut PgConnection, new: &NewRequest, now: DateTime<Utc>) -> Result<bool> {
    let written = sqlx::query!(
        "INSERT INTO data_requests (id, kind, subject_kind, subject_id, requested_by, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        new.id.uuid(),
        new.kind.to_string(),
        new.subject.to_string(),
        new.subject_id,
        new.requested_by.map(UserId::uuid),
        new.state.to_string(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// The open request of a kind about a person.
pub async fn open(conn: &mut PgConnection, kind: Kind, subject_id: Uuid) -> Result<Option<DataRequest>> {
    sqlx::query_as!(
        Row,
        "SELECT id, kind, subject_kind, subject_id, requested_by, state, refusal, progress_done, progress_total,
             receipt, content, created_at, finished_at, expires_at
           FROM data_requests WHERE kind = $1 AND subject_id = $2 AND state IN ('WAITING', 'QUEUED', 'RUNNING')",
        kind.to_string(),
        subject_id,
    )
    .fetch_optional(conn)
    .await?
    .map(DataRequest::try_from)
    .transpose()
}

/// The erasure of a person that was done, with its receipt.
pub async fn erased(conn: &mut PgConnection, subject_id: Uuid) -> Result<Option<DataRequest>> {
    sqlx::query_as!(
        Row,
        "SELECT id, kind, subject_kind, subject_id, requested_by, state, refusal, progress_done, progress_total,
             receipt, content, created_at, finished_at, expires_at
           FROM data_requests WHERE kind = 'ERASURE' AND subject_id = $1 AND state = 'DONE'
          ORDER BY finished_at DESC LIMIT 1",
        subject_id,
    )
    .fetch_optional(conn)
    .await?
    .map(DataRequest::try_from)
    .transpose()
}

/// Who was erased since a moment: experts with the postal code that is left of them, and the cases of mentees.
pub async fn erased_since(conn: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<Forgotten>> {
    let experts = sqlx::query!("SELECT id, postal_code FROM experts WHERE erased_at >= $1", since)
        .fetch_all(&mut *conn)
        .await?;
    let cases = sqlx::query_scalar!(
        "SELECT c.id FROM cases c JOIN mentees t ON t.id = c.mentee_id WHERE t.erased_at >= $1",
        since
    )
    .fetch_all(conn)
    .await?;
    let mut forgotten = Vec::new();
    for row in experts {
        let postal_code = parse("experts", "postal_code", row.id, &row.postal_code)?;
        forgotten.push(Forgotten::Expert(row.id.into(), postal_code));
    }
    forgotten.extend(cases.into_iter().map(|id| Forgotten::Case(id.into())));
    Ok(forgotten)
}

/// What is left of an erased person in places that know the person by id.
pub async fn forgotten(conn: &mut PgConnection, subject: Subject, id: Uuid) -> Result<Vec<Forgotten>> {
    Ok(match subject {
        Subject::Expert => {
            let code = sqlx::query_scalar!("SELECT postal_code FROM experts WHERE id = $1", id)
                .fetch_one(conn)
                .await?;
            let postal_code = parse("experts", "postal_code", id, &code)?;
            vec![Forgotten::Expert(id.into(), postal_code)]
        }
        Subject::Mentee => sqlx::query_scalar!("SELECT id FROM cases WHERE mentee_id = $1", id)
            .fetch_all(conn)
            .await?
            .into_iter()
            .map(|id| Forgotten::Case(id.into()))
            .collect(),
        Subject::User | Subject::Case => Vec::new(),
    })
}

/// Somebody erased, as the numbers behind a plan know one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// An expert, with the coarse postal code that is left.
    Expert(ExpertId, PostalCode),
    /// A case of a mentee.
    Case(CaseId),
}

/// Requests by their ids.
pub async fn by_ids(conn: &mut PgConnection, ids: &[DataRequestId]) -> Result<Vec<DataRequest>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT id, kind, subject_kind, subject_id, requested_by, state, refusal, progress_done, progress_total,
             receipt, content, created_at, finished_at, expires_at
           FROM data_requests WHERE id = ANY($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(DataRequest::try_from)
    .collect()
}

/// One request, locked until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: DataRequestId) -> Result<Option<DataRequest>> {
    sqlx::query!("SELECT id FROM data_requests WHERE id = $1 FOR UPDATE", id.uuid())
        .fetch_optional(&mut *conn)
        .await?;
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// The requests about these people, or about everybody; the newest first.
pub async fn list(
    conn: &mut PgConnection,
    subjects: Option<&[Uuid]>,
    page: &Page<(DateTime<Utc>, Uuid)>,
) -> Result<Slice<DataRequest>> {
    let (after_at, after) = page.after.unzip();
    let (before_at, before) = page.before.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, kind, subject_kind, subject_id, requested_by, state, refusal, progress_done, progress_total,
             receipt, content, created_at, finished_at, expires_at
           FROM data_requests
          WHERE ($1::uuid[] IS NULL OR subject_id = ANY($1))
            AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
            AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5))
          ORDER BY CASE WHEN $6 THEN created_at END, CASE WHEN $6 THEN id END, created_at DESC, id DESC
          LIMIT $7",
        subjects,
        after_at,
        after,
        before_at,
        before,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(DataRequest::try_from)
    .collect::<Result<Vec<_>>>()?;
    Ok(page.slice(rows))
}

/// Moves a request on.
pub async fn set_state(conn: &mut PgConnection, id: DataRequestId, state: State, total: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE data_requests SET state = $2, progress_total = $3 WHERE id = $1",
        id.uuid(),
        state.to_string(),
        total,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was found about a person.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// As JSON.
    pub content: &'a str,
    /// As PDF.
    pub report: &'a [u8],
    /// Until when it is kept.
    pub expires_at: DateTime<Utc>,
}

/// Notes how far a request is.
pub async fn progress(conn: &mut PgConnection, id: DataRequestId, done: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE data_requests SET progress_done = $2 WHERE id = $1 AND state = 'RUNNING'",
        id.uuid(),
        done,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The PDF of an export, until it expires.
pub async fn report(conn: &mut PgConnection, id: DataRequestId) -> Result<Option<Vec<u8>>> {
    Ok(
        sqlx::query_scalar!("SELECT report FROM data_requests WHERE id = $1", id.uuid())
            .fetch_optional(conn)
            .await?
            .flatten(),
    )
}

/// Ends a request that was done, with its receipt and, of an export, what was found until it expires.
pub async fn finish(
    conn: &mut PgConnection,
    id: DataRequestId,
    receipt: &serde_json::Value,
    export: Option<&Export<'_>>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE data_requests
            SET state = 'DONE', receipt = $2, content = $3, report = $6, expires_at = $4, finished_at = $5,
                progress_done = progress_total
          WHERE id = $1",
        id.uuid(),
        receipt,
        export.map(|export| export.content),
        export.map(|export| export.expires_at),
        now,
        export.map(|export| export.report),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a request that is not done.
pub async fn refuse(
    conn: &mut PgConnection,
    id: DataRequestId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE data_requests SET state = 'REFUSED', refusal = $2, finished_at = $3 WHERE id = $1",
        id.uuid(),
        reason,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Throws away the content of exports that have expired.
pub async fn purge_expired(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let purged = sqlx::query!(
        "UPDATE data_requests SET content = NULL, report = NULL WHERE content IS NOT NULL AND expires_at <= $1",
        now
    )
    .execute(conn)
    .await?;
    Ok(purged.rows_affected())
}

/// What stands in the way of erasing a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// Matches that are open (`APPROACHED … PAUSED`).
    pub open_matches: i64,
    /// A case that is neither closed nor withdrawn.
    pub open_cases: i64,
    /// Whether it is somebody on the staff who may still sign in.
    pub active_staff: bool,
    /// Why it is on hold, and until when.
    pub hold: Option<(String, NaiveDate)>,
}

/// Reads what stands in the way of erasing a person.
pub async fn obstacles(
    conn: &mut PgConnection,
    subject: Subject,
    id: Uuid,
    today: NaiveDate,
) -> Result<Obstacles> {
    let row = sqlx::query!(
        r#"SELECT
             (SELECT count(*) FROM matches m JOIN cases c ON c.id = m.case_id
               WHERE match_is_open(m.state)
                 AND (($1 = 'EXPERT' AND m.expert_id = $2) OR ($1 = 'MENTEE' AND c.mentee_id = $2))) AS "matches!",
             (SELECT count(*) FROM cases
               WHERE $1 = 'MENTEE' AND mentee_id = $2 AND state NOT IN ('CLOSED', 'WITHDRAWN')) AS "cases!",
             ($1 = 'USER' AND EXISTS (SELECT FROM users u WHERE u.id = $2 AND u.active AND EXISTS (
                 SELECT FROM role_grants g WHERE g.user_id = u.id
                    AND g.role IN ('ADMIN', 'COORDINATOR', 'CENTER_STAFF')))) AS "staff!",
             (SELECT reason FROM legal_holds WHERE subject_id = $2 AND until >= $3) AS hold_reason,
             (SELECT until FROM legal_holds WHERE subject_id = $2 AND until >= $3) AS hold_until"#,
        subject.to_string(),
        id,
        today,
    )
    .fetch_one(conn)
    .await?;
    Ok(Obstacles {
        open_matches: row.matches,
        open_cases: row.cases,
        active_staff: row.staff,
        hold: row.hold_reason.zip(row.hold_until),
    })
}

/// The accounts of a person that are for nothing else.
pub async fn accounts(conn: &mut PgConnection, subject: Subject, id: Uuid) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT g.user_id FROM role_grants g
          WHERE (($1 = 'EXPERT' AND g.expert_id = $2) OR ($1 = 'MENTEE' AND g.mentee_id = $2))
            AND NOT EXISTS (SELECT FROM role_grants other WHERE other.user_id = g.user_id AND other.id <> g.id)",
        subject.to_string(),
        id,
    )
    .fetch_all(conn)
    .await?)
}

/// Marks a person as erased; an expert has left at the latest now.
pub async fn mark_erased(
    conn: &mut PgConnection,
    subject: Subject,
    id: Uuid,
    now: DateTime<Utc>,
    today: NaiveDate,
) -> Result<()> {
    match subject {
        Subject::Expert => {
            sqlx::query!(
                "UPDATE experts SET state = 'LEFT', left_on = COALESCE(left_on, $3), erased_at = $2,
                     version = version + 1, updated_at = $2
                 WHERE id = $1",
                id,
                now,
                today,
            )
            .execute(conn)
            .await?;
        }
        Subject::Mentee => {
            sqlx::query!(
                "UPDATE mentees SET erased_at = $2, version = version + 1, updated_at = $2 WHERE id = $1",
                id,
                now,
            )
            .execute(conn)
            .await?;
        }
        Subject::User => {
            sqlx::query!(
                "UPDATE users SET erased_at = $2, version = version + 1, updated_at = $2 WHERE id = $1",
                id,
                now,
            )
            .execute(conn)
            .await?;
        }
        Subject::Case => {
            sqlx::query!("UPDATE cases SET free_text_erased_at = $2 WHERE id = $1", id, now)
                .execute(conn)
                .await?;
        }
    }
    Ok(())
}

/// Takes back every mail to a person that has not left.
pub async fn suppress_mails(conn: &mut PgConnection, recipient: Uuid, now: DateTime<Utc>) -> Result<u64> {
    let suppressed = sqlx::query!(
        "UPDATE email_deliveries SET state = 'SUPPRESSED', reason = 'erased', finished_at = $2
          WHERE recipient_id = $1 AND state IN ('QUEUED', 'SENDING')",
        recipient,
        now,
    )
    .execute(conn)
    .await?;
    Ok(suppressed.rows_affected())
}

/// Forbids the erasure of a person until a day.
pub async fn hold(
    conn: &mut PgConnection,
    (subject, id): (Subject, Uuid),
    reason: &str,
    until: NaiveDate,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO legal_holds (subject_kind, subject_id, reason, until, set_by, set_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (subject_id) DO UPDATE
            SET reason = EXCLUDED.reason, until = EXCLUDED.until, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at",
        subject.to_string(),
        id,
        reason,
        until,
        by.map(UserId::uuid),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a hold; `false` where there was none.
pub async fn release(conn: &mut PgConnection, id: Uuid) -> Result<bool> {
    let released = sqlx::query!("DELETE FROM legal_holds WHERE subject_id = $1", id)
        .execute(conn)
        .await?;
    Ok(released.rows_affected() == 1)
}

/// Whether a person is there, whose office it is and whether it was erased: what policy and erasure ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonFacts {
    /// The office that answers for the person.
    pub office: Option<Uuid>,
    /// The centre.
    pub center: Option<Uuid>,
    /// When the person was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

/// Reads what policy and erasure ask about a person, and locks the row.
pub async fn person(conn: &mut PgConnection, subject: Subject, id: Uuid) -> Result<Option<PersonFacts>> {
    Ok(match subject {
        Subject::Expert => sqlx::query_as!(
            PersonFacts,
            r#"SELECT office_id AS "office?", NULL::uuid AS center, erased_at FROM experts WHERE id = $1"#,
            id
        )
        .fetch_optional(conn)
        .await?,
        Subject::Mentee => {
            sqlx::query_as!(
                PersonFacts,
                r#"SELECT s.office_id AS "office?", t.center_id AS "center?", t.erased_at
                     FROM mentees t JOIN service_centers s ON s.id = t.center_id WHERE t.id = $1"#,
                id
            )
            .fetch_optional(conn)
            .await?
        }
        Subject::User => {
            sqlx::query_as!(
                PersonFacts,
                r#"SELECT NULL::uuid AS office, NULL::uuid AS center, erased_at FROM users WHERE id = $1"#,
                id
            )
            .fetch_optional(conn)
            .await?
        }
        Subject::Case => None,
    })
}
