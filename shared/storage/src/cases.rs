//! Cases: one young person's wish for one expert.

mod closing;
mod consents;
mod listing;
mod saving;

pub use self::{
    closing::{Outcome, close, confirm_outcome, reopen},
    consents::{
        ConsentRecord, NewConsentRecord, consent_records, contest_consent, forget_consent_record,
        record_consents, settle_consent,
    },
    listing::{CaseFilter, CaseOrder, Key, count, key, list},
    saving::{Saved, save, set_consent, set_state},
};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::cases::{CaseState, CaseWishes, SocialOutcome, TransitionOutcome};
use tandem_domain::ids::{CaseId, CenterId, MenteeId, OfficeId};
use uuid::Uuid;

use crate::{Error, Result, parse};

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The id.
    pub id: CaseId,
    /// The centre that files it.
    pub center: CenterId,
    /// The office that serves the centre.
    pub office: OfficeId,
    /// Whose wish it is.
    pub mentee: MenteeId,
    /// Where it stands.
    pub state: CaseState,
    /// What is wished for.
    pub wishes: CaseWishes,
    /// Since when a recorded consent is in doubt: nothing goes on until it was given anew.
    pub consent_contested_at: Option<DateTime<Utc>>,
    /// Why the office returned it; empty where it did not.
    pub return_note: String,
    /// Since when it waits; survives a match that did not form.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When the office accepted it.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// The first axis of its outcome.
    pub transition_outcome: Option<TransitionOutcome>,
    /// The second axis of its outcome.
    pub social_outcome: Option<SocialOutcome>,
    /// With a training place: when the training starts.
    pub training_starts_on: Option<NaiveDate>,
    /// When the outcome was confirmed.
    pub outcome_confirmed_at: Option<DateTime<Utc>>,
    /// Grows with every change.
    pub version: i64,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    center_id: Uuid,
    office_id: Uuid,
    mentee_id: Uuid,
    external_id: Option<String>,
    contact_name: String,
    state: String,
    mentee_wishes: String,
    center_wishes: String,
    start_level: String,
    radius_km: i16,
    planned_start: Option<NaiveDate>,
    expert_gender_wish: Option<String>,
    eligibility_confirmed: bool,
    mentee_consent_on: Option<NaiveDate>,
    guardian_consent_on: Option<NaiveDate>,
    consent_contested_at: Option<DateTime<Utc>>,
    return_note: String,
    submitted_at: Option<DateTime<Utc>>,
    accepted_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    withdrawn_at: Option<DateTime<Utc>>,
    transition_outcome: Option<String>,
    social_outcome: Option<String>,
    training_starts_on: Option<NaiveDate>,
    outcome_confirmed_at: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    areas: Vec<String>,
    priorities: Vec<i16>,
    codes: Vec<String>,
    labels: Vec<String>,
}

impl TryFrom<Row> for Case {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        fn optional<T: std::str::FromStr>(
            column: &'static str,
            id: Uuid,
            text: Option<&str>,
        ) -> Result<Option<T>> {
            text.map(|text| parse("cases", column, id, text)).transpose()
        }
        let id = row.id;
        let support_areas = row
            .areas
            .iter()
            .zip(&row.priorities)
            .map(|(area, priority)| Ok((parse("case_support_areas", "area", id, area)?, *priority as u8)))
            .collect::<Result<_>>()?;
        let occupations = row
            .codes
            .iter()
            .zip(row.labels)
            .map(|(code, label)| Ok((parse("case_occupations", "kldb_code", id, code)?, label)))
            .collect::<Result<_>>()?;
        Ok(Self {
            id: id.into(),
            center: row.center_id.into(),
            office: row.office_id.into(),
            mentee: row.mentee_id.into(),
            state: parse("cases", "state", id, &row.state)?,
            wishes: CaseWishes {
                external_id: row.external_id,
                contact_name: row.contact_name,
                mentee_wishes: row.mentee_wishes,
                center_wishes: row.center_wishes,
                start_level: row.start_level,
                radius_km: row.radius_km.unsigned_abs(),
                planned_start: row.planned_start,
                expert_gender_wish: optional("expert_gender_wish", id, row.expert_gender_wish.as_deref())?,
                support_areas,
                occupations,
                eligibility_confirmed: row.eligibility_confirmed,
                mentee_consent_on: row.mentee_consent_on,
                guardian_consent_on: row.guardian_consent_on,
            },
            consent_contested_at: row.consent_contested_at,
            return_note: row.return_note,
            submitted_at: row.submitted_at,
            accepted_at: row.accepted_at,
            closed_at: row.closed_at,
            withdrawn_at: row.withdrawn_at,
            transition_outcome: optional("transition_outcome", id, row.transition_outcome.as_deref())?,
            social_outcome: optional("social_outcome", id, row.social_outcome.as_deref())?,
            training_starts_on: row.training_starts_on,
            outcome_confirmed_at: row.outcome_confirmed_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The cases with these ids that exist, in no particular order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[CaseId]) -> Result<Vec<Case>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.center_id, s.office_id, c.mentee_id, c.external_id, c.contact_name, c.state, c.mentee_wishes,
               c.center_wishes, c.start_level, c.radius_km, c.planned_start, c.expert_gender_wish,
               c.eligibility_confirmed, c.mentee_consent_on, c.guardian_consent_on, c.consent_contested_at, c.return_note,
               c.submitted_at, c.accepted_at, c.closed_at, c.withdrawn_at, c.transition_outcome, c.social_outcome,
               c.training_starts_on, c.outcome_confirmed_at, c.version, c.created_at, c.updated_at,
               ARRAY(SELECT a.area FROM case_support_areas a WHERE a.case_id = c.id ORDER BY a.priority, a.area)
                   AS "areas!: Vec<String>",
               ARRAY(SELECT a.priority FROM case_support_areas a WHERE a.case_id = c.id ORDER BY a.priority, a.area)
                   AS "priorities!: Vec<i16>",
               ARRAY(SELECT o.kldb_code FROM case_occupations o WHERE o.case_id = c.id ORDER BY o.rank)
                   AS "codes!: Vec<String>",
               ARRAY(SELECT o.label FROM case_occupations o WHERE o.case_id = c.id ORDER BY o.rank)
                   AS "labels!: Vec<String>"
             FROM cases c JOIN service_centers s ON s.id = c.center_id
            WHERE c.id = ANY($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Case::try_from)
    .collect()
}

/// One case.
pub async fn get(conn: &mut PgConnection, id: CaseId) -> Result<Option<Case>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// One case, locked until the transaction ends. A case is locked before its matches, and those before
/// their experts.
pub async fn lock(conn: &mut PgConnection, id: CaseId) -> Result<Option<Case>> {
    sqlx::query!("SELECT id FROM cases WHERE id = $1 FOR UPDATE", id.uuid())
        .fetch_optional(&mut *conn)
        .await?;
    get(conn, id).await
}

/// The open cases of these mentees, and with them the closed and withdrawn ones: all their cases.
pub async fn for_mentees(conn: &mut PgConnection, mentees: &[MenteeId]) -> Result<Vec<Case>> {
    let mentees: Vec<Uuid> = mentees.iter().map(|id| id.uuid()).collect();
    let ids: Vec<CaseId> = sqlx::query_scalar!(
        "SELECT id FROM cases WHERE mentee_id = ANY($1) ORDER BY created_at, id",
        &mentees
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(CaseId::from)
    .collect();
    let mut cases = by_ids(conn, &ids).await?;
    cases.sort_by_key(|case| (case.created_at, case.id));
    Ok(cases)
}

/// The office that serves a centre; none where there is no such centre.
pub async fn office_of_center(conn: &mut PgConnection, center: CenterId) -> Result<Option<OfficeId>> {
    let office = sqlx::query_scalar!(
        "SELECT office_id FROM service_centers WHERE id = $1",
        center.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(office.map(OfficeId::from))
}
