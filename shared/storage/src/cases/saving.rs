//! Writing cases.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use tandem_domain::cases::{CaseState, CaseWishes};
use tandem_domain::ids::{CaseId, CenterId, MenteeId, UserId};
use tandem_domain::values::Gender;
use uuid::Uuid;

use crate::Result;

/// A case to be written.
#[derive(Debug)]
pub struct Saved<'a> {
    /// A new id, or that of the case that is changed.
    pub id: CaseId,
    /// The centre of a new case; an existing one keeps its own, as it keeps its mentee and its state.
    pub center: CenterId,
    /// The mentee of a new case.
    pub mentee: MenteeId,
    /// Who drafted a new case.
    pub contact_user: Option<UserId>,
    /// The state of a new case; an existing one changes it by [`set_state`] alone.
    pub state: CaseState,
    /// Since when a new case waits.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Since when a new case is searched for.
    pub accepted_at: Option<DateTime<Utc>>,
    /// What is wished for.
    pub wishes: &'a CaseWishes,
}

#[derive(Serialize)]
struct SavedRow<'a> {
    id: Uuid,
    external_id: Option<&'a str>,
    center_id: Uuid,
    mentee_id: Uuid,
    contact_user_id: Option<Uuid>,
    contact_name: &'a str,
    state: &'static str,
    mentee_wishes: &'a str,
    center_wishes: &'a str,
    start_level: &'a str,
    radius_km: u16,
    planned_start: Option<NaiveDate>,
    expert_gender_wish: Option<&'static str>,
    eligibility_confirmed: bool,
    mentee_consent_on: Option<NaiveDate>,
    guardian_consent_on: Option<NaiveDate>,
    submitted_at: Option<DateTime<Utc>>,
    accepted_at: Option<DateTime<Utc>>,
}

/// Writes cases with their areas and occupations, new ones and changed ones, in five statements however
/// many they are. A change adds one to the version.
pub async fn save(conn: &mut PgConnection, cases: &[Saved<'_>], at: DateTime<Utc>) -> Result<()> {
    let rows: Vec<SavedRow<'_>> = cases
        .iter()
        .map(|saved| {
            let wishes = saved.wishes;
            SavedRow {
                id: saved.id.uuid(),
                external_id: wishes.external_id.as_deref(),
                center_id: saved.center.uuid(),
                mentee_id: saved.mentee.uuid(),
                contact_user_id: saved.contact_user.map(UserId::uuid),
                contact_name: &wishes.contact_name,
                state: saved.state.as_str(),
                mentee_wishes: &wishes.mentee_wishes,
                center_wishes: &wishes.center_wishes,
                start_level: &wishes.start_level,
                radius_km: wishes.radius_km,
                planned_start: wishes.planned_start,
                expert_gender_wish: wishes.expert_gender_wish.map(Gender::as_str),
                eligibility_confirmed: wishes.eligibility_confirmed,
                mentee_consent_on: wishes.mentee_consent_on,
                guardian_consent_on: wishes.guardian_consent_on,
                submitted_at: saved.submitted_at,
                accepted_at: saved.accepted_at,
            }
        })
        .collect();
    sqlx::query!(
        "INSERT INTO cases (id, external_id, center_id, mentee_id, contact_user_id, contact_name, state, mentee_wishes,
             center_wishes, start_level, radius_km, planned_start, expert_gender_wish, eligibility_confirmed,
             mentee_consent_on, guardian_consent_on, submitted_at, accepted_at, created_at, updated_at)
         SELECT r.id, r.external_id, r.center_id, r.mentee_id, r.contact_user_id, r.contact_name, r.state,
             r.mentee_wishes, r.center_wishes, r.start_level, r.radius_km, r.planned_start, r.expert_gender_wish,
             r.eligibility_confirmed, r.mentee_consent_on, r.guardian_consent_on, r.submitted_at, r.accepted_at, $2, $2
           FROM jsonb_to_recordset($1) AS r (id uuid, external_id text, center_id uuid, mentee_id uuid,
             contact_user_id uuid, contact_name text, state text, mentee_wishes text, center_wishes text,
             start_level text, radius_km smallint, planned_start date, expert_gender_wish text,
             eligibility_confirmed boolean, mentee_consent_on date, guardian_consent_on date,
             submitted_at timestamptz, accepted_at timestamptz)
         ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, contact_name = excluded.contact_name,
             mentee_wishes = excluded.mentee_wishes, center_wishes = excluded.center_wishes,
             start_level = excluded.start_level, radius_km = excluded.radius_km,
             planned_start = excluded.planned_start, expert_gender_wish = excluded.expert_gender_wish,
             eligibility_confirmed = excluded.eligibility_confirmed, mentee_consent_on = excluded.mentee_consent_on,
             guardian_consent_on = excluded.guardian_consent_on, version = cases.version + 1,
             updated_at = excluded.updated_at",
        serde_json::json!(rows),
        at,
    )
    .execute(&mut *conn)
    .await?;

    let ids: Vec<Uuid> = cases.iter().map(|saved| saved.id.uuid()).collect();
    sqlx::query!("DELETE FROM case_support_areas WHERE case_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM case_occupations WHERE case_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;

    let mut areas: (Vec<Uuid>, Vec<&str>, Vec<i16>) = (Vec::new(), Vec::new(), Vec::new());
    let mut occupations: (Vec<Uuid>, Vec<i16>, Vec<&str>, Vec<&str>) = Default::default();
    for saved in cases {
        for (area, priority) in &saved.wishes.support_areas {
            areas.0.push(saved.id.uuid());
            areas.1.push(area.as_str());
            areas.2.push((*priority).into());
        }
        for (rank, (code, label)) in (1..).zip(&saved.wishes.occupations) {
            occupations.0.push(saved.id.uuid());
            occupations.1.push(rank);
            occupations.2.push(code.as_str());
            occupations.3.push(label);
        }
    }
    sqlx::query!(
        "INSERT INTO case_support_areas (case_id, area, priority)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[])",
        &areas.0,
        &areas.1 as &[&str],
        &areas.2,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO case_occupations (case_id, rank, kldb_code, label)
         SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[])",
        &occupations.0,
        &occupations.1,
        &occupations.2 as &[&str],
        &occupations.3 as &[&str],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves cases to a state, with the date that belongs to it. `return_note` is the office's word where it
/// returns a case, and empty otherwise.
pub async fn set_state(
    conn: &mut PgConnection,
    cases: &[CaseId],
    state: CaseState,
    return_note: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "UPDATE cases SET state = $2, return_note = $3, version = version + 1, updated_at = $4,
             submitted_at = CASE WHEN $2 = 'SUBMITTED' THEN $4 ELSE submitted_at END,
             accepted_at = CASE WHEN $2 = 'SEARCHING' AND accepted_at IS NULL THEN $4 ELSE accepted_at END,
             withdrawn_at = CASE WHEN $2 = 'WITHDRAWN' THEN $4 END
         WHERE id = ANY($1)",
        &ids,
        state.as_str(),
        return_note,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes the day of a consent that the mentee (or the guardian) gave on a page; `false` where there is one
/// already.
pub async fn set_consent(
    conn: &mut PgConnection,
    id: CaseId,
    guardian: bool,
    on: NaiveDate,
    now: DateTime<Utc>,
) -> Result<bool> {
    let given = sqlx::query!(
        "UPDATE cases
            SET mentee_consent_on = CASE WHEN $2 THEN mentee_consent_on ELSE COALESCE(mentee_consent_on, $3) END,
                guardian_consent_on = CASE WHEN $2 THEN COALESCE(guardian_consent_on, $3) ELSE guardian_consent_on END,
                version = version + 1, updated_at = $4
          WHERE id = $1 AND CASE WHEN $2 THEN guardian_consent_on ELSE mentee_consent_on END IS NULL",
        id.uuid(),
        guardian,
        on,
        now,
    )
    .execute(conn)
    .await?;
    Ok(given.rows_affected() == 1)
}
