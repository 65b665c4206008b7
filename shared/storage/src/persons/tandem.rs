//! What the pages of a match show: both sides, the centre and how far they are, in one statement.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::cases::CaseState;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CaseId, CenterId, ExpertId, MatchId, MenteeId};
use tandem_domain::matches::MatchState;

use crate::deliveries::ContactFacts;
use crate::{Result, parse};

/// A name, and how to reach the person; shown as far as the state of the match allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName {
    /// Academic title; empty where there is none.
    pub title: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Telephone; empty where none is known.
    pub phone: String,
    /// E-mail, where there is one.
    pub email: Option<String>,
}

impl PersonName {
    /// Title, given and family name.
    pub fn full(&self) -> String {
        format!("{} {} {}", self.title, self.given_name, self.family_name)
            .trim()
            .to_owned()
    }
}

/// A match as its own people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TandemFacts {
    /// The match.
    pub id: MatchId,
    /// Its case.
    pub case: CaseId,
    /// The state of the case.
    pub case_state: CaseState,
    /// Where it stands.
    pub state: MatchState,
    /// The expert.
    pub expert: ExpertId,
    /// The expert's name.
    pub expert_name: PersonName,
    /// Whether the expert is active, suspended or gone.
    pub expert_state: ExpertState,
    /// The expert's former occupations, the most important first.
    pub expert_work: Vec<String>,
    /// Codes of the languages that the expert speaks.
    pub expert_languages: Vec<String>,
    /// The mentee.
    pub mentee: MenteeId,
    /// The mentee's name.
    pub mentee_name: PersonName,
    /// Decides about guardian and kind of check.
    pub mentee_birth_date: NaiveDate,
    /// The guardian's name, where there is one.
    pub guardian_name: Option<String>,
    /// The centre.
    pub center: CenterId,
    /// Its place.
    pub center_place: String,
    /// The centre's contact person for this case.
    pub center_contact: ContactFacts,
    /// The day of the first meeting, once it took place.
    pub first_meeting_on: Option<NaiveDate>,
    /// Since when it is active.
    pub active_from: Option<NaiveDate>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Reads one match with everything that its pages show.
pub async fn tandem(conn: &mut PgConnection, id: MatchId) -> Result<Option<TandemFacts>> {
    let row = sqlx::query!(
        r#"SELECT m.id, m.case_id, c.state AS case_state, m.state, m.expert_id, e.title, e.given_name AS expert_given,
               e.family_name AS expert_family, e.phone AS expert_phone, e.email AS expert_email, e.state AS expert_state,
               ARRAY(SELECT o.label FROM expert_occupations o WHERE o.expert_id = e.id AND o.kind = 'OCCUPATION'
                   ORDER BY o.position) AS "work!: Vec<String>",
               ARRAY(SELECT l.language FROM expert_languages l WHERE l.expert_id = e.id
                   ORDER BY l.language) AS "languages!: Vec<String>",
               c.mentee_id, t.given_name AS mentee_given, t.family_name AS mentee_family, t.phone AS mentee_phone,
               t.email AS mentee_email, t.birth_date, t.guardian_name, c.center_id, p.place,
               COALESCE(NULLIF(c.contact_name, ''), s.contact_name) AS "contact_name!",
               s.name AS center_name, s.phone AS center_phone, s.email AS center_email,
               m.first_meeting_on, m.active_from, m.ended_at
             FROM matches m
             JOIN experts e ON e.id = m.expert_id
             JOIN cases c ON c.id = m.case_id
             JOIN mentees t ON t.id = c.mentee_id
             JOIN service_centers s ON s.id = c.center_id
             JOIN postal_codes p ON p.postal_code = s.postal_code
            WHERE m.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(TandemFacts {
        id,
        case: row.case_id.into(),
        case_state: parse("cases", "state", row.case_id, &row.case_state)?,
        state: parse("matches", "state", row.id, &row.state)?,
        expert: row.expert_id.into(),
        expert_name: PersonName {
            title: row.title,
            given_name: row.expert_given,
            family_name: row.expert_family,
            phone: row.expert_phone,
            email: Some(row.expert_email),
        },
        expert_state: parse("experts", "state", row.expert_id, &row.expert_state)?,
        expert_work: row.work,
        expert_languages: row.languages,
        mentee: row.mentee_id.into(),
        mentee_name: PersonName {
            title: String::new(),
            given_name: row.mentee_given,
            family_name: row.mentee_family,
            phone: row.mentee_phone,
            email: row.mentee_email,
        },
        mentee_birth_date: row.birth_date,
        guardian_name: row.guardian_name,
        center: row.center_id.into(),
        center_place: row.place,
        center_contact: ContactFacts {
            name: row.contact_name,
            office_name: row.center_name,
            phone: row.center_phone,
            email: row.center_email,
        },
        first_meeting_on: row.first_meeting_on,
        active_from: row.active_from,
        ended_at: row.ended_at,
    }))
}
