//! Meetings and milestones of matches.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::accompaniment::{MeetingDraft, MeetingKind, MilestoneDraft, MilestoneKind};
use tandem_domain::agreements::Writer;
use tandem_domain::ids::{MatchId, MeetingId, MilestoneId, UserId};
use tandem_domain::values::{CefrLevel, SupportArea};
use uuid::Uuid;

use crate::{Result, parse};

/// A logged meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The id.
    pub id: MeetingId,
    /// The match.
    pub matching: MatchId,
    /// When.
    pub met_on: NaiveDate,
    /// How long, in minutes.
    pub minutes: i16,
    /// How.
    pub kind: MeetingKind,
    /// What it was about.
    pub areas: Vec<SupportArea>,
    /// Whether the mentee asked for it (S40).
    pub requested_by_mentee: bool,
    /// A note.
    pub note: String,
    /// Who logged it.
    pub recorded_by: Writer,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A step on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// The id.
    pub id: MilestoneId,
    /// The match.
    pub matching: MatchId,
    /// What.
    pub kind: MilestoneKind,
    /// The interview that a preparation or a follow-up belongs to.
    pub interview: Option<MilestoneId>,
    /// When.
    pub on_date: NaiveDate,
    /// Which level was reached.
    pub level: Option<CefrLevel>,
    /// A note.
    pub note: String,
    /// Who recorded it.
    pub recorded_by: Writer,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Writes a meeting.
pub async fn insert_meeting(
    conn: &mut PgConnection,
    id: MeetingId,
    matching: MatchId,
    draft: &MeetingDraft,
    by: (Writer, Option<UserId>),
    now: DateTime<Utc>,
) -> Result<()> {
    let areas: Vec<&str> = draft.areas.iter().copied().map(SupportArea::as_str).collect();
    sqlx::query!(
        "INSERT INTO meetings (id, match_id, met_on, minutes, kind, areas, requested_by_mentee, note, recorded_by_side,
             recorded_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id.uuid(),
        matching.uuid(),
        draft.met_on,
        draft.minutes as i16,
        draft.kind.as_str(),
        &areas as &[&str],
        draft.requested_by_mentee,
        draft.note,
        by.0.as_str(),
        by.1.map(UserId::uuid),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The meetings of these matches, the newest first.
pub async fn meetings(conn: &mut PgConnection, matches: &[MatchId]) -> Result<Vec<Meeting>> {
    let ids: Vec<Uuid> = matches.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "SELECT id, match_id, met_on, minutes, kind, areas, requested_by_mentee, note, recorded_by_side, created_at
           FROM meetings WHERE match_id = ANY($1) ORDER BY met_on DESC, created_at DESC, id",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Meeting {
            id: row.id.into(),
            matching: row.match_id.into(),
            met_on: row.met_on,
            minutes: row.minutes,
            kind: parse("meetings", "kind", row.id, &row.kind)?,
            areas: row
                .areas
                .iter()
                .map(|text| parse("meetings", "areas", row.id, text))
                .collect::<Result<_>>()?,
            requested_by_mentee: row.requested_by_mentee,
            note: row.note,
            recorded_by: parse("meetings", "recorded_by_side", row.id, &row.recorded_by_side)?,
            created_at: row.created_at,
        })
    })
    .collect()
}

/// The days on which the people of these matches met, in rising order.
pub async fn meeting_days(
    conn: &mut PgConnection,
    matches: &[MatchId],
) -> Result<HashMap<MatchId, Vec<NaiveDate>>> {
    let ids: Vec<Uuid> = matches.iter().map(|id| id.uuid()).collect();
    let mut days: HashMap<MatchId, Vec<NaiveDate>> = HashMap::new();
    for row in sqlx::query!(
        "SELECT match_id, met_on FROM meetings WHERE match_id = ANY($1) ORDER BY match_id, met_on",
        &ids,
    )
    .fetch_all(conn)
    .await?
    {
        days.entry(row.match_id.into()).or_default().push(row.met_on);
    }
    Ok(days)
}

/// Writes a milestone.
pub async fn insert_milestone(
    conn: &mut PgConnection,
    id: MilestoneId,
    matching: MatchId,
    draft: &MilestoneDraft<MilestoneId>,
    by: (Writer, Option<UserId>),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO milestones (id, match_id, kind, belongs_to, on_date, level, note, recorded_by_side, recorded_by,
             created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id.uuid(),
        matching.uuid(),
        draft.kind.as_str(),
        draft.interview.map(MilestoneId::uuid),
        draft.on_date,
        draft.level.map(CefrLevel::as_str),
        draft.note,
        by.0.as_str(),
        by.1.map(UserId::uuid),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The milestones of these matches, the newest first.
pub async fn milestones(conn: &mut PgConnection, matches: &[MatchId]) -> Result<Vec<Milestone>> {
    let ids: Vec<Uuid> = matches.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "SELECT id, match_id, kind, belongs_to, on_date, level, note, recorded_by_side, created_at
           FROM milestones WHERE match_id = ANY($1) ORDER BY on_date DESC, created_at DESC, id",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Milestone {
            id: row.id.into(),
            matching: row.match_id.into(),
            kind: parse("milestones", "kind", row.id, &row.kind)?,
            interview: row.belongs_to.map(MilestoneId::from),
            on_date: row.on_date,
            level: row
                .level
                .map(|text| parse("milestones", "level", row.id, &text))
                .transpose()?,
            note: row.note,
            recorded_by: parse("milestones", "recorded_by_side", row.id, &row.recorded_by_side)?,
            created_at: row.created_at,
        })
    })
    .collect()
}
