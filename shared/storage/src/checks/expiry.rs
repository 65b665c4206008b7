//! Matches that go on although no check permits them any more.

use chrono::NaiveDate;
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, CheckId, ExpertId, MatchId, OfficeId};

use crate::Result;

/// Whose matches go on, and how the office of the expert reaches the expert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncheckedFacts {
    /// The expert.
    pub expert_id: ExpertId,
    /// The expert's office.
    pub office_id: OfficeId,
    /// The expert's full name with title.
    pub expert_name: String,
    /// The expert's telephone number.
    pub expert_phone: String,
    /// Matches in `ACTIVE` or `PAUSED`, by rising id.
    pub matches: Vec<Running>,
}

/// A match that goes on or is interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The match.
    pub id: MatchId,
    /// Its case.
    pub case: CaseId,
    /// The case's id in the centre's own list.
    pub case_reference: Option<String>,
    /// The place of the centre.
    pub place: String,
    /// The mentee's birth date: it decides which kind of certificate is asked for.
    pub mentee_birth_date: NaiveDate,
    /// Whether it is interrupted.
    pub paused: bool,
}

/// The expert of a check with the matches that go on; none where the check does not exist any more.
pub async fn running(conn: &mut PgConnection, check: CheckId) -> Result<Option<UncheckedFacts>> {
    let expert = sqlx::query!(
        "SELECT e.id, e.office_id, e.title, e.given_name, e.family_name, e.phone
         FROM background_checks b JOIN experts e ON e.id = b.expert_id WHERE b.id = $1",
        check.uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(expert) = expert else {
        return Ok(None);
    };
    let matches = sqlx::query_as!(
        Running,
        r#"SELECT m.id, m.case_id AS case, c.external_id AS case_reference, p.place,
               t.birth_date AS mentee_birth_date, m.state = 'PAUSED' AS "paused!"
           FROM matches m JOIN cases c ON c.id = m.case_id JOIN mentees t ON t.id = c.mentee_id
           JOIN service_centers s ON s.id = c.center_id JOIN postal_codes p ON p.postal_code = s.postal_code
           WHERE m.expert_id = $1 AND m.state IN ('ACTIVE', 'PAUSED')
           ORDER BY m.id"#,
        expert.id,
    )
    .fetch_all(conn)
    .await?;
    Ok(Some(UncheckedFacts {
        expert_id: expert.id.into(),
        office_id: expert.office_id.into(),
        expert_name: [&expert.title, &expert.given_name, &expert.family_name]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" "),
        expert_phone: expert.phone,
        matches,
    }))
}

/// The newest inspection of an expert that showed an entry.
pub async fn newest_entry(conn: &mut PgConnection, expert: ExpertId) -> Result<Option<CheckId>> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM background_checks WHERE expert_id = $1 AND erased_on IS NULL AND NOT no_relevant_entry
         ORDER BY inspected_on DESC, id DESC LIMIT 1",
        expert.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CheckId::from))
}
