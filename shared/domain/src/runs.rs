//! Bulk matching runs (matching.md): states, parameters, what a plan says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::eligibility::{Missing, Rule};
use crate::errors::InvalidTransition;
use crate::scores::Weights;
use crate::values::words;

/// So many alternates are stored a case, part of what the coordinator approves.
pub const ALTERNATES: usize = 3;

words! {
    /// Where a run stands.
    RunState {
        /// Waits for a worker.
        Queued,
        /// Being computed.
        Running,
        /// The plan is stored with its certificate; nothing has left.
        Ready,
        /// Its proposals became approaches.
        Applied,
        /// Put away.
        Discarded,
        /// Could not be computed; the reason is stored.
        Failed,
        /// Stopped on request.
        Cancelled,
        /// Applied, and what was not answered taken back.
        Undone,
    }

    /// What a plan optimizes; both exactly.
    Objective {
        /// First the most cases matched, then the highest total score.
        Participation,
        /// The highest total score; a case may stay unmatched.
        Score,
    }

    /// What a running run is doing.
    Phase {
        /// Waiting.
        Queued,
        /// Reading the rows.
        Snapshot,
        /// Rules and scores.
        Candidates,
        /// Looking for the optimum.
        Solving,
        /// Checking the proof.
        Certifying,
        /// Storing the plan.
        Writing,
        /// Finished.
        Done,
    }

    /// What the coordinator decided about a row of the plan.
    ProposalDecision {
        /// Nothing: as planned.
        None,
        /// Not this pair.
        Vetoed,
        /// This alternate instead of the plan's choice.
        Chosen,
    }

    /// What has to be done so that an expert who is kept out may be proposed.
    Measure {
        /// A certificate has ended, or ends before the start: a new one.
        RenewCheck,
        /// There is no certificate of the kind yet.
        ObtainCheck,
        /// A required training module.
        Training,
        /// Both a certificate and a training module.
        CheckAndTraining,
    }

    /// What became of a proposal when it was applied.
    ProposalOutcome {
        /// The expert was approached.
        Approached,
        /// It had gone stale and was left out.
        Stale,
    }
}

impl Measure {
    /// What lacks these things have in common; `had_a_check` says whether there ever was a certificate.
    pub fn of(lacks: impl IntoIterator<Item = Missing>, had_a_check: bool) -> Self {
        let (mut check, mut training) = (false, false);
        for missing in lacks {
            match missing {
                Missing::SimpleCheck | Missing::ExtendedCheck => check = true,
                _ => training = true,
            }
        }
        match (check, training) {
            (true, true) => Self::CheckAndTraining,
            (true, false) if had_a_check => Self::RenewCheck,
            (true, false) => Self::ObtainCheck,
            (false, _) => Self::Training,
        }
    }
}

impl RunState {
    fn step(self, step: &'static str, from: &[Self], to: Self) -> Result<Self, InvalidTransition> {
        if from.contains(&self) {
            Ok(to)
        } else {
            Err(InvalidTransition {
                entity: "this matching run",
                from: self.to_string(),
                step,
            })
        }
    }

    /// Whether a worker may (still) have to do with it.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }

    /// A worker takes it up; also the one that takes it over from a killed one.
    pub fn start(self) -> Result<Self, InvalidTransition> {
        self.step("started", &[Self::Queued, Self::Running], Self::Running)
    }

    /// The certified plan is stored.
    pub fn ready(self) -> Result<Self, InvalidTransition> {
        self.step("finished", &[Self::Running], Self::Ready)
    }

    /// It could not be computed.
    pub fn fail(self) -> Result<Self, InvalidTransition> {
        self.step("failed", &[Self::Queued, Self::Running], Self::Failed)
    }

    /// Stopped on request.
    pub fn cancel(self) -> Result<Self, InvalidTransition> {
        self.step("cancelled", &[Self::Queued, Self::Running], Self::Cancelled)
    }

    /// Proposals become approaches; in waves, so an applied run may be applied further.
    pub fn apply(self) -> Result<Self, InvalidTransition> {
        self.step("applied", &[Self::Ready, Self::Applied], Self::Applied)
    }

    /// Put away.
    pub fn discard(self) -> Result<Self, InvalidTransition> {
        self.step("discarded", &[Self::Ready], Self::Discarded)
    }

    /// What was not answered is taken back.
    pub fn undo(self) -> Result<Self, InvalidTransition> {
        self.step("undone", &[Self::Applied], Self::Undone)
    }
}

/// What a coordinator may set for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// Participation or score.
    pub objective: Objective,
    /// Only experts of the offices whose cases these are; otherwise those of every office count.
    pub own_office_only: bool,
    /// Whether experts who still lack check or training may be proposed, with a cost in the score.
    pub admit_missing: bool,
    /// Instead of each case's own radius, in kilometres.
    pub radius_km: Option<u16>,
    /// Points a criterion.
    pub weights: Weights,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            objective: Objective::Participation,
            own_office_only: false,
            admit_missing: false,
            radius_km: None,
            weights: Weights::default(),
        }
    }
}

/// What a plan says of itself; stored with the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Experts that took part.
    pub experts: u32,
    /// Cases that took part.
    pub cases: u32,
    /// Pairs that passed every rule.
    pub candidates: u64,
    /// Cases with a proposal.
    pub matched: u32,
    /// The total score of the plan.
    pub score: i64,
    /// The proof, in numbers, that no plan is better.
    pub certificate: CertificateSummary,
    /// How many expert-case pairs within the radius each rule removed.
    pub removed: BTreeMap<Rule, u64>,
    /// Milliseconds from the first line of the worker's work to the stored plan.
    pub run_ms: u64,
}

/// A certificate in numbers: they meet, so the plan is optimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSummary {
    /// No plan matches more cases than this (König cover); equal to `matched`.
    pub cardinality_bound: u64,
    /// No plan of that many cases scores more than this (LP duals); equal to `score`.
    pub score_bound: i64,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn a_run_goes_only_the_ways_that_the_programme_knows() {
        use RunState::{Applied, Cancelled, Discarded, Failed, Queued, Ready, Running, Undone};
        type Step = fn(RunState) -> Result<RunState, InvalidTransition>;
        let steps: [(Step, &[RunState], RunState); 7] = [
            (RunState::start, &[Queued, Running], Running),
            (RunState::ready, &[Running], Ready),
            (RunState::fail, &[Queued, Running], Failed),
            (RunState::cancel, &[Queued, Running], Cancelled),
            (RunState::apply, &[Ready, Applied], Applied),
            (RunState::discard, &[Ready], Discarded),
            (RunState::undo, &[Applied], Undone),
        ];
        for (step, from, to) in steps {
            for &state in RunState::VARIANTS {
                assert_eq!(
                    step(state).ok(),
                    from.contains(&state).then_some(to),
                    "{state} to {to}"
                );
            }
        }
    }
}
