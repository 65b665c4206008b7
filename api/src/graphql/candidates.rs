//! The ranked and explained candidates of one case, for approaching by hand.

use async_graphql::{Context, ID, Object, SimpleObject};
use tandem_domain::runs::Parameters;
use tandem_operations::candidates::{self, Field};

use super::{
    app, caller,
    error::{bad_input, visible},
    experts::Expert,
    ids,
    runs::{
        ExplanationLanguage, MatchExplanation, MatchPoints, MissingForMatch, NearMissExpert, RemovedByRule,
        explanation, missing_words, removed_words,
    },
};

/// The most candidates of one answer.
const MOST: i32 = 200;

/// An expert who may be approached for a case, with the reasons.
#[derive(Debug, Clone)]
pub struct Candidate(candidates::Candidate);

/// An expert who may be approached for a case, with the reasons.
#[Object]
impl Candidate {
    /// The expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert).await
    }

    /// Why this rank: points by criterion.
    async fn points(&self) -> MatchPoints {
        self.0.points.into()
    }

    /// Why this rank, in words: a line a criterion.
    async fn explanation(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> Vec<MatchExplanation> {
        let (candidate, weights) = (&self.0, Parameters::default().weights);
        explanation(
            &candidate.points,
            &weights,
            candidate.distance_m,
            &candidate.missing,
            language,
        )
    }

    /// Kilometres from the centre to the expert's postal code.
    async fn distance_km(&self) -> f64 {
        f64::from(self.0.distance_m) / 1000.0
    }

    /// What the expert still has to do before the first meeting.
    async fn missing(&self) -> Vec<MissingForMatch> {
        missing_words(&self.0.missing)
    }
}

/// Who could accompany a case, and what the rules removed.
#[derive(SimpleObject)]
pub struct CaseCandidates {
    /// The candidates, the highest score first.
    pub candidates: Vec<Candidate>,
    /// How many experts within the radius each rule removed.
    pub removed: Vec<RemovedByRule>,
    /// The nearest experts whom a rule removed that somebody could do something about.
    pub near_misses: Vec<NearMissExpert>,
}

impl From<Field> for CaseCandidates {
    fn from(field: Field) -> Self {
        Self {
            candidates: field.candidates.into_iter().map(Candidate).collect(),
            removed: removed_words(&field.removed),
            near_misses: field.near_misses.into_iter().map(NearMissExpert).collect(),
        }
    }
}

/// Queries for candidates.
#[derive(Default)]
pub struct CandidateQuery;

#[Object]
impl CandidateQuery {
    /// Who could accompany a case, ranked and explained; null where there is no such case or you may not
    /// see its candidates.
    #[graphql(complexity = "100 + first.unwrap_or(20).clamp(1, 200) as usize * child_complexity")]
    async fn case_candidates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] case_id: ID,
        #[graphql(desc = "The first so many, at most 200; 20 where left out.")] first: Option<i32>,
        #[graphql(
            desc = "Whether experts who still lack a check or training are among them, at a cost in the score.",
            default = false
        )]
        admit_missing: bool,
        #[graphql(desc = "A radius around the centre in kilometres, instead of the case's own.")]
        radius_km: Option<i32>,
    ) -> async_graphql::Result<Option<CaseCandidates>> {
        let first = first.unwrap_or(20);
        if !(1..=MOST).contains(&first) {
            return Err(bad_input(format!(
                "first is {first}, it must be from 1 to {MOST}"
            )));
        }
        let radius_km = radius_km
            .map(|radius| {
                u16::try_from(radius)
                    .map_err(|_| bad_input(format!("radiusKm is {radius}, it must be from 1 to 300")))
            })
            .transpose()?;
        let Ok(case) = ids::parse("caseId", &case_id) else {
            return Ok(None);
        };
        let parameters = Parameters {
            admit_missing,
            radius_km,
            ..Parameters::default()
        };
        tandem_domain::eligibility::check_parameters(&parameters).map_err(tandem_operations::Error::from)?;
        let found = candidates::for_case(app(ctx), caller(ctx)?, case, &parameters, first as usize).await;
        Ok(visible(found)?.map(CaseCandidates::from))
    }
}
