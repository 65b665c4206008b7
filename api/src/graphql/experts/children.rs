//! What belongs to experts, and how it is loaded: for all experts of a depth at once.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{ID, SimpleObject, dataloader::Loader};
use tandem_domain::{experts::ExpertOccupation as Occupation, ids::ExpertId, readiness::Readiness};
use tandem_operations::experts;
use tandem_storage::experts::{Details, Expert as Row, ExpertPause as Pause, Part};

use crate::graphql::{
    enums::{Missing, OccupationKind},
    ids,
    loaders::{LoadError, Loaders},
    scalars::Date,
};

/// A key of the loaders: one list of an expert who has been shown. Only the tables of the lists that
/// somebody asks for are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PartOf(pub ExpertId, pub Part);

/// A key of the loaders: an expert with contact data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ContactOf(pub ExpertId);

/// A key of the loaders: the pauses of an expert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PausesOf(pub ExpertId);

/// A key of the loaders: the readiness of an expert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ReadinessOf(pub ExpertId);

impl Loader<ExpertId> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[ExpertId]) -> Result<HashMap<ExpertId, Row>, LoadError> {
        let experts = experts::by_ids(&self.app, &self.caller, keys).await?;
        Ok(experts.into_iter().map(|expert| (expert.id, expert)).collect())
    }
}

impl Loader<PartOf> for Loaders {
    type Value = Details;
    type Error = LoadError;

    async fn load(&self, keys: &[PartOf]) -> Result<HashMap<PartOf, Details>, LoadError> {
        let ids: BTreeSet<ExpertId> = keys.iter().map(|key| key.0).collect();
        let parts: BTreeSet<Part> = keys.iter().map(|key| key.1).collect();
        let (ids, parts) = (Vec::from_iter(ids), Vec::from_iter(parts));
        let details = experts::details(&self.app, &self.caller, &ids, &parts).await?;
        Ok(keys
            .iter()
            .filter_map(|key| Some((*key, details.get(&key.0)?.clone())))
            .collect())
    }
}

impl Loader<ContactOf> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[ContactOf]) -> Result<HashMap<ContactOf, Row>, LoadError> {
        let ids: Vec<ExpertId> = keys.iter().map(|key| key.0).collect();
        let experts = experts::contacts(&self.app, &self.caller, &ids).await?;
        Ok(experts
            .into_iter()
            .map(|expert| (ContactOf(expert.id), expert))
            .collect())
    }
}

impl Loader<PausesOf> for Loaders {
    type Value = Vec<Pause>;
    type Error = LoadError;

    async fn load(&self, keys: &[PausesOf]) -> Result<HashMap<PausesOf, Vec<Pause>>, LoadError> {
        let ids: Vec<ExpertId> = keys.iter().map(|key| key.0).collect();
        let mut pauses: HashMap<PausesOf, Vec<Pause>> = HashMap::new();
        for pause in experts::pauses(&self.app, &self.caller, &ids).await? {
            pauses.entry(PausesOf(pause.expert_id)).or_default().push(pause);
        }
        Ok(pauses)
    }
}

impl Loader<ReadinessOf> for Loaders {
    type Value = Readiness;
    type Error = LoadError;

    async fn load(&self, keys: &[ReadinessOf]) -> Result<HashMap<ReadinessOf, Readiness>, LoadError> {
        let ids: Vec<ExpertId> = keys.iter().map(|key| key.0).collect();
        let readinesses = experts::readinesses(&self.app, &self.caller, &ids).await?;
        Ok(readinesses
            .into_iter()
            .map(|(id, readiness)| (ReadinessOf(id), readiness))
            .collect())
    }
}

/// A former occupation of an expert, or an interest that is none.
#[derive(Debug, Clone, SimpleObject)]
pub struct ExpertOccupation {
    /// Occupation or interest.
    kind: OccupationKind,
    /// One to five digits of the German classification of occupations (KldB 2010), where it is known; the
    /// fifth is the level of requirement.
    kldb_code: Option<String>,
    /// In the expert's words, as "Maurermeister".
    label: String,
}

impl From<Occupation> for ExpertOccupation {
    fn from(occupation: Occupation) -> Self {
        Self {
            kind: occupation.kind.into(),
            kldb_code: occupation.kldb_code.map(String::from),
            label: occupation.label,
        }
    }
}

/// An interval in which an expert is not available.
#[derive(Debug, Clone, SimpleObject)]
pub struct ExpertPause {
    /// The global id.
    id: ID,
    /// The first day of the pause.
    from: Date,
    /// The last day of the pause; null: until further notice.
    until: Option<Date>,
}

impl From<Pause> for ExpertPause {
    fn from(row: Pause) -> Self {
        Self {
            id: ids::global(row.id),
            from: row.pause.from.into(),
            until: row.pause.until.map(Date::from),
        }
    }
}

/// Whether an expert could begin a match today, and what stands in the way.
#[derive(Debug, Clone, SimpleObject)]
pub struct ExpertReadiness {
    /// Ready for a mentee of age: active, not paused, with capacity left, a valid background check and
    /// all required trainings.
    ready: bool,
    /// Ready for a mentee under 18 as well: the extended background check is valid.
    ready_for_minors: bool,
    /// Paused today.
    paused: bool,
    /// As many open matches as the expert's capacity admits.
    at_capacity: bool,
    /// What the expert has to do before a first meeting with a mentee of age is dated. Null unless you may
    /// see the expert's contact data.
    missing: Option<Vec<Missing>>,
}

impl ExpertReadiness {
    /// `reasons`: whether the caller may know what is missing.
    pub(super) fn new(readiness: Readiness, reasons: bool) -> Self {
        Self {
            ready: readiness.ready,
            ready_for_minors: readiness.ready_for_minors,
            paused: readiness.paused,
            at_capacity: readiness.at_capacity,
            missing: reasons.then(|| readiness.missing.into_iter().map(Missing::from).collect()),
        }
    }
}
