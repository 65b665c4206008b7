//! What the rules and scores of matching ask for, loaded set by set: the number of statements does
//! not depend on the number of experts or cases.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::checks::{BackgroundCheck, Inspection};
use tandem_domain::clock::date_in_germany;
use tandem_domain::eligibility::{Attended, CaseFacts, ExpertFacts, PairHistory};
use tandem_domain::experts::{ExpertOccupation, ExpertState, Pause};
use tandem_domain::ids::{CaseId, CenterId, ExpertId, MenteeId, OfficeId};
use tandem_domain::matches::{MatchState, bars_pair};
use tandem_domain::postal_codes::PostalCode;
use tandem_domain::scores::{CaseTraits, ExpertTraits};
use tandem_domain::training::counts_until;
use tandem_domain::values::Language;
use uuid::Uuid;

use crate::{Result, parse};

/// An expert as matching sees one: no name.
#[derive(Debug, Clone)]
pub struct ExpertRow {
    /// The expert.
    pub id: ExpertId,
    /// Where the expert lives.
    pub postal_code: PostalCode,
    /// What the rules ask for.
    pub facts: ExpertFacts,
    /// What the score asks for.
    pub traits: ExpertTraits,
}

/// A case as matching sees one: no name.
#[derive(Debug, Clone)]
pub struct CaseRow {
    /// The case.
    pub id: CaseId,
    /// Its centre.
    pub center: CenterId,
    /// Its mentee.
    pub mentee: MenteeId,
    /// Where the centre is.
    pub postal_code: PostalCode,
    /// How many more matches the centre can look after; none: no limit.
    pub center_room: Option<u16>,
    /// Whether it is `SEARCHING`.
    pub searching: bool,
    /// Whether a match of it is open.
    pub asked: bool,
    /// What the rules ask for.
    pub facts: CaseFacts,
    /// What the score asks for.
    pub traits: CaseTraits,
}

/// Codes of the modules that every deployed expert needs (S8, S9).
pub async fn required_modules(conn: &mut PgConnection) -> Result<BTreeSet<String>> {
    let codes = sqlx::query_scalar!("SELECT code FROM training_modules WHERE required")
        .fetch_all(conn)
        .await?;
    Ok(codes.into_iter().collect())
}

/// Experts by rising id: all who have not left, or the given ones.
///
/// `approached_since` begins the interval in which approaches that are open or were not answered count
/// against the expert's limit; pauses that ended before `today` are left out.
pub async fn experts(
    conn: &mut PgConnection,
    only: Option<&[ExpertId]>,
    approached_since: DateTime<Utc>,
    today: NaiveDate,
) -> Result<Vec<ExpertRow>> {
    let only: Option<Vec<Uuid>> = only.map(|ids| ids.iter().map(|id| id.uuid()).collect());
    let only = only.as_deref();
    let rows = sqlx::query!(
        r#"SELECT id, office_id, state, gender, postal_code, capacity, open_matches, travel_radius_km
           FROM experts
           WHERE CASE WHEN $1::uuid[] IS NULL THEN state <> 'LEFT' ELSE id = ANY($1) END
           ORDER BY id"#,
        only,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut experts = Vec::with_capacity(rows.len());
    let mut index: HashMap<Uuid, usize> = HashMap::with_capacity(rows.len());
    for row in rows {
        let state: ExpertState = parse("experts", "state", row.id, &row.state)?;
        let gender = row
            .gender
            .as_deref()
            .map(|gender| parse("experts", "gender", row.id, gender))
            .transpose()?;
        index.insert(row.id, experts.len());
        experts.push(ExpertRow {
            id: row.id.into(),
            postal_code: parse("experts", "postal_code", row.id, &row.postal_code)?,
            facts: ExpertFacts {
                state,
                office: OfficeId::from(row.office_id),
                pauses: Vec::new(),
                gender,
                travel_radius_km: row.travel_radius_km.unsigned_abs(),
                capacity: row.capacity as u8,
                open_matches: row.open_matches as u8,
                recent_approaches: 0,
                checks: Vec::new(),
                attended: Vec::new(),
            },
            traits: ExpertTraits {
                occupations: Vec::new(),
                support_areas: Vec::new(),
                languages: Vec::new(),
                programmes: 0,
                capacity: row.capacity as u8,
                open_matches: row.open_matches as u8,
            },
        });
    }
    let mut each = |id: Uuid, change: &mut dyn FnMut(&mut ExpertRow)| {
        if let Some(&position) = index.get(&id) {
            change(&mut experts[position]);
        }
    };

    for row in sqlx::query!(
        "SELECT expert_id, from_date, until_date FROM expert_pauses
         WHERE ($1::uuid[] IS NULL OR expert_id = ANY($1)) AND (until_date IS NULL OR until_date >= $2)",
        only,
        today,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let pause = Pause {
            from: row.from_date,
            until: row.until_date,
        };
        each(row.expert_id, &mut |expert| expert.facts.pauses.push(pause));
    }
    for row in sqlx::query!(
        r#"SELECT id, expert_id, kind, certificate_date AS "certificate_date!", inspected_on AS "inspected_on!",
               no_relevant_entry AS "no_relevant_entry!", valid_until AS "valid_until!"
           FROM background_checks
           WHERE ($1::uuid[] IS NULL OR expert_id = ANY($1)) AND inspected_on IS NOT NULL AND erased_on IS NULL"#,
        only,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let check = BackgroundCheck {
            kind: parse("background_checks", "kind", row.id, &row.kind)?,
            inspection: Some(Inspection {
                certificate_date: row.certificate_date,
                inspected_on: row.inspected_on,
                no_relevant_entry: row.no_relevant_entry,
                valid_until: row.valid_until,
            }),
            erased: false,
        };
        each(row.expert_id, &mut |expert| expert.facts.checks.push(check));
    }
    for row in sqlx::query!(
        r#"SELECT attendance.expert_id, module.code, attendance.attended_on AS "attended_on!", module.validity_months
           FROM training_attendances attendance JOIN training_modules module ON module.id = attendance.module_id
           WHERE ($1::uuid[] IS NULL OR attendance.expert_id = ANY($1)) AND attendance.state = 'ATTENDED'"#,
        only,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let months = row.validity_months.map(|months| u32::from(months.unsigned_abs()));
        let attended = Attended {
            counts_until: counts_until(row.attended_on, months),
            module: row.code,
            on: row.attended_on,
        };
        each(row.expert_id, &mut |expert| expert.facts.attended.push(attended.clone()));
    }
    for row in sqlx::query!(
        r#"SELECT expert_id AS "expert_id!", approaches AS "count!" FROM recent_approaches($1, $2)"#,
        only,
        approached_since,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        each(row.expert_id, &mut |expert| {
            expert.facts.recent_approaches = row.count as u32;
        });
    }
    for row in sqlx::query!(
        "SELECT expert_id, kind, kldb_code, label FROM expert_occupations
         WHERE $1::uuid[] IS NULL OR expert_id = ANY($1) ORDER BY expert_id, position",
        only,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let kldb_code = row
            .kldb_code
            .as_deref()
            .map(|code| parse("expert_occupations", "kldb_code", row.expert_id, code))
            .transpose()?;
        let occupation = ExpertOccupation {
            kind: parse("expert_occupations", "kind", row.expert_id, &row.kind)?,
            kldb_code,
            label: row.label,
        };
        each(row.expert_id, &mut |expert| {
            expert.traits.occupations.push(occupation.clone());
        });
    }
    for row in sqlx::query!(
        "SELECT expert_id, language FROM expert_languages WHERE $1::uuid[] IS NULL OR expert_id = ANY($1)",
        only,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let language: Language = parse("expert_languages", "language", row.expert_id, &row.language)?;
        each(row.expert_id, &mut |expert| {
            expert.traits.languages.push(language.clone());
        });
    }
    for row in sqlx::query!(
        "SELECT expert_id, area FROM expert_support_areas WHERE $1::uuid[] IS NULL OR expert_id = ANY($1)",
        only,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let area = parse("expert_support_areas", "area", row.expert_id, &row.area)?;
        each(row.expert_id, &mut |expert| {
            expert.traits.support_areas.push(area);
        });
    }
    for row in sqlx::query!(
        r#"SELECT expert_id, count(*) AS "count!" FROM expert_programmes
           WHERE $1::uuid[] IS NULL OR expert_id = ANY($1) GROUP BY expert_id"#,
        only,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        each(row.expert_id, &mut |expert| {
            expert.traits.programmes = row.count as usize;
        });
    }
    Ok(experts)
}

/// Experts, by rising id, who live under one of these postal codes and have not left.
pub async fn experts_living_in(conn: &mut PgConnection, codes: &[PostalCode]) -> Result<Vec<ExpertId>> {
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let ids = sqlx::query_scalar!(
        "SELECT id FROM experts WHERE postal_code = ANY($1) AND state <> 'LEFT' ORDER BY id",
        &codes,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ExpertId::from).collect())
}

/// Which cases.
#[derive(Debug, Clone)]
pub enum Cases<'a> {
    /// Those of centres that these offices serve which are `SEARCHING` and for which nobody is asked.
    OfOffices(&'a [OfficeId]),
    /// These, whatever their state.
    These(&'a [CaseId]),
}

/// Cases by rising id.
pub async fn cases(conn: &mut PgConnection, which: Cases<'_>, today: NaiveDate) -> Result<Vec<CaseRow>> {
    let (offices, ids): (Option<Vec<Uuid>>, Option<Vec<Uuid>>) = match which {
        Cases::OfOffices(offices) => (Some(offices.iter().map(|id| id.uuid()).collect()), None),
        Cases::These(cases) => (None, Some(cases.iter().map(|id| id.uuid()).collect())),
    };
    let rows = sqlx::query!(
        r#"SELECT c.id, c.center_id, c.mentee_id, c.state, c.radius_km, c.planned_start, c.expert_gender_wish,
               c.submitted_at, c.consent_contested_at IS NULL AS "consented!", center.office_id, center.postal_code, center.match_limit, mentee.birth_date,
               EXISTS (SELECT FROM matches WHERE matches.case_id = c.id AND match_is_open(matches.state)) AS "asked!",
               CASE WHEN center.match_limit IS NULL THEN 0 ELSE (
                   SELECT count(*) FROM matches JOIN cases other ON other.id = matches.case_id
                   WHERE other.center_id = center.id AND match_is_open(matches.state)) END AS "center_matches!"
           FROM cases c
           JOIN service_centers center ON center.id = c.center_id
           JOIN mentees mentee ON mentee.id = c.mentee_id
           WHERE CASE WHEN $1::uuid[] IS NULL THEN c.id = ANY($2)
                 ELSE c.state = 'SEARCHING' AND c.consent_contested_at IS NULL AND center.office_id = ANY($1)
                     AND NOT EXISTS (SELECT FROM matches WHERE matches.case_id = c.id AND match_is_open(matches.state))
                 END
           ORDER BY c.id"#,
        offices.as_deref(),
        ids.as_deref(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mentees: Vec<Uuid> = rows.iter().map(|row| row.mentee_id).collect();
    let mut languages: HashMap<Uuid, Vec<Language>> = HashMap::new();
    for row in sqlx::query!(
        "SELECT mentee_id, language FROM mentee_languages WHERE mentee_id = ANY($1) ORDER BY mentee_id, language",
        &mentees,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let language = parse("mentee_languages", "language", row.mentee_id, &row.language)?;
        languages.entry(row.mentee_id).or_default().push(language);
    }
    let mut cases = Vec::with_capacity(rows.len());
    let mut index: HashMap<Uuid, usize> = HashMap::with_capacity(rows.len());
    for row in rows {
        let gender = row
            .expert_gender_wish
            .as_deref()
            .map(|gender| parse("cases", "expert_gender_wish", row.id, gender))
            .transpose()?;
        index.insert(row.id, cases.len());
        cases.push(CaseRow {
            id: row.id.into(),
            center: row.center_id.into(),
            mentee: row.mentee_id.into(),
            postal_code: parse("service_centers", "postal_code", row.center_id, &row.postal_code)?,
            center_room: row
                .match_limit
                .map(|limit| (i64::from(limit) - row.center_matches).clamp(0, i64::from(u16::MAX)) as u16),
            searching: row.state == "SEARCHING" && row.consented,
            asked: row.asked,
            facts: CaseFacts {
                office: row.office_id.into(),
                radius_km: row.radius_km.unsigned_abs(),
                planned_start: row.planned_start.unwrap_or(today),
                mentee_birth_date: row.birth_date,
                expert_gender_wish: gender,
            },
            traits: CaseTraits {
                support_areas: Vec::new(),
                occupations: Vec::new(),
                languages: languages.get(&row.mentee_id).cloned().unwrap_or_default(),
                waiting_since: row.submitted_at.map_or(today, date_in_germany),
            },
        });
    }
    for row in sqlx::query!(
        "SELECT case_id, area, priority FROM case_support_areas WHERE case_id = ANY($1) ORDER BY case_id, priority, area",
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let area = parse("case_support_areas", "area", row.case_id, &row.area)?;
        cases[index[&row.case_id]].traits.support_areas.push((area, row.priority as u8));
    }
    for row in sqlx::query!(
        "SELECT case_id, kldb_code FROM case_occupations WHERE case_id = ANY($1) ORDER BY case_id, rank",
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?
    {
        let code = parse("case_occupations", "kldb_code", row.case_id, &row.kldb_code)?;
        cases[index[&row.case_id]].traits.occupations.push(code);
    }
    Ok(cases)
}

/// Of these cases, those for which somebody is asked or engaged.
pub async fn asked_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<CaseId>> {
    let ids: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let asked = sqlx::query_scalar!(
        "SELECT DISTINCT case_id FROM matches WHERE case_id = ANY($1) AND match_is_open(state)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(asked.into_iter().map(CaseId::from).collect())
}

/// What earlier matches say of pairs of these cases; pairs that were never matched are not in it.
pub async fn histories(
    conn: &mut PgConnection,
    cases: &[CaseId],
) -> Result<HashMap<(CaseId, ExpertId), PairHistory>> {
    let ids: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let mut states: HashMap<(CaseId, ExpertId), Vec<MatchState>> = HashMap::new();
    for row in sqlx::query!(
        "SELECT id, case_id, expert_id, state FROM matches WHERE case_id = ANY($1)",
        &ids
    )
    .fetch_all(conn)
    .await?
    {
        let state = parse("matches", "state", row.id, &row.state)?;
        states
            .entry((row.case_id.into(), row.expert_id.into()))
            .or_default()
            .push(state);
    }
    let history = |states: Vec<MatchState>| PairHistory {
        barred: bars_pair(&states),
        open: states.iter().any(|state| state.is_open()),
    };
    Ok(states
        .into_iter()
        .map(|(pair, states)| (pair, history(states)))
        .collect())
}

/// Locks cases and experts, each by rising id, so that two operations never wait for each other in a
/// circle.
pub async fn lock(conn: &mut PgConnection, cases: &[CaseId], experts: &[ExpertId]) -> Result<()> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let experts: Vec<Uuid> = experts.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "SELECT id FROM cases WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        &cases
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!("SELECT lock_experts($1)", &experts)
        .execute(conn)
        .await?;
    Ok(())
}
