//! What of an expert lies in tables of its own: occupations, languages, areas, programmes, pauses.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use strum::VariantArray;
use tandem_domain::experts::{ExpertOccupation, Pause};
use tandem_domain::ids::{ExpertId, PauseId};
use tandem_domain::occupations::KldbCode;
use tandem_domain::values::{Language, Programme, SupportArea};
use uuid::Uuid;

use super::Saved;
use crate::{Result, parse};

/// Everything of an expert that is a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Occupations and interests, the most important first.
    pub occupations: Vec<ExpertOccupation>,
    /// Languages, sorted.
    pub languages: Vec<Language>,
    /// Areas offered, sorted.
    pub support_areas: Vec<SupportArea>,
    /// Earlier programmes, sorted.
    pub programmes: Vec<Programme>,
}

/// One of the lists of [`Details`], which lie in a table each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray)]
pub enum Part {
    /// Occupations and interests.
    Occupations,
    /// Languages.
    Languages,
    /// Areas offered.
    SupportAreas,
    /// Earlier programmes.
    Programmes,
}

fn uuids(ids: &[ExpertId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}

/// The details of these experts, in four statements; who has none is not among them.
pub async fn details_for(
    conn: &mut PgConnection,
    experts: &[ExpertId],
) -> Result<HashMap<ExpertId, Details>> {
    parts_for(conn, experts, Part::VARIANTS).await
}

/// These parts of the details of these experts, in a statement each; the other lists stay empty.
pub async fn parts_for(
    conn: &mut PgConnection,
    experts: &[ExpertId],
    parts: &[Part],
) -> Result<HashMap<ExpertId, Details>> {
    let ids = uuids(experts);
    let mut details: HashMap<ExpertId, Details> = HashMap::with_capacity(ids.len());
    for part in parts {
        match part {
            Part::Occupations => add_occupations(conn, &ids, &mut details).await?,
            Part::Languages => add_languages(conn, &ids, &mut details).await?,
            Part::SupportAreas => add_support_areas(conn, &ids, &mut details).await?,
            Part::Programmes => add_programmes(conn, &ids, &mut details).await?,
        }
    }
    for expert in details.values_mut() {
        expert.languages.sort();
        expert.support_areas.sort();
        expert.programmes.sort();
    }
    Ok(details)
}

async fn add_occupations(
    conn: &mut PgConnection,
    ids: &[Uuid],
    details: &mut HashMap<ExpertId, Details>,
) -> Result<()> {
    let occupations = sqlx::query!(
        "SELECT expert_id, kind, kldb_code, label FROM expert_occupations WHERE expert_id = ANY($1)
         ORDER BY expert_id, position",
        ids
    )
    .fetch_all(conn)
    .await?;
    for row in occupations {
        let code = row
            .kldb_code
            .map(|code| parse("expert_occupations", "kldb_code", row.expert_id, &code));
        details
            .entry(row.expert_id.into())
            .or_default()
            .occupations
            .push(ExpertOccupation {
                kind: parse("expert_occupations", "kind", row.expert_id, &row.kind)?,
                kldb_code: code.transpose()?,
                label: row.label,
            });
    }
    Ok(())
}

async fn add_languages(
    conn: &mut PgConnection,
    ids: &[Uuid],
    details: &mut HashMap<ExpertId, Details>,
) -> Result<()> {
    let languages = sqlx::query!(
        "SELECT expert_id, language FROM expert_languages WHERE expert_id = ANY($1)",
        ids
    )
    .fetch_all(conn)
    .await?;
    for row in languages {
        let language = parse("expert_languages", "language", row.expert_id, &row.language)?;
        details
            .entry(row.expert_id.into())
            .or_default()
            .languages
            .push(language);
    }
    Ok(())
}

async fn add_support_areas(
    conn: &mut PgConnection,
    ids: &[Uuid],
    details: &mut HashMap<ExpertId, Details>,
) -> Result<()> {
    let areas = sqlx::query!(
        "SELECT expert_id, area FROM expert_support_areas WHERE expert_id = ANY($1)",
        ids
    )
    .fetch_all(conn)
    .await?;
    for row in areas {
        let area = parse("expert_support_areas", "area", row.expert_id, &row.area)?;
        details
            .entry(row.expert_id.into())
            .or_default()
            .support_areas
            .push(area);
    }
    Ok(())
}

async fn add_programmes(
    conn: &mut PgConnection,
    ids: &[Uuid],
    details: &mut HashMap<ExpertId, Details>,
) -> Result<()> {
    let programmes = sqlx::query!(
        "SELECT expert_id, programme FROM expert_programmes WHERE expert_id = ANY($1)",
        ids
    )
    .fetch_all(conn)
    .await?;
    for row in programmes {
        let programme = parse("expert_programmes", "programme", row.expert_id, &row.programme)?;
        details
            .entry(row.expert_id.into())
            .or_default()
            .programmes
            .push(programme);
    }
    Ok(())
}

#[derive(Serialize)]
struct OccupationRow<'a> {
    expert_id: Uuid,
    position: usize,
    kind: &'static str,
    kldb_code: Option<&'a str>,
    label: &'a str,
}

/// Writes the details of experts anew.
pub(super) async fn replace(conn: &mut PgConnection, experts: &[Saved<'_>]) -> Result<()> {
    let ids: Vec<Uuid> = experts.iter().map(|saved| saved.id.uuid()).collect();
    let occupations: Vec<OccupationRow<'_>> = experts
        .iter()
        .flat_map(|saved| {
            let occupations = saved.profile.occupations.iter().enumerate();
            occupations.map(|(position, occupation)| OccupationRow {
                expert_id: saved.id.uuid(),
                position,
                kind: occupation.kind.as_str(),
                kldb_code: occupation.kldb_code.as_ref().map(KldbCode::as_str),
                label: &occupation.label,
            })
        })
        .collect();
    sqlx::query!("DELETE FROM expert_occupations WHERE expert_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "INSERT INTO expert_occupations (expert_id, position, kind, kldb_code, label)
         SELECT r.expert_id, r.position, r.kind, r.kldb_code, r.label
         FROM jsonb_to_recordset($1) AS r (expert_id uuid, position smallint, kind text, kldb_code text, label text)",
        serde_json::to_value(&occupations).expect("an occupation is plain data"),
    )
    .execute(&mut *conn)
    .await?;

    let (owners, languages) = pairs(experts, |saved| {
        saved
            .profile
            .languages
            .iter()
            .map(|language| language.as_str().to_owned())
            .collect()
    });
    sqlx::query!("DELETE FROM expert_languages WHERE expert_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "INSERT INTO expert_languages (expert_id, language) SELECT * FROM UNNEST($1::uuid[], $2::text[])",
        &owners,
        &languages
    )
    .execute(&mut *conn)
    .await?;

    let (owners, areas) = pairs(experts, |saved| {
        saved
            .profile
            .support_areas
            .iter()
            .map(ToString::to_string)
            .collect()
    });
    sqlx::query!("DELETE FROM expert_support_areas WHERE expert_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "INSERT INTO expert_support_areas (expert_id, area) SELECT * FROM UNNEST($1::uuid[], $2::text[])",
        &owners,
        &areas
    )
    .execute(&mut *conn)
    .await?;

    let (owners, programmes) = pairs(experts, |saved| {
        saved.profile.programmes.iter().map(ToString::to_string).collect()
    });
    sqlx::query!("DELETE FROM expert_programmes WHERE expert_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "INSERT INTO expert_programmes (expert_id, programme) SELECT * FROM UNNEST($1::uuid[], $2::text[])",
        &owners,
        &programmes
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn pairs(experts: &[Saved<'_>], of: impl Fn(&Saved<'_>) -> Vec<String>) -> (Vec<Uuid>, Vec<String>) {
    experts
        .iter()
        .flat_map(|saved| of(saved).into_iter().map(|value| (saved.id.uuid(), value)))
        .unzip()
}

/// A pause with its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpertPause {
    /// Its id.
    pub id: PauseId,
    /// Whose.
    pub expert_id: ExpertId,
    /// From, until.
    pub pause: Pause,
}

/// The pauses of these experts that are not over on `today`, by their first day.
pub async fn pauses_for(
    conn: &mut PgConnection,
    experts: &[ExpertId],
    today: NaiveDate,
) -> Result<Vec<ExpertPause>> {
    let rows = sqlx::query!(
        "SELECT id, expert_id, from_date, until_date FROM expert_pauses
         WHERE expert_id = ANY($1) AND (until_date IS NULL OR until_date >= $2) ORDER BY from_date, id",
        &uuids(experts),
        today,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ExpertPause {
            id: row.id.into(),
            expert_id: row.expert_id.into(),
            pause: Pause {
                from: row.from_date,
                until: row.until_date,
            },
        })
        .collect())
}

/// Notes pauses, in one statement.
pub async fn insert_pauses(conn: &mut PgConnection, pauses: &[ExpertPause]) -> Result<()> {
    let ids: Vec<Uuid> = pauses.iter().map(|pause| pause.id.uuid()).collect();
    let experts: Vec<Uuid> = pauses.iter().map(|pause| pause.expert_id.uuid()).collect();
    let from: Vec<NaiveDate> = pauses.iter().map(|pause| pause.pause.from).collect();
    let until: Vec<Option<NaiveDate>> = pauses.iter().map(|pause| pause.pause.until).collect();
    sqlx::query!(
        "INSERT INTO expert_pauses (id, expert_id, from_date, until_date)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::date[], $4::date[])",
        &ids,
        &experts,
        &from,
        &until as &[Option<NaiveDate>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes an expert available from `from` on: a pause that covers that day ends on the day before, one that
/// would begin then or later is dropped. Returns how many pauses that changed.
pub async fn resume(conn: &mut PgConnection, expert: ExpertId, from: NaiveDate) -> Result<u64> {
    let dropped = sqlx::query!(
        "DELETE FROM expert_pauses WHERE expert_id = $1 AND from_date >= $2",
        expert.uuid(),
        from
    )
    .execute(&mut *conn)
    .await?;
    let ended = sqlx::query!(
        "UPDATE expert_pauses SET until_date = $2::date - 1
         WHERE expert_id = $1 AND from_date < $2 AND (until_date IS NULL OR until_date >= $2)",
        expert.uuid(),
        from,
    )
    .execute(conn)
    .await?;
    Ok(dropped.rows_affected() + ended.rows_affected())
}
