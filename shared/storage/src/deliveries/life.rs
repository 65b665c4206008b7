//! What the mails of a match's life say: the people of a match, read at the moment of sending.

use chrono::NaiveDate;
use sqlx::PgConnection;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{MatchId, MenteeId};
use uuid::Uuid;

use super::{ContactFacts, ExpertFacts};
use crate::reminders::GuardianFacts;
use crate::{Result, parse};

/// Mentee and guardian, as they are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenteeFacts {
    /// Who.
    pub id: MenteeId,
    /// The given name; no mail has more.
    pub given_name: String,
    /// Decides whether a guardian is needed.
    pub birth_date: NaiveDate,
    /// The address, where there is one.
    pub email: Option<String>,
    /// The language that this person chose.
    pub language: String,
    /// The guardian.
    pub guardian: Option<GuardianFacts>,
}

/// The people around a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleFacts {
    /// The expert.
    pub expert: ExpertFacts,
    /// Whom the expert can call: the expert's own office.
    pub expert_office: ContactFacts,
    /// The mentee's side.
    pub mentee: MenteeFacts,
    /// The centre's shared mailbox, with the named owner of the case (S32).
    pub center: ContactFacts,
    /// The centre's name.
    pub center_name: String,
    /// The office that serves the centre.
    pub office: ContactFacts,
    /// The case.
    pub case: Uuid,
    /// The id in the centre's own list.
    pub external_id: Option<String>,
}

/// Reads the people around a match.
pub async fn people_facts(conn: &mut PgConnection, id: MatchId) -> Result<Option<PeopleFacts>> {
    let row = sqlx::query!(
        r#"SELECT e.id AS expert_id, e.state AS expert_state, e.title, e.given_name, e.family_name, e.gender,
               e.email AS expert_email, e.phone AS expert_phone, e.language AS expert_language,
               eo.name AS expert_office_name, eo.contact_name AS expert_office_contact,
               eo.phone AS expert_office_phone, eo.email AS expert_office_email,
               t.id AS mentee_id, t.given_name AS mentee_given_name, t.birth_date, t.email AS mentee_email,
               t.language AS mentee_language, t.guardian_name, t.guardian_email,
               guardian_language_of(t) AS "guardian_language!",
               s.name AS center_name, s.phone AS center_phone, s.email AS center_email,
               COALESCE(NULLIF(c.contact_name, ''), s.contact_name) AS "center_contact!",
               so.name AS office_name, so.contact_name AS office_contact, so.phone AS office_phone,
               so.email AS office_email, c.id AS case_id, c.external_id
             FROM matches m
             JOIN experts e ON e.id = m.expert_id
             JOIN regional_offices eo ON eo.id = e.office_id
             JOIN cases c ON c.id = m.case_id
             JOIN mentees t ON t.id = c.mentee_id
             JOIN service_centers s ON s.id = c.center_id
             JOIN regional_offices so ON so.id = s.office_id
            WHERE m.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let gender = row
            .gender
            .as_deref()
            .map(|text| parse("experts", "gender", row.expert_id, text))
            .transpose()?;
        let state: ExpertState = parse("experts", "state", row.expert_id, &row.expert_state)?;
        let guardian = row.guardian_name.map(|name| GuardianFacts {
            name,
            email: row.guardian_email,
            language: row.guardian_language,
        });
        Ok(PeopleFacts {
            expert: ExpertFacts {
                state,
                title: row.title,
                given_name: row.given_name,
                family_name: row.family_name,
                gender,
                email: row.expert_email,
                phone: row.expert_phone,
                language: row.expert_language,
            },
            expert_office: ContactFacts {
                name: row.expert_office_contact,
                office_name: row.expert_office_name,
                phone: row.expert_office_phone,
                email: row.expert_office_email,
            },
            mentee: MenteeFacts {
                id: row.mentee_id.into(),
                given_name: row.mentee_given_name,
                birth_date: row.birth_date,
                email: row.mentee_email,
                language: row.mentee_language,
                guardian,
            },
            center: ContactFacts {
                name: row.center_contact,
                office_name: row.center_name.clone(),
                phone: row.center_phone,
                email: row.center_email,
            },
            center_name: row.center_name,
            office: ContactFacts {
                name: row.office_contact,
                office_name: row.office_name,
                phone: row.office_phone,
                email: row.office_email,
            },
            case: row.case_id,
            external_id: row.external_id,
        })
    })
    .transpose()
}

/// A centre and the office that serves it, for mails about a case without a match.
pub async fn case_staff(
    conn: &mut PgConnection,
    case: Uuid,
) -> Result<Option<(ContactFacts, ContactFacts, Option<String>)>> {
    let row = sqlx::query!(
        r#"SELECT COALESCE(NULLIF(c.contact_name, ''), s.contact_name) AS "center_contact!", s.name AS center_name,
               s.phone AS center_phone, s.email AS center_email, so.name AS office_name,
               so.contact_name AS office_contact, so.phone AS office_phone, so.email AS office_email, c.external_id
             FROM cases c
             JOIN service_centers s ON s.id = c.center_id
             JOIN regional_offices so ON so.id = s.office_id
            WHERE c.id = $1"#,
        case,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let center = ContactFacts {
            name: row.center_contact,
            office_name: row.center_name,
            phone: row.center_phone,
            email: row.center_email,
        };
        let office = ContactFacts {
            name: row.office_contact,
            office_name: row.office_name,
            phone: row.office_phone,
            email: row.office_email,
        };
        (center, office, row.external_id)
    }))
}

/// What the record of this number, counted from 1, is about: whether a signature, and the day of the paper.
pub async fn paper_day(
    conn: &mut PgConnection,
    id: MatchId,
    number: i16,
) -> Result<Option<(bool, NaiveDate)>> {
    let row = sqlx::query!(
        "SELECT what, on_date FROM paper_records WHERE match_id = $1 ORDER BY recorded_at, id
          OFFSET $2 LIMIT 1",
        id.uuid(),
        i64::from(number - 1),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.what == "SIGNATURE", row.on_date)))
}
