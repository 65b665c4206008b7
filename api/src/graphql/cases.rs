//! Cases.

pub mod inputs;
pub mod mutations;

pub use self::{
    inputs::{CaseFilterInput, CaseInput, CaseOrderInput},
    mutations::CaseMutation,
};

use std::collections::HashMap;

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Context, Enum, ID, Object, SimpleObject, Subscription, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::ids::{CaseId, CenterId, MenteeId};
use tandem_operations::cases::{self, Case as Row};
use tandem_operations::matches;
use tandem_storage::cases::Key;
use tandem_storage::events::Event;

use super::{
    app, caller,
    centers::ServiceCenter,
    connection::{Connection, connection, cost, page, wants_total},
    enums::{Gender, SupportArea},
    error::visible,
    ids,
    loaders::{LoadError, Loaders, loader},
    matches::{Match, MatchesOf, life::Side},
    mentees::Mentee,
    scalars::Date,
    subscriptions::watch,
};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::cases::CaseState")]
pub enum CaseState {
    /// The centre is writing it.
    Draft,
    /// It waits for the regional office.
    Submitted,
    /// The office looks for an expert.
    Searching,
    /// An expert is interested; they get to know each other.
    Matched,
    /// The mentee is accompanied.
    Active,
    /// It ended, with an outcome.
    Closed,
    /// The centre took it back.
    Withdrawn,
}

/// How a case ended: the way into training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::cases::TransitionOutcome")]
pub enum TransitionOutcome {
    /// A training place.
    TrainingPlace,
    /// An introductory qualification.
    Eq,
    /// School.
    School,
    /// Vocational preparation.
    VocationalPreparation,
    /// A language course.
    LanguageCourse,
    /// Work.
    Work,
    /// No transition.
    NoTransition,
    /// Dropped out.
    DroppedOut,
    /// Moved away.
    MovedAway,
    /// Not known.
    Unknown,
}

/// How a case ended: a place in society.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::cases::SocialOutcome")]
pub enum SocialOutcome {
    /// Has friends, a club, a circle.
    Settled,
    /// First contacts.
    FirstContacts,
    /// Still alone.
    Isolated,
    /// Not known.
    Unknown,
}

/// An area in which help is wished for.
#[derive(Debug, Clone, SimpleObject)]
pub struct CaseSupportArea {
    /// The area.
    area: SupportArea,
    /// From 1, the most important, to 3.
    priority: i32,
}

/// A target occupation.
#[derive(Debug, Clone, SimpleObject)]
pub struct CaseOccupation {
    /// From 1, the first choice.
    rank: i32,
    /// One to five digits of KldB 2010.
    kldb_code: String,
    /// In words.
    label: String,
}

/// One young person's wish for one expert.
#[derive(Debug, Clone)]
pub struct Case(pub Row);

impl From<Row> for Case {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl Case {
    /// The case, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: CaseId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<CaseId> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[CaseId]) -> Result<HashMap<CaseId, Row>, LoadError> {
        let cases = cases::by_ids(&self.app, &self.caller, keys).await?;
        Ok(cases.into_iter().map(|case| (case.id, case)).collect())
    }
}

/// The cases of a mentee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CasesOf(pub MenteeId);

impl Loader<CasesOf> for Loaders {
    type Value = Vec<Row>;
    type Error = LoadError;

    async fn load(&self, keys: &[CasesOf]) -> Result<HashMap<CasesOf, Vec<Row>>, LoadError> {
        let mentees: Vec<MenteeId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<CasesOf, Vec<Row>> = HashMap::new();
        for case in cases::for_mentees(&self.app, &self.caller, &mentees).await? {
            found.entry(CasesOf(case.mentee)).or_default().push(case);
        }
        Ok(found)
    }
}

/// How many experts are being asked for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct AskedFor(CaseId);

impl Loader<AskedFor> for Loaders {
    type Value = i64;
    type Error = LoadError;

    async fn load(&self, keys: &[AskedFor]) -> Result<HashMap<AskedFor, i64>, LoadError> {
        let cases: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let counts = matches::open_counts(&self.app, &self.caller, &cases).await?;
        Ok(counts
            .into_iter()
            .map(|(case, count)| (AskedFor(case), count))
            .collect())
    }
}

/// The consents of a case that were entered from paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ConsentsOf(CaseId);

impl Loader<ConsentsOf> for Loaders {
    type Value = Vec<cases::ConsentRecord>;
    type Error = LoadError;

    async fn load(&self, keys: &[ConsentsOf]) -> Result<HashMap<ConsentsOf, Self::Value>, LoadError> {
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<ConsentsOf, Self::Value> = HashMap::new();
        for record in cases::consent_records(&self.app, &self.caller, &ids).await? {
            found.entry(ConsentsOf(record.case)).or_default().push(record);
        }
        Ok(found)
    }
}

/// A consent to the sharing of data that was given on paper, as the centre or a list entered it. Its person got a
/// notice with "this is not right".
#[derive(Debug, Clone, SimpleObject)]
pub struct ConsentRecord {
    /// Whose consent: the mentee's or the guardian's.
    side: Side,
    /// The day that the paper carries.
    on: Date,
    /// The global id of who entered it and answers for the paper; null where it came with a list.
    recorded_by_id: Option<ID>,
    /// When it was entered.
    recorded_at: DateTime<Utc>,
    /// When the person said that it is not right; it does not count since then.
    contested_at: Option<DateTime<Utc>>,
}

impl From<cases::ConsentRecord> for ConsentRecord {
    fn from(record: cases::ConsentRecord) -> Self {
        Self {
            side: record.side.into(),
            on: Date(record.on),
            recorded_by_id: record.recorded_by.map(ids::global),
            recorded_at: record.recorded_at,
            contested_at: record.contested_at,
        }
    }
}

/// One young person's wish for one expert.
#[Object]
impl Case {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// The id in the centre's own list.
    async fn external_id(&self) -> Option<&str> {
        self.0.wishes.external_id.as_deref()
    }

    /// The global id of the service centre that files it.
    async fn center_id(&self) -> ID {
        ids::global(self.0.center)
    }

    /// The service centre.
    async fn center(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ServiceCenter>> {
        ServiceCenter::load(ctx, self.0.center).await
    }

    /// The young person.
    async fn mentee(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Mentee>> {
        Mentee::load(ctx, self.0.mentee).await
    }

    /// Where it stands.
    async fn state(&self) -> CaseState {
        self.0.state.into()
    }

    /// The named contact person; may be empty.
    async fn contact_name(&self) -> &str {
        &self.0.wishes.contact_name
    }

    /// What the mentee wishes for; may be empty.
    async fn mentee_wishes(&self) -> &str {
        &self.0.wishes.mentee_wishes
    }

    /// What the centre wishes for; may be empty.
    async fn center_wishes(&self) -> &str {
        &self.0.wishes.center_wishes
    }

    /// Where the mentee starts from; may be empty.
    async fn start_level(&self) -> &str {
        &self.0.wishes.start_level
    }

    /// The radius around the centre in which experts are looked for, in kilometres.
    async fn radius_km(&self) -> i32 {
        self.0.wishes.radius_km.into()
    }

    /// When the accompaniment should begin.
    async fn planned_start(&self) -> Option<Date> {
        self.0.wishes.planned_start.map(Date)
    }

    /// A wish for the expert's gender, if any.
    async fn expert_gender_wish(&self) -> Option<Gender> {
        self.0.wishes.expert_gender_wish.map(Gender::from)
    }

    /// Where help is wished for, the most important first.
    async fn support_areas(&self) -> Vec<CaseSupportArea> {
        let areas = self.0.wishes.support_areas.iter();
        areas
            .map(|(area, priority)| CaseSupportArea {
                area: (*area).into(),
                priority: (*priority).into(),
            })
            .collect()
    }

    /// The target occupations, the first choice first.
    async fn occupations(&self) -> Vec<CaseOccupation> {
        let occupations = self.0.wishes.occupations.iter();
        (1..)
            .zip(occupations)
            .map(|(rank, (code, label))| CaseOccupation {
                rank,
                kldb_code: code.as_str().to_owned(),
                label: label.clone(),
            })
            .collect()
    }

    /// Whether the centre has confirmed that the mentee may take part.
    async fn eligibility_confirmed(&self) -> bool {
        self.0.wishes.eligibility_confirmed
    }

    /// The day on which the mentee consented to the sharing of data.
    async fn mentee_consent_on(&self) -> Option<Date> {
        self.0.wishes.mentee_consent_on.map(Date)
    }

    /// The day on which the guardian of a mentee under 18 did.
    async fn guardian_consent_on(&self) -> Option<Date> {
        self.0.wishes.guardian_consent_on.map(Date)
    }

    /// Since when a recorded consent is in doubt, since its person said that it is not right. Nothing goes on until it
    /// was given anew: on the person's own page, or on a newer paper.
    async fn consent_contested_at(&self) -> Option<DateTime<Utc>> {
        self.0.consent_contested_at
    }

    /// Consents that were entered from paper, one a side at most; a consent without an entry was given by the person.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn consent_records(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ConsentRecord>> {
        let records = loader(ctx)?
            .load_one(ConsentsOf(self.0.id))
            .await?
            .unwrap_or_default();
        Ok(records.into_iter().map(ConsentRecord::from).collect())
    }

    /// Why the office returned it; empty where it did not.
    async fn return_note(&self) -> &str {
        &self.0.return_note
    }

    /// Since when it waits; a match that did not form does not change it.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.0.submitted_at
    }

    /// When the office accepted it.
    async fn accepted_at(&self) -> Option<DateTime<Utc>> {
        self.0.accepted_at
    }

    /// When it was closed.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// When the centre took it back.
    async fn withdrawn_at(&self) -> Option<DateTime<Utc>> {
        self.0.withdrawn_at
    }

    /// How it ended: the way into training.
    async fn transition_outcome(&self) -> Option<TransitionOutcome> {
        self.0.transition_outcome.map(TransitionOutcome::from)
    }

    /// How it ended: a place in society.
    async fn social_outcome(&self) -> Option<SocialOutcome> {
        self.0.social_outcome.map(SocialOutcome::from)
    }

    /// With a training place: when the training starts.
    async fn training_starts_on(&self) -> Option<Date> {
        self.0.training_starts_on.map(Date)
    }

    /// When the outcome was confirmed.
    async fn outcome_confirmed_at(&self) -> Option<DateTime<Utc>> {
        self.0.outcome_confirmed_at
    }

    /// How many experts are being asked right now: a number, and nobody's name.
    async fn experts_asked(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(loader(ctx)?.load_one(AskedFor(self.0.id)).await?.unwrap_or(0))
    }

    /// Its matches that you may see, the one asked first first. A centre sees a match only once its
    /// expert has said yes.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn matches(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Match>> {
        let matches = loader(ctx)?
            .load_one(MatchesOf(self.0.id))
            .await?
            .unwrap_or_default();
        Ok(matches.into_iter().map(Match).collect())
    }

    /// Grows by one with each change; send it with an update to notice a change by somebody else.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was drafted.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// Queries for cases.
#[derive(Default)]
pub struct CaseQuery;

#[Object]
impl CaseQuery {
    /// One case; null where there is none or you may not see it.
    async fn case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> async_graphql::Result<Option<Case>> {
        let id = ids::parse("id", &id)?;
        Ok(visible(cases::get(app(ctx), caller(ctx)?, id).await)?.map(Case))
    }

    /// The cases that you may see.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<CaseFilterInput>,
        #[graphql(desc = "The order; who has waited longest comes first unless told otherwise.")]
        order_by: Option<CaseOrderInput>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Case>> {
        let page = page::<Key>(first, after, last, before)?;
        let app = app(ctx);
        let filter = filter.unwrap_or_default().check(app.now())?;
        let order = order_by.unwrap_or(CaseOrderInput::WaitingLongest).into();
        let (slice, total) = cases::list(app, caller(ctx)?, &filter, order, &page, wants_total(ctx)).await?;
        Ok(connection(slice, total, cases::key))
    }
}

/// News about cases.
#[derive(Default)]
pub struct CaseSubscription;

/// Something changed about a case, or about a match of it.
#[derive(Debug, SimpleObject)]
pub struct CaseNews {
    /// When this was noticed.
    at: DateTime<Utc>,
    /// The case as it is now, where one was asked for.
    case: Option<Case>,
}

#[Subscription]
impl CaseSubscription {
    /// Yields at once, and then each time when a case, or a match of it, changes: of one case, of one
    /// service centre's cases, or of any case. Ends when you may not see the case (any more).
    async fn case_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this case; it comes with the news.")] case_id: Option<ID>,
        #[graphql(desc = "Only cases of this service centre.")] center_id: Option<ID>,
    ) -> async_graphql::Result<BoxStream<'static, async_graphql::Result<CaseNews>>> {
        let case = ids::parse_optional::<CaseId>("caseId", case_id.as_ref())?;
        let center = ids::parse_optional::<CenterId>("centerId", center_id.as_ref())?;
        watch(
            ctx,
            move |event| {
                matches!(event, Event::Case(changed, of) if case.is_none_or(|case| case == *changed)
                    && center.is_none_or(|center| center == *of))
            },
            move |app, caller| async move {
                let Some(id) = case else {
                    return Ok(Some(CaseNews {
                        at: app.now(),
                        case: None,
                    }));
                };
                let found = visible(cases::get(&app, &caller, id).await)?;
                Ok(found.map(|found| CaseNews {
                    at: app.now(),
                    case: Some(Case(found)),
                }))
            },
        )
    }
}
