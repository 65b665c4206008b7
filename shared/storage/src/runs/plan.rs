//! The plan of a run: a row a case, its proposals, what was decided and what became of them.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use tandem_domain::eligibility::{Missing, Rule};
use tandem_domain::ids::{CaseId, ExpertId, ProposalId, RunId};
use tandem_domain::runs::{ProposalDecision, ProposalOutcome};
use tandem_domain::scores::Points;
use uuid::Uuid;

use super::{from_json, json_text};
use crate::paging::{Page, Slice};
use crate::{Result, parse};

/// A proposal to be stored.
#[derive(Debug, Clone)]
pub struct NewProposal {
    /// Its id.
    pub id: ProposalId,
    /// The case.
    pub case: CaseId,
    /// The expert.
    pub expert: ExpertId,
    /// 0: the plan's choice; 1 to 3: alternates.
    pub rank: u8,
    /// The sum of the points.
    pub score: i32,
    /// Points a criterion.
    pub points: Points,
    /// Whole metres from the centre.
    pub distance_m: u32,
    /// What the expert still lacks.
    pub missing: Vec<Missing>,
    /// Whether the coordinator had set this pair before.
    pub pinned: bool,
}

/// A case of a run, to be stored.
#[derive(Debug, Clone)]
pub struct NewRunCase {
    /// The case.
    pub case: CaseId,
    /// How many experts passed every rule.
    pub candidates: u32,
    /// How many each rule removed.
    pub removed: BTreeMap<Rule, u32>,
    /// The nearest misses, as JSON that the operation writes.
    pub near_misses: String,
    /// Whether it has a proposal.
    pub matched: bool,
}

/// A proposal as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// Its run.
    pub run: RunId,
    /// The case.
    pub case: CaseId,
    /// The expert.
    pub expert: ExpertId,
    /// 0: the plan's choice; 1 to 3: alternates.
    pub rank: u8,
    /// The sum of the points.
    pub score: i32,
    /// Points a criterion.
    pub points: Points,
    /// Whole metres from the centre.
    pub distance_m: u32,
    /// What the expert still lacked when the plan was made.
    pub missing: Vec<Missing>,
    /// Whether the coordinator had set this pair before.
    pub pinned: bool,
    /// What was decided about it.
    pub decision: ProposalDecision,
    /// What became of it.
    pub outcome: Option<ProposalOutcome>,
    /// Why it was left out: a [`Rule`].
    pub stale_reason: Option<Rule>,
}

/// A case of a run as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCase {
    /// The run.
    pub run: RunId,
    /// The case.
    pub case: CaseId,
    /// How many experts passed every rule.
    pub candidates: u32,
    /// How many each rule removed.
    pub removed: BTreeMap<Rule, u32>,
    /// The nearest misses, as the operation wrote them.
    pub near_misses: serde_json::Value,
    /// Whether it has a proposal.
    pub matched: bool,
}

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) run_id: Uuid,
    pub(super) case_id: Uuid,
    pub(super) expert_id: Uuid,
    pub(super) rank: i16,
    pub(super) score: i32,
    pub(super) points: serde_json::Value,
    pub(super) distance_m: i32,
    pub(super) missing: Vec<String>,
    pub(super) pinned: bool,
    pub(super) decision: String,
    pub(super) outcome: Option<String>,
    pub(super) stale_reason: Option<String>,
}

impl Row {
    pub(super) fn proposal(self) -> Result<Proposal> {
        let missing = self
            .missing
            .iter()
            .map(|missing| parse("proposals", "missing", self.id, missing))
            .collect::<Result<_>>()?;
        let outcome = self
            .outcome
            .as_deref()
            .map(|outcome| parse("proposals", "outcome", self.id, outcome))
            .transpose()?;
        let stale_reason = self
            .stale_reason
            .as_deref()
            .map(|rule| parse("proposals", "stale_reason", self.id, rule))
            .transpose()?;
        Ok(Proposal {
            id: self.id.into(),
            run: self.run_id.into(),
            case: self.case_id.into(),
            expert: self.expert_id.into(),
            rank: self.rank as u8,
            score: self.score,
            points: from_json("proposals", "points", self.id, self.points)?,
            distance_m: self.distance_m.unsigned_abs(),
            missing,
            pinned: self.pinned,
            decision: parse("proposals", "decision", self.id, &self.decision)?,
            outcome,
            stale_reason,
        })
    }
}

/// Stores a whole plan, in two statements.
pub async fn store_plan(
    conn: &mut PgConnection,
    run: RunId,
    cases: &[NewRunCase],
    proposals: &[NewProposal],
) -> Result<()> {
    let case_ids: Vec<Uuid> = cases.iter().map(|case| case.case.uuid()).collect();
    let candidates: Vec<i32> = cases.iter().map(|case| case.candidates as i32).collect();
    // JSON as text: trees of values cost more than everything else here
    let removed: Vec<String> = cases.iter().map(|case| json_text(&case.removed)).collect();
    let near_misses: Vec<&str> = cases.iter().map(|case| case.near_misses.as_str()).collect();
    let matched: Vec<bool> = cases.iter().map(|case| case.matched).collect();
    sqlx::query!(
        "INSERT INTO matching_run_cases (run_id, case_id, candidates, removed, near_misses, matched)
         SELECT $1, id, candidates, removed::jsonb, near_misses::jsonb, matched
         FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::bool[])
             AS row (id, candidates, removed, near_misses, matched)",
        run.uuid(),
        &case_ids,
        &candidates,
        &removed,
        &near_misses as &[&str],
        &matched,
    )
    .execute(&mut *conn)
    .await?;

    let ids: Vec<Uuid> = proposals.iter().map(|proposal| proposal.id.uuid()).collect();
    let case_ids: Vec<Uuid> = proposals.iter().map(|proposal| proposal.case.uuid()).collect();
    let expert_ids: Vec<Uuid> = proposals.iter().map(|proposal| proposal.expert.uuid()).collect();
    let ranks: Vec<i16> = proposals
        .iter()
        .map(|proposal| i16::from(proposal.rank))
        .collect();
    let scores: Vec<i32> = proposals.iter().map(|proposal| proposal.score).collect();
    let points: Vec<String> = proposals
        .iter()
        .map(|proposal| json_text(&proposal.points))
        .collect();
    let distances: Vec<i32> = proposals
        .iter()
        .map(|proposal| proposal.distance_m as i32)
        .collect();
    // an array of arrays would have to be rectangular: the words of a row are joined
    let missing: Vec<String> = proposals
        .iter()
        .map(|proposal| {
            proposal
                .missing
                .iter()
                .map(|missing| missing.as_str())
                .collect::<Vec<_>>()
                .join(",")
        })
        .collect();
    let pinned: Vec<bool> = proposals.iter().map(|proposal| proposal.pinned).collect();
    sqlx::query!(
        "INSERT INTO proposals (id, run_id, case_id, expert_id, rank, score, points, distance_m, missing, pinned)
         SELECT id, $1, case_id, expert_id, rank, score, points::jsonb, distance_m,
             CASE missing WHEN '' THEN '{}'::text[] ELSE string_to_array(missing, ',') END, pinned
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::int[], $7::text[], $8::int[],
             $9::text[], $10::bool[])
             AS row (id, case_id, expert_id, rank, score, points, distance_m, missing, pinned)",
        run.uuid(),
        &ids,
        &case_ids,
        &expert_ids,
        &ranks,
        &scores,
        &points,
        &distances,
        &missing,
        &pinned,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Narrows the proposals of a run.
#[derive(Debug, Clone, Default)]
pub struct ProposalFilter {
    /// Only the plan's choices (0) or only alternates of that rank.
    pub rank: Option<u8>,
    /// Only this case.
    pub case: Option<CaseId>,
    /// Only this expert.
    pub expert: Option<ExpertId>,
    /// Only proposals that went so.
    pub outcome: Option<ProposalOutcome>,
}

/// The proposals of a run by falling score; the key is score and id.
pub async fn proposals(
    conn: &mut PgConnection,
    run: RunId,
    filter: &ProposalFilter,
    page: &Page<(i32, Uuid)>,
) -> Result<Slice<Proposal>> {
    let (after_score, after_id) = page.after.unzip();
    let (before_score, before_id) = page.before.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, run_id, case_id, expert_id, rank, score, points, distance_m, missing, pinned, decision,
             outcome, stale_reason
         FROM proposals
         WHERE run_id = $1
           AND ($2::smallint IS NULL OR rank = $2)
           AND ($3::uuid IS NULL OR case_id = $3)
           AND ($4::uuid IS NULL OR expert_id = $4)
           AND ($5::text IS NULL OR outcome = $5)
           AND ($6::int IS NULL OR (score, id) < ($6, $7))
           AND ($8::int IS NULL OR (score, id) > ($8, $9))
         ORDER BY CASE WHEN $10 THEN score END, CASE WHEN $10 THEN id END, score DESC, id DESC
         LIMIT $11",
        run.uuid(),
        filter.rank.map(i16::from),
        filter.case.map(CaseId::uuid),
        filter.expert.map(ExpertId::uuid),
        filter.outcome.map(ProposalOutcome::as_str),
        after_score,
        after_id,
        before_score,
        before_id,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let proposals = rows.into_iter().map(Row::proposal).collect::<Result<_>>()?;
    Ok(page.slice(proposals))
}

/// Proposals, in no order.
pub async fn proposals_by_ids(conn: &mut PgConnection, ids: &[ProposalId]) -> Result<Vec<Proposal>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, run_id, case_id, expert_id, rank, score, points, distance_m, missing, pinned, decision,
             outcome, stale_reason
         FROM proposals WHERE id = ANY($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::proposal).collect()
}

/// One proposal.
pub async fn proposal(conn: &mut PgConnection, id: ProposalId) -> Result<Option<Proposal>> {
    Ok(proposals_by_ids(conn, &[id]).await?.pop())
}

/// The cases of a run by id: those with or without a proposal, or all.
pub async fn plan_cases(
    conn: &mut PgConnection,
    run: RunId,
    matched: Option<bool>,
    page: &Page<Uuid>,
) -> Result<Slice<RunCase>> {
    let rows = sqlx::query!(
        "SELECT case_id, candidates, removed, near_misses, matched FROM matching_run_cases
         WHERE run_id = $1 AND ($2::bool IS NULL OR matched = $2)
           AND ($3::uuid IS NULL OR case_id > $3) AND ($4::uuid IS NULL OR case_id < $4)
         ORDER BY CASE WHEN $5 THEN case_id END DESC, case_id
         LIMIT $6",
        run.uuid(),
        matched,
        page.after,
        page.before,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let cases = rows
        .into_iter()
        .map(|row| {
            Ok(RunCase {
                run,
                case: row.case_id.into(),
                candidates: row.candidates.unsigned_abs(),
                removed: from_json("matching_run_cases", "removed", row.case_id, row.removed)?,
                near_misses: row.near_misses,
                matched: row.matched,
            })
        })
        .collect::<Result<_>>()?;
    Ok(page.slice(cases))
}
