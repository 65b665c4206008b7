//! Documents that people print: what is asked for, and its PDF once the worker has made it.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sqlx::PgConnection;
use tandem_domain::checks::CheckKind;
use tandem_domain::clock::{ZONE, date_in_germany};
use tandem_domain::documents::{
    Agreement, CenterAddress, CheckLetter, DocumentKind, Sender, Signature, TrainingCertificate,
};
use tandem_domain::ids::{AttendanceId, CheckId, DocumentId, ExpertId, MatchId, OfficeId, UserId};
use tandem_domain::parties::Side;
use tandem_domain::settings::Settings;
use tandem_domain::training::{AttendanceState, counts_until};
use tandem_domain::values::{Channel, SupportArea};
use uuid::Uuid;

use crate::checks::requests;
use crate::{Error, Result, parse};

/// A document without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// What kind.
    pub kind: DocumentKind,
    /// What it is made from: an agreement, a background check, an attendance.
    pub subject: Uuid,
    /// Whose data it holds.
    pub expert_id: ExpertId,
    /// That expert's office.
    pub office_id: OfficeId,
    /// The match, of an agreement.
    pub match_id: Option<MatchId>,
    /// When it was asked for; the time that the PDF carries.
    pub created_at: DateTime<Utc>,
    /// When the worker made it; none until then.
    pub rendered_at: Option<DateTime<Utc>>,
    /// How long its PDF is, in bytes.
    pub size: Option<i32>,
}

struct Row {
    id: Uuid,
    kind: String,
    subject_id: Uuid,
    expert_id: Uuid,
    office_id: Uuid,
    match_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    rendered_at: Option<DateTime<Utc>>,
    size: Option<i32>,
}

impl TryFrom<Row> for Document {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            kind: parse("documents", "kind", row.id, &row.kind)?,
            subject: row.subject_id,
            expert_id: row.expert_id.into(),
            office_id: row.office_id.into(),
            match_id: row.match_id.map(Into::into),
            created_at: row.created_at,
            rendered_at: row.rendered_at,
            size: row.size,
        })
    }
}

/// A document to be made.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// The id of the row where one is made.
    pub id: DocumentId,
    /// What kind.
    pub kind: DocumentKind,
    /// What it is made from: the entity's name and its id.
    pub subject: (&'static str, Uuid),
    /// Whose data it holds.
    pub expert_id: ExpertId,
    /// The match, of an agreement.
    pub match_id: Option<MatchId>,
    /// Which state of its subject it shows.
    pub content_version: String,
    /// Who asks.
    pub requested_by: Option<UserId>,
}

/// Writes a document to be made, unless there is one of the same state of its subject. Returns its id, and
/// whether it was written now.
pub async fn ask(
    conn: &mut PgConnection,
    new: &NewDocument,
    at: DateTime<Utc>,
) -> Result<(DocumentId, bool)> {
    let written = sqlx::query_scalar!(
        "INSERT INTO documents (id, kind, subject_kind, subject_id, expert_id, match_id, content_version,
             requested_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (kind, subject_id, content_version) DO NOTHING
         RETURNING id",
        new.id.uuid(),
        new.kind.as_str(),
        new.subject.0,
        new.subject.1,
        new.expert_id.uuid(),
        new.match_id.map(MatchId::uuid),
        new.content_version,
        new.requested_by.map(UserId::uuid),
        at,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(id) = written {
        return Ok((id.into(), true));
    }
    let there = sqlx::query_scalar!(
        "SELECT id FROM documents WHERE kind = $1 AND subject_id = $2 AND content_version = $3",
        new.kind.as_str(),
        new.subject.1,
        new.content_version,
    )
    .fetch_one(conn)
    .await?;
    Ok((there.into(), false))
}

/// Documents without their bytes, in no particular order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[DocumentId]) -> Result<Vec<Document>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT d.id, d.kind, d.subject_id, d.expert_id, e.office_id, d.match_id, d.created_at, d.rendered_at,
             octet_length(d.bytes) AS size
         FROM documents d JOIN experts e ON e.id = d.expert_id
         WHERE d.id = ANY($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Document::try_from)
    .collect()
}

/// The newest document that is made from each of these subjects, without its bytes.
pub async fn newest_of(
    conn: &mut PgConnection,
    kind: DocumentKind,
    subjects: &[Uuid],
) -> Result<Vec<Document>> {
    sqlx::query_as!(
        Row,
        "SELECT DISTINCT ON (d.subject_id) d.id, d.kind, d.subject_id, d.expert_id, e.office_id, d.match_id,
             d.created_at, d.rendered_at, octet_length(d.bytes) AS size
         FROM documents d JOIN experts e ON e.id = d.expert_id
         WHERE d.kind = $1 AND d.subject_id = ANY($2)
         ORDER BY d.subject_id, d.created_at DESC, d.id DESC",
        kind.as_str(),
        subjects,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Document::try_from)
    .collect()
}

/// The PDF; none where it is not made yet, or is gone.
pub async fn bytes(conn: &mut PgConnection, id: DocumentId) -> Result<Option<Vec<u8>>> {
    let row = sqlx::query_scalar!("SELECT bytes FROM documents WHERE id = $1", id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(row.flatten())
}

/// Keeps the PDF. Says whether the document still waited for it.
pub async fn store(conn: &mut PgConnection, id: DocumentId, bytes: &[u8], at: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE documents SET bytes = $2, rendered_at = $3 WHERE id = $1 AND bytes IS NULL",
        id.uuid(),
        bytes,
        at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes every document that is made from a subject.
pub async fn remove_of(conn: &mut PgConnection, subject: Uuid) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM documents WHERE subject_id = $1", subject)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Removes every document that holds an expert's data, or a mentee's through one of the mentee's matches.
pub async fn remove_of_person(conn: &mut PgConnection, person: Uuid) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM documents d WHERE d.expert_id = $1 OR EXISTS (
             SELECT FROM matches m JOIN cases c ON c.id = m.case_id WHERE m.id = d.match_id AND c.mentee_id = $1)",
        person,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The office that writes to an expert.
async fn sender(conn: &mut PgConnection, expert: ExpertId, settings: &Settings) -> Result<Sender> {
    let row = sqlx::query!(
        "SELECT o.name, o.postal_code, p.place, o.contact_name, o.phone, o.email
         FROM experts e JOIN regional_offices o ON o.id = e.office_id
         JOIN postal_codes p ON p.postal_code = o.postal_code
         WHERE e.id = $1",
        expert.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Sender {
        programme: settings.programme_name.clone(),
        organisation: settings.organisation_name.clone(),
        office: row.name,
        place: format!("{} {}", row.postal_code, row.place),
        contact: row.contact_name,
        phone: row.phone,
        email: row.email,
    })
}

fn full_name(title: &str, given_name: &str, family_name: &str) -> String {
    [title, given_name, family_name]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What the letter of an open request says, or the one for the renewal of a check that ends, asked for on a
/// day; none where it is neither any more.
pub async fn check_letter(
    conn: &mut PgConnection,
    check: CheckId,
    expert: ExpertId,
    settings: &Settings,
    on: NaiveDate,
) -> Result<Option<CheckLetter>> {
    let Some(facts) = requests::letter_facts(conn, check, on).await? else {
        return Ok(None);
    };
    let kind: CheckKind = facts.kind;
    Ok(Some(CheckLetter {
        sender: sender(conn, expert, settings).await?,
        name: full_name(&facts.title, &facts.given_name, &facts.family_name),
        birth_date: facts.birth_date,
        street: facts.street,
        place: format!("{} {}", facts.postal_code, facts.place),
        kind,
        written_on: facts.requested_on,
        max_age_months: settings.check_max_age_at_inspection_months,
    }))
}

/// What the certificate of an attendance says; none where it is none (any more).
pub async fn training_certificate(
    conn: &mut PgConnection,
    attendance: AttendanceId,
    expert: ExpertId,
    settings: &Settings,
    issued_at: DateTime<Utc>,
) -> Result<Option<TrainingCertificate>> {
    let row = sqlx::query!(
        r#"SELECT a.attended_on AS "attended_on!", m.title, m.code, m.validity_months, e.title AS expert_title,
               e.given_name, e.family_name, u.name AS "confirmed_by?", s.starts_at AS "starts_at?",
               s.ends_at AS "ends_at?", s.place AS "place?"
           FROM training_attendances a JOIN training_modules m ON m.id = a.module_id
           JOIN experts e ON e.id = a.expert_id
           LEFT JOIN users u ON u.id = a.confirmed_by LEFT JOIN training_sessions s ON s.id = a.session_id
           WHERE a.id = $1 AND a.state = $2"#,
        attendance.uuid(),
        AttendanceState::Attended.as_str(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let time = |at: DateTime<Utc>| -> NaiveTime { at.with_timezone(&ZONE).time() };
    let validity = row.validity_months.map(|months| u32::from(months.unsigned_abs()));
    Ok(Some(TrainingCertificate {
        sender: sender(conn, expert, settings).await?,
        name: full_name(&row.expert_title, &row.given_name, &row.family_name),
        module: row.title,
        code: row.code,
        attended_on: row.attended_on,
        hours: row
            .starts_at
            .zip(row.ends_at)
            .map(|(from, until)| (time(from), time(until))),
        online: row.place.as_deref() == Some(""),
        place: row.place.filter(|place| !place.is_empty()),
        counts_until: counts_until(row.attended_on, validity),
        confirmed_by: row.confirmed_by,
        issued_on: date_in_germany(issued_at),
    }))
}

/// An agreement as a document is asked for: which one, of which match, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementRef {
    /// The agreement.
    pub id: Uuid,
    /// Its version.
    pub number: i16,
    /// The expert.
    pub expert_id: ExpertId,
    /// Which signatures it has, so that one more makes another document.
    pub signed_by: Vec<Side>,
}

/// A version of a match's agreement; the newest where none is named.
pub async fn agreement_of(
    conn: &mut PgConnection,
    matching: MatchId,
    number: Option<i16>,
) -> Result<Option<AgreementRef>> {
    let row = sqlx::query!(
        r#"SELECT a.id, a.number, m.expert_id,
               ARRAY(SELECT s.side FROM agreement_signatures s WHERE s.agreement_id = a.id ORDER BY s.side)
                   AS "sides!: Vec<String>"
           FROM agreements a JOIN matches m ON m.id = a.match_id
           WHERE a.match_id = $1 AND ($2::smallint IS NULL OR a.number = $2)
           ORDER BY a.number DESC LIMIT 1"#,
        matching.uuid(),
        number,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(AgreementRef {
            id: row.id,
            number: row.number,
            expert_id: row.expert_id.into(),
            signed_by: row
                .sides
                .iter()
                .map(|side| parse("agreement_signatures", "side", row.id, side))
                .collect::<Result<_>>()?,
        })
    })
    .transpose()
}

/// What an agreement says.
pub async fn agreement(conn: &mut PgConnection, id: Uuid, settings: &Settings) -> Result<Option<Agreement>> {
    let row = sqlx::query!(
        r#"SELECT a.number, a.areas, a.expert_tasks, a.mentee_tasks, a.rhythm_days, a.place, a.channels, a.goals,
               a.starts_on, a.ends_on, e.title, e.given_name AS expert_given_name, e.family_name AS expert_family_name,
               t.given_name, t.family_name, t.birth_date, t.guardian_name, s.name AS center_name, s.carrier_organisation,
               s.street, s.postal_code, p.place AS center_place, s.phone, s.email,
               COALESCE(NULLIF(c.contact_name, ''), s.contact_name) AS "contact_name!"
           FROM agreements a JOIN matches m ON m.id = a.match_id JOIN experts e ON e.id = m.expert_id
           JOIN cases c ON c.id = m.case_id JOIN mentees t ON t.id = c.mentee_id
           JOIN service_centers s ON s.id = c.center_id JOIN postal_codes p ON p.postal_code = s.postal_code
           WHERE a.id = $1"#,
        id,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let signatures = sqlx::query!(
        "SELECT side, given_by_way, signed_at FROM agreement_signatures WHERE agreement_id = $1 ORDER BY signed_at, side",
        id,
    )
    .fetch_all(conn)
    .await?;
    let areas = row
        .areas
        .iter()
        .map(|area| parse::<SupportArea>("agreements", "areas", id, area))
        .collect::<Result<_>>()?;
    let channels = row
        .channels
        .iter()
        .map(|channel| parse::<Channel>("agreements", "channels", id, channel))
        .collect::<Result<_>>()?;
    let signatures = signatures
        .into_iter()
        .map(|signature| {
            Ok(Signature {
                side: parse("agreement_signatures", "side", id, &signature.side)?,
                on: date_in_germany(signature.signed_at),
                on_paper: signature.given_by_way == "PAPER",
            })
        })
        .collect::<Result<_>>()?;
    // who signs beside the mentee is decided by the age on the first day
    let minor = tandem_domain::checks::is_minor(row.birth_date, row.starts_on);
    Ok(Some(Agreement {
        programme: settings.programme_name.clone(),
        organisation: settings.organisation_name.clone(),
        number: row.number.unsigned_abs(),
        expert: full_name(&row.title, &row.expert_given_name, &row.expert_family_name),
        mentee: full_name("", &row.given_name, &row.family_name),
        guardian: row.guardian_name.filter(|_| minor),
        center: CenterAddress {
            name: row.center_name,
            carrier: row.carrier_organisation,
            street: row.street,
            place: format!("{} {}", row.postal_code, row.center_place),
            contact: row.contact_name,
            phone: row.phone,
            email: row.email,
        },
        areas,
        expert_tasks: row.expert_tasks,
        mentee_tasks: row.mentee_tasks,
        rhythm_days: row.rhythm_days.unsigned_abs(),
        place: row.place,
        channels,
        goals: row.goals,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        signatures,
    }))
}
