//! Matches: one expert for one case, from the first question on.
//!
//! Whoever changes matches locks in one order: the run, then cases, then matches, then experts, each by
//! rising id; so no two operations wait for each other in a circle.

mod alternates;
mod changing;
mod life;
mod listing;

pub use self::{
    alternates::{hold_run_of, unused_alternates},
    changing::{
        NewApproach, accept, answer_contested, contest_answer, decline, insert_approaches, lock_of_cases,
        set_decline_reason, supersede, withdraw,
    },
    life::{
        Checked, expired_checks, lapsed, open_of_expert, overdue_verdicts, resumable, signed_and_waiting,
        store,
    },
    listing::{Key, MatchFilter, count, for_cases, key, list, open_counts},
};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::agreements::Writer;
use tandem_domain::ids::{CaseId, CenterId, ExpertId, MatchId, MenteeId, OfficeId, ProposalId, UserId};
use tandem_domain::matches::{AnswerWay, DeclineReason, EndReason, EndedBy, MatchState, PauseReason};
use tandem_domain::policy::Resource;
use uuid::Uuid;

use crate::{Error, Result, parse};

/// A first meeting that is arranged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMeeting {
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub place: String,
    /// Who arranged it.
    pub by: Writer,
}

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
    /// Who introduced them; none: the system.
    pub introduced_by: Option<UserId>,
    /// When expert and centre have talked about what the mentee needs (S33).
    pub briefed_on: Option<NaiveDate>,
    /// What came of it.
    pub briefing_note: String,
    /// The first meeting as it is arranged.
    pub planned: Option<PlannedMeeting>,
    /// How often a first meeting was arranged so far.
    pub meeting_plan: i16,
    /// The day on which the first meeting took place.
    pub first_meeting_on: Option<NaiveDate>,
    /// When that was recorded: the chemistry question counts from here.
    pub met_recorded_at: Option<DateTime<Utc>>,
    /// When the verdicts became two yes, and the agreement was opened.
    pub consented_at: Option<DateTime<Utc>>,
    /// Since when it is active.
    pub active_from: Option<NaiveDate>,
    /// Since when it is interrupted, and why.
    pub paused: Option<(DateTime<Utc>, PauseReason)>,
    /// When it ended, in whatever way.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who ended an accompaniment.
    pub ended_by: Option<EndedBy>,
    /// Why, as far as somebody said so.
    pub end_reasons: Vec<EndReason>,
    /// Whether the expert would like another match.
    pub another_wished: Option<bool>,
    /// Whether the mentee would like another match.
    pub mentee_another_wished: Option<bool>,
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
    introduced_by: Option<Uuid>,
    briefed_on: Option<NaiveDate>,
    briefing_note: String,
    meeting_planned_at: Option<DateTime<Utc>>,
    meeting_planned_place: String,
    meeting_planned_by: Option<String>,
    meeting_plan: i16,
    first_meeting_on: Option<NaiveDate>,
    met_recorded_at: Option<DateTime<Utc>>,
    consented_at: Option<DateTime<Utc>>,
    active_from: Option<NaiveDate>,
    paused_at: Option<DateTime<Utc>>,
    pause_reason: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    ended_by_side: Option<String>,
    end_reasons: Vec<String>,
    another_match_wished: Option<bool>,
    mentee_wishes_another: Option<bool>,
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
            introduced_by: row.introduced_by.map(UserId::from),
            briefed_on: row.briefed_on,
            briefing_note: row.briefing_note,
            planned: row
                .meeting_planned_at
                .zip(row.meeting_planned_by)
                .map(|(at, by)| {
                    Ok::<_, Error>(PlannedMeeting {
                        at,
                        place: row.meeting_planned_place,
                        by: parse("matches", "meeting_planned_by", id, &by)?,
                    })
                })
                .transpose()?,
            meeting_plan: row.meeting_plan,
            first_meeting_on: row.first_meeting_on,
            met_recorded_at: row.met_recorded_at,
            consented_at: row.consented_at,
            active_from: row.active_from,
            paused: row
                .paused_at
                .zip(row.pause_reason)
                .map(|(at, reason)| Ok::<_, Error>((at, parse("matches", "pause_reason", id, &reason)?)))
                .transpose()?,
            ended_at: row.ended_at,
            ended_by: row
                .ended_by_side
                .map(|text| parse("matches", "ended_by_side", id, &text))
                .transpose()?,
            end_reasons: row
                .end_reasons
                .iter()
                .map(|text| parse("matches", "end_reasons", id, text))
                .collect::<Result<_>>()?,
            another_wished: row.another_match_wished,
            mentee_another_wished: row.mentee_wishes_another,
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
             m.introduced_at, m.introduced_by, m.briefed_on, m.briefing_note, m.meeting_planned_at,
             m.meeting_planned_place, m.meeting_planned_by, m.meeting_plan, m.first_meeting_on, m.met_recorded_at,
             m.consented_at, m.active_from, m.paused_at, m.pause_reason, m.ended_at, m.ended_by_side, m.end_reasons,
             m.another_match_wished, m.mentee_wishes_another, m.version, m.created_at, m.updated_at,
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
