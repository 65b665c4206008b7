//! A case as an expert is told of it: enough to decide, not enough to recognise the mentee.

use std::collections::HashMap;

use async_graphql::{Enum, SimpleObject, dataloader::Loader};
use tandem_domain::ids::MatchId;
use tandem_operations::deliveries::describe_case;
use tandem_operations::matches;

use crate::graphql::enums::{CefrLevel, SupportArea};
use crate::graphql::loaders::{LoadError, Loaders};
use crate::graphql::scalars::Date;

/// An age group instead of a birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_mail::AgeGroup")]
pub enum AgeGroup {
    /// Younger than 18.
    #[graphql(name = "UNDER_18")]
    Under18,
    /// 18 to 20 years.
    #[graphql(name = "FROM_18_TO_20")]
    From18To20,
    /// 21 to 24 years.
    #[graphql(name = "FROM_21_TO_24")]
    From21To24,
    /// 25 years or older.
    #[graphql(name = "FROM_25")]
    From25,
}

/// A case as an expert is told of it: without the mentee.
#[derive(Debug, Clone, SimpleObject)]
pub struct ToldCase {
    /// The age group of the mentee.
    age_group: AgeGroup,
    /// The place of the service centre.
    center_place: String,
    /// From the expert's postal code to the centre, in whole kilometres.
    distance_km: i32,
    /// The target occupations, the first choice first.
    occupations: Vec<String>,
    /// Where help is wished for, the most important first.
    support_areas: Vec<SupportArea>,
    /// The mentee's level of German.
    german_level: CefrLevel,
    /// The mentee's other languages, as ISO 639 codes.
    languages: Vec<String>,
    /// When the accompaniment should begin.
    planned_start: Option<Date>,
}

/// The case that a match is about, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ToldOf(pub(super) MatchId);

impl Loader<ToldOf> for Loaders {
    type Value = ToldCase;
    type Error = LoadError;

    async fn load(&self, keys: &[ToldOf]) -> Result<HashMap<ToldOf, ToldCase>, LoadError> {
        let ids: Vec<MatchId> = keys.iter().map(|key| key.0).collect();
        let mut told = HashMap::with_capacity(ids.len());
        for facts in matches::told(&self.app, &self.caller, &ids).await? {
            let case = describe_case(&facts, self.app.today())?;
            let areas = facts.case.support_areas.iter().copied();
            told.insert(
                ToldOf(facts.id),
                ToldCase {
                    age_group: case.age_group.into(),
                    center_place: case.center_place,
                    distance_km: case.distance_km.round() as i32,
                    occupations: case.occupations,
                    support_areas: areas.map(SupportArea::from).collect(),
                    german_level: facts.case.german_level.into(),
                    languages: case.languages,
                    planned_start: case.planned_start.map(Date),
                },
            );
        }
        Ok(told)
    }
}
