//! The numbers of a run: points, weights, progress, what a plan says of itself.

use std::collections::BTreeMap;

use async_graphql::SimpleObject;
use tandem_domain::{
    eligibility::{Missing, Rule},
    explaining, runs as domain,
    scores::{Points, Weights},
};

use super::words::{ExplanationLanguage, MatchCriterion, MatchingObjective, MatchingRule, MatchingRunPhase};

/// How many experts one rule removed.
#[derive(Debug, Clone, SimpleObject)]
pub struct RemovedByRule {
    /// The rule.
    pub rule: MatchingRule,
    /// How many.
    pub count: i64,
}

/// Counts by rule, in the rules' order.
pub fn removed_words<N: Copy + Into<i64>>(removed: &BTreeMap<Rule, N>) -> Vec<RemovedByRule> {
    removed
        .iter()
        .filter(|(_, count)| (**count).into() > 0)
        .map(|(rule, count)| RemovedByRule {
            rule: (*rule).into(),
            count: (*count).into(),
        })
        .collect()
}

/// Points by criterion. Their sum is the score.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchPoints {
    /// Nearness to the centre.
    pub distance: i32,
    /// Closeness of the expert's occupations and interests to the target occupations.
    pub occupation: i32,
    /// Wanted support areas that the expert offers.
    pub support_areas: i32,
    /// A common language besides German.
    pub language: i32,
    /// Earlier one-to-one programmes.
    pub programmes: i32,
    /// Free capacity.
    pub balance: i32,
    /// Waiting time of the case.
    pub waiting: i32,
    /// What the expert still lacks; zero or negative.
    pub missing: i32,
    /// The sum.
    pub total: i32,
}

impl From<Points> for MatchPoints {
    fn from(points: Points) -> Self {
        Self {
            distance: points.distance,
            occupation: points.occupation,
            support_areas: points.support_areas,
            language: points.language,
            programmes: points.programmes,
            balance: points.balance,
            waiting: points.waiting,
            missing: points.missing,
            total: points.total(),
        }
    }
}

/// The most points that each criterion can give.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchWeights {
    /// At the centre's door.
    pub distance: i32,
    /// The same occupation as the first choice.
    pub occupation: i32,
    /// Every wanted area is offered.
    pub support_areas: i32,
    /// A common language besides German.
    pub language: i32,
    /// Was in an earlier programme.
    pub programmes: i32,
    /// The whole capacity is free.
    pub balance: i32,
    /// For each day of waiting.
    pub waiting_per_day: i32,
    /// Taken off for each thing that is missing.
    pub missing: i32,
}

impl From<Weights> for MatchWeights {
    fn from(weights: Weights) -> Self {
        Self {
            distance: weights.distance,
            occupation: weights.occupation,
            support_areas: weights.support_areas,
            language: weights.language,
            programmes: weights.programmes,
            balance: weights.balance,
            waiting_per_day: weights.waiting_per_day,
            missing: weights.missing,
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingRunProgress {
    /// What it is doing.
    pub phase: MatchingRunPhase,
    /// Steps of the phase that are done.
    pub done: i64,
    /// Steps of the phase; 0 where they are not counted.
    pub total: i64,
}

/// What was set for a run.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingRunParameters {
    /// What the plan optimizes.
    pub objective: MatchingObjective,
    /// Whether only experts of the offices themselves take part.
    pub own_office_only: bool,
    /// Whether experts who still lack a check or training take part.
    pub admit_missing: bool,
    /// A radius in kilometres instead of each case's own.
    pub radius_km: Option<i32>,
    /// Points a criterion.
    pub weights: MatchWeights,
}

impl From<&domain::Parameters> for MatchingRunParameters {
    fn from(parameters: &domain::Parameters) -> Self {
        Self {
            objective: parameters.objective.into(),
            own_office_only: parameters.own_office_only,
            admit_missing: parameters.admit_missing,
            radius_km: parameters.radius_km.map(i32::from),
            weights: parameters.weights.into(),
        }
    }
}

/// The proof, in numbers, that no plan is better: the bounds are the plan's own numbers.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingCertificate {
    /// No plan matches more cases than this.
    pub cardinality_bound: i64,
    /// No plan of that many cases scores more than this.
    pub score_bound: i64,
    /// Whether the plan reaches both bounds. A plan that does not is never shown.
    pub certified: bool,
}

/// What a plan says of itself.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingRunSummary {
    /// Experts that took part.
    pub experts: i32,
    /// Cases that took part.
    pub cases: i32,
    /// Pairs that passed every rule.
    pub candidates: i64,
    /// Cases with a proposal.
    pub matched: i32,
    /// The total score.
    pub score: i64,
    /// The proof.
    pub certificate: MatchingCertificate,
    /// How many pairs within the radius each rule removed.
    pub removed: Vec<RemovedByRule>,
    /// Milliseconds that the worker needed, everything stored.
    pub run_ms: i64,
}

impl From<&domain::Summary> for MatchingRunSummary {
    fn from(summary: &domain::Summary) -> Self {
        let bounds = summary.certificate;
        let removed: BTreeMap<Rule, i64> = summary
            .removed
            .iter()
            .map(|(rule, count)| (*rule, *count as i64))
            .collect();
        Self {
            experts: summary.experts as i32,
            cases: summary.cases as i32,
            candidates: summary.candidates as i64,
            matched: summary.matched as i32,
            score: summary.score,
            certificate: MatchingCertificate {
                cardinality_bound: bounds.cardinality_bound as i64,
                score_bound: bounds.score_bound,
                certified: bounds.cardinality_bound == u64::from(summary.matched)
                    && bounds.score_bound == summary.score,
            },
            removed: removed_words(&removed),
            run_ms: summary.run_ms as i64,
        }
    }
}

/// The points of one criterion, in a sentence.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchExplanation {
    /// The criterion.
    pub criterion: MatchCriterion,
    /// Its points; those of all criteria add up to the score.
    pub points: i32,
    /// Why, in the language that was asked for.
    pub text: String,
}

/// The lines that explain a pair.
pub fn explanation(
    points: &Points,
    weights: &Weights,
    distance_m: u32,
    missing: &[Missing],
    language: ExplanationLanguage,
) -> Vec<MatchExplanation> {
    explaining::points(points, weights, distance_m, missing, language.into())
        .into_iter()
        .map(|line| MatchExplanation {
            criterion: line.criterion.into(),
            points: line.points,
            text: line.text,
        })
        .collect()
}
