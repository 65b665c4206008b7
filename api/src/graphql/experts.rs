//! Senior Experts.

pub mod children;
pub mod input;
pub mod mutation;
pub mod query;

pub use mutation::ExpertMutation;
pub use query::ExpertQuery;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tandem_domain::{
    ids::ExpertId,
    parties::Party,
    policy::{Action, Decision, Resource},
};
use tandem_operations::{
    experts::{Sight, sight},
    occupations::place,
};
use tandem_storage::experts::{Details, Expert as Row, Part};

use super::{
    addresses::{AddressChange, AddressOf},
    caller,
    checks::{BackgroundCheck, ChecksOf},
    enums::{Channel, ExpertState, Gender, Programme, SupportArea},
    ids,
    loaders::loader,
    offices::RegionalOffice,
    scalars::{Date, Email, Language, PostalCode},
    training::{AttendancesOf, TrainingAttendance},
};
use children::{ContactOf, ExpertOccupation, ExpertPause, ExpertReadiness, PartOf, PausesOf, ReadinessOf};

/// A Senior Expert: a retired professional who accompanies a young person as a volunteer.
#[derive(Debug, Clone)]
pub struct Expert(pub Row);

impl From<Row> for Expert {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl Expert {
    /// The expert, through the request's loader; none where the caller may not see the expert.
    pub async fn load(ctx: &Context<'_>, id: ExpertId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }

    /// A value that only offices, and the expert, see: whoever gets to know an expert through a match
    /// learns nothing of why somebody is or is not available (L).
    fn for_offices<T>(&self, ctx: &Context<'_>, value: T) -> async_graphql::Result<Option<T>> {
        Ok((sight(caller(ctx)?, &self.0) >= Sight::Office).then_some(value))
    }

    fn seen_whole(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(sight(caller(ctx)?, &self.0) == Sight::Whole)
    }

    /// The row with contact data, whose reading leaves a trace; none where the caller may not see them.
    async fn contact(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Row>> {
        Ok(loader(ctx)?.load_one(ContactOf(self.0.id)).await?)
    }

    async fn part(&self, ctx: &Context<'_>, part: Part) -> async_graphql::Result<Details> {
        Ok(loader(ctx)?
            .load_one(PartOf(self.0.id, part))
            .await?
            .unwrap_or_default())
    }
}

/// A Senior Expert: a retired professional who accompanies a young person as a volunteer.
#[Object]
impl Expert {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// The whole name with academic title, as "Dr. Jörg Müller".
    async fn name(&self) -> String {
        let parts = [&*self.0.title, &*self.0.given_name, &*self.0.family_name];
        parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The academic title, as "Dr."; may be empty.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The given name.
    async fn given_name(&self) -> &str {
        &self.0.given_name
    }

    /// The family name.
    async fn family_name(&self) -> &str {
        &self.0.family_name
    }

    /// The gender, where the expert gave it.
    async fn gender(&self) -> Option<Gender> {
        self.0.gender.map(Gender::from)
    }

    /// The regional office to which the expert belongs.
    async fn office(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RegionalOffice>> {
        RegionalOffice::load(ctx, self.0.office_id).await
    }

    /// Where the expert stands in the programme; null unless you see the expert as an office does.
    async fn state(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ExpertState>> {
        self.for_offices(ctx, self.0.state.into())
    }

    /// The postal code where the expert lives.
    async fn postal_code(&self) -> PostalCode {
        self.0.postal_code.into()
    }

    /// The name of the place of that postal code, as "Chemnitz".
    async fn place(&self) -> Option<&str> {
        place(self.0.postal_code).map(|place| place.place.as_str())
    }

    /// What the expert worked as, and interests besides, the most important first.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn occupations(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ExpertOccupation>> {
        let occupations = self.part(ctx, Part::Occupations).await?.occupations;
        Ok(occupations.into_iter().map(ExpertOccupation::from).collect())
    }

    /// The languages that the expert speaks.
    async fn languages(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Language>> {
        let languages = self.part(ctx, Part::Languages).await?.languages;
        Ok(languages.into_iter().map(Language::from).collect())
    }

    /// The areas in which the expert offers help.
    async fn support_areas(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<SupportArea>> {
        let areas = self.part(ctx, Part::SupportAreas).await?.support_areas;
        Ok(areas.into_iter().map(SupportArea::from).collect())
    }

    /// Earlier one-to-one programmes in which the expert took part.
    async fn programmes(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Programme>> {
        let programmes = self.part(ctx, Part::Programmes).await?.programmes;
        Ok(programmes.into_iter().map(Programme::from).collect())
    }

    /// The ways in which the expert likes to be reached.
    async fn preferred_channels(&self) -> Vec<Channel> {
        self.0
            .preferred_channels
            .iter()
            .copied()
            .map(Channel::from)
            .collect()
    }

    /// The language of e-mails to the expert.
    async fn language(&self) -> Language {
        self.0.language.clone().into()
    }

    /// How many matches at once the expert takes on; null unless you see the expert as an office does.
    async fn capacity(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        self.for_offices(ctx, self.0.capacity.into())
    }

    /// How many matches are open, from the first question on; they never exceed `capacity`. Null unless
    /// you see the expert as an office does.
    async fn open_matches(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        self.for_offices(ctx, self.0.open_matches.into())
    }

    /// How far the expert travels, in kilometres; null unless you see the expert as an office does.
    async fn travel_radius_km(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        self.for_offices(ctx, self.0.travel_radius_km.into())
    }

    /// Why the expert takes part, in the expert's words; null unless you see the expert as an office does.
    async fn motivation(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        self.for_offices(ctx, self.0.motivation.as_str())
    }

    /// Whether the expert agreed to be named in public; null unless you see the expert as an office does.
    async fn publicity_consent(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        self.for_offices(ctx, self.0.publicity_consent)
    }

    /// The pauses that are not over yet, the earliest first; null unless you see the expert as an office
    /// does.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn pauses(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<ExpertPause>>> {
        if self.for_offices(ctx, ())?.is_none() {
            return Ok(None);
        }
        let pauses = loader(ctx)?.load_one(PausesOf(self.0.id)).await?;
        let pauses = pauses.unwrap_or_default();
        Ok(Some(pauses.into_iter().map(ExpertPause::from).collect()))
    }

    /// Whether the expert could begin a match today; null unless you see the expert as an office does.
    async fn readiness(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ExpertReadiness>> {
        let readiness = loader(ctx)?.load_one(ReadinessOf(self.0.id)).await?;
        let reasons = self.seen_whole(ctx)?;
        Ok(readiness.map(|readiness| ExpertReadiness::new(readiness, reasons)))
    }

    /// Where approaches go; null unless you may see the expert's contact data. Reading it is recorded.
    async fn email(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Email>> {
        Ok(self.contact(ctx).await?.map(|contact| contact.email.into()))
    }

    /// A changed e-mail address that waits to be confirmed; null where there is none, and unless you may see the
    /// expert's contact data.
    #[graphql(complexity = "1 + child_complexity")]
    async fn address_change(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<AddressChange>> {
        if !self.seen_whole(ctx)? {
            return Ok(None);
        }
        AddressOf(Party::Expert(self.0.id)).load(ctx).await
    }

    /// The telephone number, may be empty; null unless you may see the expert's contact data. Reading it
    /// is recorded.
    async fn phone(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        Ok(self.contact(ctx).await?.map(|contact| contact.phone))
    }

    /// Street and number, may be empty; null unless you may see the expert's contact data. Reading it is
    /// recorded.
    async fn street(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        Ok(self.contact(ctx).await?.map(|contact| contact.street))
    }

    /// The birth date, where it is known; null unless you may see the expert's contact data. Reading it is
    /// recorded.
    async fn birth_date(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Date>> {
        let contact = self.contact(ctx).await?;
        Ok(contact.and_then(|contact| contact.birth_date).map(Date::from))
    }

    /// Whether a mail to the address came back; null unless you may see the expert's contact data.
    async fn email_undeliverable(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        Ok(self.seen_whole(ctx)?.then_some(self.0.email_undeliverable))
    }

    /// The background checks, the newest first; null unless you may see them. Reading them is recorded.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn background_checks(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<Option<Vec<BackgroundCheck>>> {
        let resource = Resource::expert(self.0.id, self.0.office_id);
        if caller(ctx)?.can(Action::ViewCheck, &resource) != Decision::Allowed {
            return Ok(None);
        }
        let checks = loader(ctx)?.load_one(ChecksOf(self.0.id)).await?;
        Ok(Some(checks.unwrap_or_default()))
    }

    /// Trainings, attended or still to come; null unless you may see the expert's contact data.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn trainings(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<TrainingAttendance>>> {
        if !self.seen_whole(ctx)? {
            return Ok(None);
        }
        let attendances = loader(ctx)?.load_one(AttendancesOf(self.0.id)).await?;
        let attendances = attendances.unwrap_or_default();
        Ok(Some(
            attendances.into_iter().map(TrainingAttendance::from).collect(),
        ))
    }

    /// The key in the list that the expert came from; null unless you see the expert as an office does.
    async fn external_id(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(self.for_offices(ctx, self.0.external_id.as_deref())?.flatten())
    }

    /// The day on which the office activated the expert; null unless you see the expert as an office does.
    async fn activated_on(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Date>> {
        Ok(self
            .for_offices(ctx, self.0.activated_on)?
            .flatten()
            .map(Date::from))
    }

    /// The day on which the expert left; null unless you see the expert as an office does.
    async fn left_on(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Date>> {
        Ok(self.for_offices(ctx, self.0.left_on)?.flatten().map(Date::from))
    }

    /// Grows with each change; send it with an update to notice a change by somebody else.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When the expert was registered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the expert was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
