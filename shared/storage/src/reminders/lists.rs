//! What the mails that are lists say: the coordinators' digest, and what is about to be erased.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{ExpertId, OfficeId, UserId};
use uuid::Uuid;

use crate::Result;

/// An administrator who is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The user.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Language.
    pub language: String,
}

/// Everybody who is an administrator now.
pub async fn administrators(conn: &mut PgConnection) -> Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "SELECT u.id FROM users u
          WHERE u.active AND EXISTS (SELECT FROM role_grants g WHERE g.user_id = u.id AND g.role = 'ADMIN')
          ORDER BY u.id"
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}

/// An administrator; none where that user is none any more.
pub async fn administrator(conn: &mut PgConnection, id: UserId) -> Result<Option<Administrator>> {
    Ok(sqlx::query_as!(
        Administrator,
        "SELECT u.id, u.name, u.email, u.phone, u.language FROM users u
          WHERE u.id = $1 AND u.active AND EXISTS (SELECT FROM role_grants g WHERE g.user_id = u.id AND g.role = 'ADMIN')",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?)
}

/// The modules of which these experts have booked a session that is still to come, or attended one.
pub async fn booked_modules(
    conn: &mut PgConnection,
    experts: &[ExpertId],
    now: DateTime<Utc>,
) -> Result<Vec<(ExpertId, String)>> {
    let experts: Vec<Uuid> = experts.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT a.expert_id, d.code
           FROM training_attendances a
           JOIN training_sessions s ON s.id = a.session_id
           JOIN training_modules d ON d.id = s.module_id
          WHERE a.expert_id = ANY($1) AND a.state = 'BOOKED' AND s.cancelled_at IS NULL AND s.ends_at > $2",
        &experts,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.expert_id.into(), row.code))
        .collect())
}

/// One line of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLine {
    /// Its id, for the link.
    pub id: Uuid,
    /// An expert's name, or the place of a centre.
    pub name: String,
    /// A case's number; empty where it is about an expert alone.
    pub reference: String,
    /// The day that it is about.
    pub on: NaiveDate,
}

/// What an office has to look at, each part's most urgent first, and how many there are of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest {
    /// Checks that end soon or have ended, of experts with an open match first.
    pub expiring: Vec<DigestLine>,
    /// How many.
    pub expiring_count: usize,
    /// Approaches without an answer.
    pub unanswered: Vec<DigestLine>,
    /// How many.
    pub unanswered_count: usize,
    /// Active matches without a logged meeting.
    pub silent: Vec<DigestLine>,
    /// How many.
    pub silent_count: usize,
    /// Cases that search.
    pub unfilled: Vec<DigestLine>,
    /// How many.
    pub unfilled_count: usize,
}

impl Digest {
    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.expiring_count + self.unanswered_count + self.silent_count + self.unfilled_count == 0
    }
}

/// Since when things are worth a line.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// Checks that end up to this day.
    pub expiring_until: NaiveDate,
    /// Checks that ended before this day are known by now.
    pub expired_from: NaiveDate,
    /// Approaches that were sent before this instant.
    pub asked_before: DateTime<Utc>,
    /// No meeting since this day.
    pub met_before: NaiveDate,
}

/// Reads an office's digest with at most `limit` lines a part.
pub async fn digest(conn: &mut PgConnection, office: OfficeId, since: Since, limit: usize) -> Result<Digest> {
    let mut digest = Digest {
        expiring: sqlx::query_as!(
            DigestLine,
            r#"SELECT e.id, concat_ws(' ', NULLIF(e.title, ''), e.given_name, e.family_name) AS "name!",
                   '' AS "reference!", max(b.valid_until) AS "on!"
                 FROM background_checks b JOIN experts e ON e.id = b.expert_id
                WHERE e.office_id = $1 AND e.state = 'ACTIVE' AND b.erased_on IS NULL AND b.no_relevant_entry
                  AND b.valid_until BETWEEN $2 AND $3
                  AND NOT EXISTS (SELECT FROM background_checks n WHERE n.expert_id = b.expert_id
                      AND n.erased_on IS NULL AND n.no_relevant_entry AND n.valid_until > $3)
                GROUP BY e.id
                ORDER BY e.open_matches > 0 DESC, 4, e.id"#,
            office.uuid(),
            since.expired_from,
            since.expiring_until,
        )
        .fetch_all(&mut *conn)
        .await?,
        unanswered: sqlx::query_as!(
            DigestLine,
            r#"SELECT m.id, concat_ws(' ', NULLIF(e.title, ''), e.given_name, e.family_name) AS "name!",
                   COALESCE(c.external_id, upper(right(replace(c.id::text, '-', ''), 8))) AS "reference!",
                   german_date(m.approach_sent_at) AS "on!"
                 FROM matches m JOIN experts e ON e.id = m.expert_id JOIN cases c ON c.id = m.case_id
                 JOIN service_centers s ON s.id = c.center_id
                WHERE m.state = 'APPROACHED' AND m.approach_sent_at < $2 AND s.office_id = $1
                ORDER BY m.approach_sent_at, m.id"#,
            office.uuid(),
            since.asked_before,
        )
        .fetch_all(&mut *conn)
        .await?,
        silent: sqlx::query_as!(
            DigestLine,
            r#"SELECT m.id, concat_ws(' ', NULLIF(e.title, ''), e.given_name, e.family_name) AS "name!",
                   COALESCE(c.external_id, upper(right(replace(c.id::text, '-', ''), 8))) AS "reference!",
                   last_contact(m.id, m.contact_since) AS "on!"
                 FROM matches m JOIN experts e ON e.id = m.expert_id JOIN cases c ON c.id = m.case_id
                 JOIN service_centers s ON s.id = c.center_id
                WHERE m.state = 'ACTIVE' AND s.office_id = $1 AND last_contact(m.id, m.contact_since) <= $2
                ORDER BY 4, m.id"#,
            office.uuid(),
            since.met_before,
        )
        .fetch_all(&mut *conn)
        .await?,
        unfilled: sqlx::query_as!(
            DigestLine,
            r#"SELECT c.id, p.place AS "name!",
                   COALESCE(c.external_id, upper(right(replace(c.id::text, '-', ''), 8))) AS "reference!",
                   german_date(c.submitted_at) AS "on!"
                 FROM cases c JOIN service_centers s ON s.id = c.center_id
                 JOIN postal_codes p ON p.postal_code = s.postal_code
                WHERE c.state = 'SEARCHING' AND s.office_id = $1
                ORDER BY c.submitted_at, c.id"#,
            office.uuid(),
        )
        .fetch_all(&mut *conn)
        .await?,
        ..Digest::default()
    };
    digest.expiring_count = digest.expiring.len();
    digest.unanswered_count = digest.unanswered.len();
    digest.silent_count = digest.silent.len();
    digest.unfilled_count = digest.unfilled.len();
    for lines in [
        &mut digest.expiring,
        &mut digest.unanswered,
        &mut digest.silent,
        &mut digest.unfilled,
    ] {
        lines.truncate(limit);
    }
    Ok(digest)
}
