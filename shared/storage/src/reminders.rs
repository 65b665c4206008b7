//! Reminders: which subjects are watched, and what a sweep has to look at (domain.md, the table of
//! "E-mails and reminders"). The rows follow their subjects by triggers of the database.

mod facts;
mod lists;

use chrono::NaiveDate;
use sqlx::PgConnection;
use tandem_domain::reminders::Reminder;
use uuid::Uuid;

pub use self::{
    facts::{
        AttendanceFacts, CaseFacts, CheckFacts, Gender, GuardianFacts, InterviewFacts, MatchLife,
        MenteeFacts, attendance_facts, case_facts, check_facts, interview_facts, match_lives,
    },
    lists::{
        Administrator, Digest, DigestLine, Since, administrator, administrators, booked_modules, digest,
    },
};
use crate::{Result, parse};

/// A row that a sweep has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// What is brought to mind.
    pub reminder: Reminder,
    /// About what.
    pub subject: Uuid,
    /// The day from which, or towards which, its steps are counted.
    pub anchor: NaiveDate,
}

/// Locks up to `limit` rows whose day has come, the longest waiting first; those that another worker is at
/// are left to it.
pub async fn take_due(conn: &mut PgConnection, today: NaiveDate, limit: i64) -> Result<Vec<Watched>> {
    let rows = sqlx::query!(
        "SELECT kind, subject_id, anchor FROM reminders
          WHERE next_on <= $1
          ORDER BY next_on, kind, subject_id
          LIMIT $2
            FOR UPDATE SKIP LOCKED",
        today,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Watched {
                reminder: parse("reminders", "kind", row.subject_id, &row.kind)?,
                subject: row.subject_id,
                anchor: row.anchor,
            })
        })
        .collect()
}

/// The day from which, or towards which, a reminder's steps are counted now; none where it watches this
/// subject no more.
pub async fn anchor(conn: &mut PgConnection, reminder: Reminder, subject: Uuid) -> Result<Option<NaiveDate>> {
    Ok(sqlx::query_scalar!(
        "SELECT anchor FROM reminders WHERE kind = $1 AND subject_id = $2",
        reminder.as_str(),
        subject,
    )
    .fetch_optional(conn)
    .await?)
}

/// Stamps rows that were looked at: when to look again, `None` for never.
pub async fn stamp(conn: &mut PgConnection, rows: &[(Watched, Option<NaiveDate>)]) -> Result<()> {
    let kinds: Vec<&str> = rows.iter().map(|(row, _)| row.reminder.as_str()).collect();
    let subjects: Vec<Uuid> = rows.iter().map(|(row, _)| row.subject).collect();
    let next: Vec<Option<NaiveDate>> = rows.iter().map(|(_, next)| *next).collect();
    sqlx::query!(
        "UPDATE reminders SET next_on = new.next_on
           FROM unnest($1::text[], $2::uuid[], $3::date[]) AS new (kind, subject_id, next_on)
          WHERE reminders.kind = new.kind AND reminders.subject_id = new.subject_id",
        &kinds as &[&str],
        &subjects,
        &next as &[Option<NaiveDate>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves the anchor of a row that was looked at: everything up to `anchor` is told.
pub async fn move_anchor(conn: &mut PgConnection, row: &Watched, anchor: NaiveDate) -> Result<()> {
    sqlx::query!(
        "UPDATE reminders SET anchor = $3 WHERE kind = $1 AND subject_id = $2",
        row.reminder.as_str(),
        row.subject,
        anchor,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes with which version of the settings rows are planned from now on, and says with which they were
/// until now, where that is another one. Of several who ask at the same moment one is told.
pub async fn planned_with(conn: &mut PgConnection, settings: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "WITH before AS (SELECT settings FROM reminder_plan WHERE settings <> $1 FOR UPDATE)
         UPDATE reminder_plan SET settings = $1 FROM before RETURNING before.settings",
        settings
    )
    .fetch_optional(conn)
    .await?)
}

/// Has every row of these reminders planned anew.
pub async fn replan(conn: &mut PgConnection, reminders: &[Reminder]) -> Result<()> {
    let kinds: Vec<&str> = reminders.iter().map(|reminder| reminder.as_str()).collect();
    sqlx::query!(
        "UPDATE reminders SET next_on = '2000-01-01'
          WHERE kind = ANY($1) AND next_on IS DISTINCT FROM '2000-01-01'",
        &kinds as &[&str],
    )
    .execute(conn)
    .await?;
    Ok(())
}
