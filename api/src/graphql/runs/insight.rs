//! What would be, beside a stored plan: another expert, other weights, another radius, one more expert,
//! one certificate more. Nothing here changes anything.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use tandem_domain::{
    errors::UserError as Refusal,
    explaining,
    ids::{CaseId, ExpertId},
    postal_codes,
    runs::Parameters,
    scores::Weights,
};
use tandem_operations::{
    Error,
    candidates::Candidate,
    runs::{self, Bottleneck, ScenarioInput, Unlock, UnlockedExpert, WhatIfAnswer},
};

use super::mutations::{MatchWeightsInput, PinInput};
use super::words::UnlockMeasure;
use super::{
    ExplanationLanguage, MatchExplanation, MatchPoints, MatchingObjective, MissingForMatch, explanation,
    missing_words,
};
use crate::graphql::{cases::Case, centers::ServiceCenter, experts::Expert, ids, loaders::loader};

/// The exact cost of another choice against the certified best plan.
#[derive(Debug, Clone)]
pub struct WhatIf {
    answer: WhatIfAnswer,
    weights: Weights,
}

impl WhatIf {
    /// The answer, with the weights that explain its points.
    pub fn new(answer: WhatIfAnswer, weights: Weights) -> Self {
        Self { answer, weights }
    }
}

/// The exact cost of another choice against the certified best plan.
#[Object]
impl WhatIf {
    /// So many cases fewer would have an expert.
    async fn fewer_cases(&self) -> i64 {
        self.answer.cases
    }

    /// So many points less the plan would have in total; negative where fewer cases bring more points.
    async fn fewer_points(&self) -> i64 {
        self.answer.score
    }

    /// The points of the pair itself.
    async fn points(&self) -> MatchPoints {
        self.answer.candidate.points.into()
    }

    /// Kilometres from the centre.
    async fn distance_km(&self) -> f64 {
        f64::from(self.answer.candidate.distance_m) / 1000.0
    }

    /// What the expert still lacks.
    async fn missing(&self) -> Vec<MissingForMatch> {
        missing_words(&self.answer.candidate.missing)
    }

    /// What it costs, in words.
    async fn explanation(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> String {
        explaining::instead(self.answer.cases, self.answer.score, language.into())
    }

    /// The pair itself in words: a line a criterion.
    async fn pair_explanation(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> Vec<MatchExplanation> {
        lines(&self.answer.candidate, &self.weights, language)
    }
}

fn lines(candidate: &Candidate, weights: &Weights, language: ExplanationLanguage) -> Vec<MatchExplanation> {
    explanation(
        &candidate.points,
        weights,
        candidate.distance_m,
        &candidate.missing,
        language,
    )
}

/// What is to be otherwise than in a run.
#[derive(Debug, Default, InputObject)]
pub struct MatchingScenarioInput {
    /// What the plan optimizes.
    pub objective: Option<MatchingObjective>,
    /// A radius around each centre in kilometres, 1 to 300.
    pub radius_km: Option<i32>,
    /// Whether experts who still lack a check or training take part, at a cost in the score.
    pub admit_missing: Option<bool>,
    /// Whether only experts of the run's offices take part.
    pub own_office_only: Option<bool>,
    /// Points a criterion; what is left out here keeps its default, not the run's weight.
    pub weights: Option<MatchWeightsInput>,
    /// Pairs that the plan has to contain, besides the run's own; of the same case, instead of them.
    #[graphql(default)]
    pub pins: Vec<PinInput>,
}

impl MatchingScenarioInput {
    /// The input, checked, and the weights that explain points under it.
    pub(super) fn checked(self, run: &Parameters) -> Result<(ScenarioInput, Weights), Error> {
        let mut pins = Vec::with_capacity(self.pins.len());
        for (place, pin) in self.pins.iter().enumerate() {
            let case: CaseId = ids::parse(&format!("pins.{place}.caseId"), &pin.case_id)?;
            let expert: ExpertId = ids::parse(&format!("pins.{place}.expertId"), &pin.expert_id)?;
            pins.push((case, expert));
        }
        let radius_km = self
            .radius_km
            .map(|radius| {
                u16::try_from(radius)
                    .map_err(|_| Refusal::invalid("radiusKm", "the radius must be from 1 to 300 km"))
            })
            .transpose()?;
        let weights = self.weights.map(Weights::from);
        let input = ScenarioInput {
            objective: self.objective.map(Into::into),
            radius_km,
            admit_missing: self.admit_missing,
            own_office_only: self.own_office_only,
            weights,
            pins,
        };
        Ok((input, weights.unwrap_or(run.weights)))
    }
}

/// A plan in two numbers.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct MatchingFigures {
    /// Cases with an expert.
    pub cases: i32,
    /// The total score.
    pub score: i64,
}

impl From<runs::Figures> for MatchingFigures {
    fn from(figures: runs::Figures) -> Self {
        Self {
            cases: figures.cases as i32,
            score: figures.score,
        }
    }
}

/// The stored plan and another one, side by side; both are proved the best for their parameters.
#[derive(Debug, Clone)]
pub struct MatchingScenario {
    scenario: runs::Scenario,
    weights: Weights,
}

impl MatchingScenario {
    /// Both plans, with the weights that explain the other one.
    pub(super) fn new(scenario: runs::Scenario, weights: Weights) -> Self {
        Self { scenario, weights }
    }
}

/// The stored plan and another one, side by side; both are proved the best for their parameters.
#[Object]
impl MatchingScenario {
    /// The stored plan.
    async fn planned(&self) -> MatchingFigures {
        self.scenario.planned.into()
    }

    /// The other plan, under its own parameters.
    async fn other(&self) -> MatchingFigures {
        self.scenario.other.into()
    }

    /// What the pairs of the stored plan that the other parameters let through are worth under them. With
    /// other weights, totals cannot be compared without it.
    async fn planned_there(&self) -> MatchingFigures {
        self.scenario.planned_there.into()
    }

    /// How many cases change.
    async fn changed(&self) -> i32 {
        self.scenario.changed as i32
    }

    /// Those that change: first who gains an expert, then who loses one, then who gets another one.
    async fn changes(&self) -> Vec<MatchingScenarioChange> {
        let changes = self.scenario.changes.iter().cloned();
        changes
            .map(|change| MatchingScenarioChange {
                change,
                weights: self.weights,
            })
            .collect()
    }

    /// Both side by side, in words.
    async fn explanation(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> String {
        let scenario = &self.scenario;
        explaining::scenario(
            scenario.planned.cases,
            scenario.other.cases,
            scenario.changed,
            language.into(),
        )
    }
}

/// A case that two plans treat differently.
#[derive(Debug, Clone)]
pub struct MatchingScenarioChange {
    change: runs::Change,
    weights: Weights,
}

/// A case that two plans treat differently.
#[Object]
impl MatchingScenarioChange {
    /// The case.
    async fn case(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Case>> {
        Case::load(ctx, self.change.case).await
    }

    /// Its expert in the stored plan.
    async fn planned_expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        match self.change.planned {
            Some(expert) => Expert::load(ctx, expert).await,
            None => Ok(None),
        }
    }

    /// Its expert in the other plan.
    async fn other_expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        match &self.change.other {
            Some(candidate) => Expert::load(ctx, candidate.expert).await,
            None => Ok(None),
        }
    }

    /// The points of the pair in the other plan.
    async fn other_points(&self) -> Option<MatchPoints> {
        self.change
            .other
            .as_ref()
            .map(|candidate| candidate.points.into())
    }

    /// The pair of the other plan in words: a line a criterion; empty where there is none.
    async fn explanation(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> Vec<MatchExplanation> {
        let other = self.change.other.as_ref();
        other.map_or(Vec::new(), |candidate| lines(candidate, &self.weights, language))
    }
}

/// One more ready expert around a centre in a field, and what that would bring.
#[derive(Debug, Clone)]
pub struct MatchingBottleneck(pub Bottleneck);

/// One more ready expert around a centre in a field, and what that would bring.
#[Object]
impl MatchingBottleneck {
    /// The centre around which the expert would live.
    async fn center(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ServiceCenter>> {
        ServiceCenter::load(ctx, self.0.center).await
    }

    /// How far the expert would travel, in kilometres.
    async fn radius_km(&self) -> i32 {
        i32::from(self.0.radius_km)
    }

    /// The occupational field that brings the most points there, as two digits of KldB 2010; null where
    /// none brings more than another.
    async fn field_code(&self) -> Option<String> {
        self.0.field.map(|field| field.to_string())
    }

    /// The field's name.
    async fn field_name(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> Option<&'static str> {
        explaining::field_name(self.0.field?, language.into())
    }

    /// So many cases more would have an expert.
    async fn more_cases(&self) -> i64 {
        self.0.gain.cases
    }

    /// So many points more the plan would have.
    async fn more_points(&self) -> i64 {
        self.0.gain.score
    }

    /// Cases without an expert that such an expert could accompany.
    async fn waiting_cases(&self) -> i32 {
        self.0.waiting as i32
    }

    /// The same in words.
    async fn explanation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> async_graphql::Result<String> {
        let center = loader(ctx)?.load_one(self.0.center).await?;
        let place = center
            .and_then(|center| postal_codes::find(postal_codes::builtin(), center.profile.postal_code))
            .map_or("?", |place| place.place.as_str());
        let language = language.into();
        Ok(explaining::bottleneck(
            place,
            self.0.radius_km,
            self.0
                .field
                .and_then(|field| explaining::field_name(field, language)),
            self.0.gain.cases,
            self.0.gain.score,
            self.0.waiting,
            language,
        ))
    }
}

/// What getting one kind of thing done would bring.
#[derive(Debug, Clone)]
pub struct MatchingUnlock(pub Unlock);

/// What getting one kind of thing done would bring.
#[Object]
impl MatchingUnlock {
    /// What has to be done.
    async fn measure(&self) -> UnlockMeasure {
        self.0.measure.into()
    }

    /// So many cases more would have an expert if all of these had it done.
    async fn more_cases(&self) -> i64 {
        self.0.gain.cases
    }

    /// So many points more the plan would have.
    async fn more_points(&self) -> i64 {
        self.0.gain.score
    }

    /// Those whom the gain needs, the one who brings the most alone first.
    async fn experts(&self) -> Vec<MatchingUnlockedExpert> {
        self.0
            .experts
            .iter()
            .cloned()
            .map(MatchingUnlockedExpert)
            .collect()
    }

    /// The same in words.
    async fn explanation(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> String {
        let unlock = &self.0;
        explaining::unlock(
            unlock.measure,
            unlock.experts.len(),
            unlock.gain.cases,
            unlock.gain.score,
            language.into(),
        )
    }
}

/// An expert whose missing piece would bring matches.
#[derive(Debug, Clone)]
pub struct MatchingUnlockedExpert(UnlockedExpert);

/// An expert whose missing piece would bring matches.
#[Object]
impl MatchingUnlockedExpert {
    /// The expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert).await
    }

    /// What is missing.
    async fn missing(&self) -> Vec<MissingForMatch> {
        missing_words(&self.0.missing)
    }

    /// So many cases more would have an expert if this one alone had it done; null where there are too
    /// many to ask about each.
    async fn more_cases_alone(&self) -> Option<i64> {
        self.0.alone.map(|gain| gain.cases)
    }

    /// So many points more the plan would have then.
    async fn more_points_alone(&self) -> Option<i64> {
        self.0.alone.map(|gain| gain.score)
    }
}
