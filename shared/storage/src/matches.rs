//! Matches: one expert for one case, from the first question on.
//!
//! Whoever changes matches locks in one order: the run, then cases, then matches, then experts, each by
//! rising id; so no two operations wait for each other in a circle.

mod alternates;
mod changing;
mod listing;

pub use self::{
    alternates::{hold_run_of, unused_alternates},
    changing::{
        NewApproach, accept, decline, insert_approaches, lock_of_cases, set_decline_reason, supersede,
        withdraw,
    },
    listing::{Key, MatchFilter, count, for_cases, key, list, open_counts},
};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, CenterId, ExpertId, MatchId, MenteeId, OfficeId, ProposalId, UserId};
use tandem_domain::matches::{AnswerWay, DeclineReason, MatchState};
use tandem_domain::policy::Resource;
use uuid::Uuid;

use crate::{Error, Result, parse};

/// A match, and what decides who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The id.
    pub id: MatchId,
    /// The case.
    pub case: CaseId,
    /// The expert.
    pub expert: ExpertId,
    /// The row of the plan that it came from; none: approached by hand.
    pub proposal: Option<ProposalId>,
    /// Where it stands.
    pub state: MatchState,
    /// Who asked; none: the system, when it brought an alternate forward.
    pub approached_by: Option<UserId>,
    /// When the expert was asked.
    pub approached_at: DateTime<Utc>,
    /// When the approach e-mail left: reminder and lapse count from here.
    pub approach_sent_at: Option<DateTime<Utc>>,
    /// Whether the approach e-mail cannot be delivered.
    pub undeliverable: bool,
    /// When the expert answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// How.
    pub answered_by_way: Option<AnswerWay>,
    /// What a no said of itself, if anything.
    pub decline_reason: Option<DeclineReason>,
    /// When expert and centre were introduced.
    pub introduced_at: Option<DateTime<Utc>>,
    /// The day of the first meeting.
    pub first_meeting_on: Option<NaiveDate>,
    /// Since when it is active.
    pub active_from: Option<NaiveDate>,
    /// When it ended, in whatever way.
    pub ended_at: Option<DateTime<Utc>>,
    /// Grows with every change of its state.
    pub version: i64,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// The case's centre.
    pub center: CenterId,
    /// The case's mentee.
    pub mentee: MenteeId,
    /// The office that serves the centre.
    pub office: OfficeId,
    /// The expert's own office.
    pub expert_office: OfficeId,
}

impl Match {
    /// The scope facts of the match for the policy.
    pub fn resource(&self) -> Resource {
        Resource {
            office: Some(self.office),
            other_office: Some(self.expert_office),
            center: Some(self.center),
            expert: Some(self.expert),
            mentee: Some(self.mentee),
            matching: Some(self.id),
            case: Some(self.case),
            revealed: self.state.reveals_expert(),
        }
    }
}

struct Row {
    id: Uuid,
    case_id: Uuid,
    expert_id: Uuid,
    proposal_id: Option<Uuid>,
    state: String,
    approached_by: Option<Uuid>,
    approached_at: DateTime<Utc>,
    approach_sent_at: Option<DateTime<Utc>>,
    undeliverable: bool,
    answered_at: Option<DateTime<Utc>>,
    answered_by_way: Option<String>,
    decline_reason: Option<String>,
    introduced_at: Option<DateTime<Utc>>,
    first_meeting_on: Option<NaiveDate>,
    active_from: Option<NaiveDate>,
    ended_at: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    center_id: Uuid,
    mentee_id: Uuid,
    office_id: Uuid,
    expert_office_id: Uuid,
}

impl TryFrom<Row> for Match {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let id = row.id;
        Ok(Self {
            id: id.into(),
            case: row.case_id.into(),
            expert: row.expert_id.into(),
            proposal: row.proposal_id.map(ProposalId::from),
            state: parse("matches", "state", id, &row.state)?,
            approached_by: row.approached_by.map(UserId::from),
            approached_at: row.approached_at,
            approach_sent_at: row.approach_sent_at,
            undeliverable: row.undeliverable,
            answered_at: row.answered_at,
            answered_by_way: row
                .answered_by_way
                .map(|text| parse("matches", "answered_by_way", id, &text))
                .transpose()?,
            decline_reason: row
                .decline_reason
                .map(|text| parse("matches", "decline_reason", id, &text))
                .transpose()?,
            introduced_at: row.introduced_at,
            first_meeting_on: row.first_meeting_on,
            active_from: row.active_from,
            ended_at: row.ended_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            center: row.center_id.into(),
            mentee: row.mentee_id.into(),
            office: row.office_id.into(),
            expert_office: row.expert_office_id.into(),
        })
    }
}

/// The matches with these ids that exist, by rising id.
pub async fn by_ids(conn: &mut PgConnection, ids: &[MatchId]) -> Result<Vec<Match>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT m.id, m.case_id, m.expert_id, m.proposal_id, m.state, m.approached_by, m.approached_at,
             m.approach_sent_at, m.undeliverable, m.answered_at, m.answered_by_way, m.decline_reason,
             m.introduced_at, m.first_meeting_on, m.active_from, m.ended_at, m.version, m.created_at, m.updated_at,
             c.center_id, c.mentee_id, s.office_id, e.office_id AS expert_office_id
           FROM matches m
           JOIN cases c ON c.id = m.case_id
           JOIN service_centers s ON s.id = c.center_id
           JOIN experts e ON e.id = m.expert_id
          WHERE m.id = ANY($1)
          ORDER BY m.id",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Match::try_from)
    .collect()
}

/// One match.
pub async fn get(conn: &mut PgConnection, id: MatchId) -> Result<Option<Match>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}
