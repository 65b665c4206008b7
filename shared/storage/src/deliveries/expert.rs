//! An expert to whom a mail goes that is about no match, and a session as a mail tells of it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{AttendanceId, ExpertId};
use tandem_domain::training::AttendanceState;

use super::{ContactFacts, ExpertFacts};
use crate::{Result, parse};

/// An expert and the human being at the expert's office.
pub async fn expert_contact(
    conn: &mut PgConnection,
    id: ExpertId,
) -> Result<Option<(ExpertFacts, ContactFacts)>> {
    let row = sqlx::query!(
        "SELECT e.id, e.state, e.title, e.given_name, e.family_name, e.gender, e.email, e.phone, e.language,
             o.name AS office_name, o.contact_name, o.phone AS office_phone, o.email AS office_email
         FROM experts e JOIN regional_offices o ON o.id = e.office_id WHERE e.id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let gender = row
            .gender
            .as_deref()
            .map(|text| parse("experts", "gender", row.id, text))
            .transpose()?;
        let expert = ExpertFacts {
            state: parse("experts", "state", row.id, &row.state)?,
            title: row.title,
            given_name: row.given_name,
            family_name: row.family_name,
            gender,
            email: row.email,
            phone: row.phone,
            language: row.language,
        };
        let contact = ContactFacts {
            name: row.contact_name,
            office_name: row.office_name,
            phone: row.office_phone,
            email: row.office_email,
        };
        Ok((expert, contact))
    })
    .transpose()
}

/// A part in a session, with the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatFacts {
    /// Where it stands.
    pub state: AttendanceState,
    /// How often a seat was offered.
    pub offers: i16,
    /// How often it was booked.
    pub bookings: i16,
    /// Until when an offered seat is kept.
    pub offered_until: Option<DateTime<Utc>>,
    /// What is learnt.
    pub title: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where.
    pub place: String,
    /// The address of the video conference.
    pub video_link: String,
    /// Whether the session is cancelled.
    pub cancelled: bool,
    /// The session's version.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Whom to call: the office that holds the session.
    pub contact: ContactFacts,
}

/// Reads a part in a session; none where it has none, or does not exist.
pub async fn seat_facts(conn: &mut PgConnection, id: AttendanceId) -> Result<Option<SeatFacts>> {
    let row = sqlx::query!(
        r#"SELECT a.id, a.state, a.offers, a.bookings, a.offered_until, m.title, s.starts_at, s.ends_at, s.place,
               s.video_link, s.cancelled_at IS NOT NULL AS "cancelled!", s.version, s.updated_at,
               o.name AS office_name, o.contact_name, o.phone, o.email
           FROM training_attendances a JOIN training_sessions s ON s.id = a.session_id
           JOIN training_modules m ON m.id = s.module_id JOIN regional_offices o ON o.id = s.office_id
           WHERE a.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(SeatFacts {
            state: parse("training_attendances", "state", row.id, &row.state)?,
            offers: row.offers,
            bookings: row.bookings,
            offered_until: row.offered_until,
            title: row.title,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            place: row.place,
            video_link: row.video_link,
            cancelled: row.cancelled,
            version: row.version,
            updated_at: row.updated_at,
            contact: ContactFacts {
                name: row.contact_name,
                office_name: row.office_name,
                phone: row.phone,
                email: row.email,
            },
        })
    })
    .transpose()
}
