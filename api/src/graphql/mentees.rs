//! Mentees.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::ids::{CenterId, MenteeId, OfficeId};
use tandem_domain::mentees::MenteeDraft;
use tandem_domain::parties::Party;
use tandem_operations::mentees::{self, Mentee as Row, MenteeFilter};
use tandem_storage::mentees::Key;

use super::{
    addresses::{AddressChange, AddressOf},
    app, caller,
    cases::{Case, CasesOf},
    centers::ServiceCenter,
    connection::{Connection, connection, cost, page, wants_total},
    enums::{CefrLevel, Gender},
    error::visible,
    ids,
    loaders::{LoadError, Loaders, loader},
    payload::{payload, settle, settle_with_current},
    scalars::{Date, Email, Language},
};

/// The young person whom a service centre looks after.
#[derive(Debug, Clone)]
pub struct Mentee(pub Row);

impl From<Row> for Mentee {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl Mentee {
    /// The mentee, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: MenteeId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<MenteeId> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[MenteeId]) -> Result<HashMap<MenteeId, Row>, LoadError> {
        let mentees = mentees::by_ids(&self.app, &self.caller, keys).await?;
        Ok(mentees.into_iter().map(|mentee| (mentee.id, mentee)).collect())
    }
}

/// Who stands beside a mentee under 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::mentees::GuardianKind")]
pub enum GuardianKind {
    /// A parent or appointed person.
    Person,
    /// A youth welfare office.
    Institution,
}

/// A person or institution beside a mentee under 18.
#[derive(Debug, Clone, SimpleObject)]
pub struct Guardian {
    /// Person or institution.
    kind: GuardianKind,
    /// The name.
    name: String,
    /// Where answers by link go.
    email: Option<Email>,
    /// A telephone number; may be empty.
    phone: String,
}

/// The young person whom a service centre looks after.
#[Object]
impl Mentee {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// The id in the centre's own list.
    async fn external_id(&self) -> Option<&str> {
        self.0.profile.external_id.as_deref()
    }

    /// The global id of the service centre that looks after the mentee.
    async fn center_id(&self) -> ID {
        ids::global(self.0.center)
    }

    /// The service centre.
    async fn center(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ServiceCenter>> {
        ServiceCenter::load(ctx, self.0.center).await
    }

    /// The given name.
    async fn given_name(&self) -> &str {
        &self.0.profile.given_name
    }

    /// The family name.
    async fn family_name(&self) -> &str {
        &self.0.profile.family_name
    }

    /// The gender, where given.
    async fn gender(&self) -> Option<Gender> {
        self.0.profile.gender.map(Gender::from)
    }

    /// The birth date: it decides about guardian and kind of background check.
    async fn birth_date(&self) -> Date {
        self.0.profile.birth_date.into()
    }

    /// An e-mail address; not required, since links can be printed.
    async fn email(&self) -> Option<Email> {
        self.0.profile.email.clone().map(Email::from)
    }

    /// A changed e-mail address that waits to be confirmed; null where there is none.
    #[graphql(complexity = "1 + child_complexity")]
    async fn address_change(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<AddressChange>> {
        AddressOf(Party::Mentee(self.0.id)).load(ctx).await
    }

    /// A changed e-mail address of the guardian that waits to be confirmed; null where there is none.
    #[graphql(complexity = "1 + child_complexity")]
    async fn guardian_address_change(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<Option<AddressChange>> {
        AddressOf(Party::Guardian(self.0.id)).load(ctx).await
    }

    /// A telephone number; may be empty.
    async fn phone(&self) -> &str {
        &self.0.profile.phone
    }

    /// The language that this person chose to be written to in.
    async fn language(&self) -> Language {
        self.0.profile.language.clone().into()
    }

    /// The first language; only with the person's consent.
    async fn first_language(&self) -> Option<Language> {
        self.0.profile.first_language.clone().map(Language::from)
    }

    /// The languages that the person speaks.
    async fn languages(&self) -> Vec<Language> {
        let languages = self.0.profile.languages.iter().cloned();
        languages.map(Language::from).collect()
    }

    /// The level of German.
    async fn german_level(&self) -> CefrLevel {
        self.0.profile.german_level.into()
    }

    /// When the level of German was found out.
    async fn german_level_on(&self) -> Option<Date> {
        self.0.profile.german_level_on.map(Date)
    }

    /// How the level of German is known: certificate, course, own estimate.
    async fn german_level_source(&self) -> &str {
        &self.0.profile.german_level_source
    }

    /// Who stands beside a mentee under 18.
    async fn guardian(&self) -> Option<Guardian> {
        self.0.profile.guardian.clone().map(|guardian| Guardian {
            kind: guardian.kind.into(),
            name: guardian.name,
            email: guardian.email.map(Email::from),
            phone: guardian.phone,
        })
    }

    /// The mentee's cases, the oldest first.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn cases(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Case>> {
        let cases = loader(ctx)?
            .load_one(CasesOf(self.0.id))
            .await?
            .unwrap_or_default();
        Ok(cases.into_iter().map(Case).collect())
    }

    /// Grows by one with each change; send it with an update to notice a change by somebody else.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When the mentee was registered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the mentee was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// A mentee's data. Not asked for, and not stored: religion, health, city of origin, asylum file.
#[derive(Debug, InputObject)]
pub struct MenteeInput {
    /// The id in the centre's own list.
    pub external_id: Option<String>,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// The gender, where given.
    pub gender: Option<Gender>,
    /// The birth date.
    pub birth_date: Date,
    /// An e-mail address, if there is one. Another address of a mentee who is registered counts once it is confirmed at
    /// the old and at the new one; until then it stands in `addressChange`.
    pub email: Option<String>,
    /// A telephone number.
    #[graphql(default)]
    pub phone: String,
    /// The language that the person chose to be written to in; German where none is given.
    pub language: Option<String>,
    /// The first language; needs `firstLanguageConsent`.
    pub first_language: Option<String>,
    /// Whether the person agreed that the first language is stored.
    #[graphql(default)]
    pub first_language_consent: bool,
    /// The languages that the person speaks, as ISO 639 codes.
    #[graphql(default)]
    pub languages: Vec<String>,
    /// The level of German; NONE where none is given.
    pub german_level: Option<CefrLevel>,
    /// When the level of German was found out.
    pub german_level_on: Option<Date>,
    /// How the level of German is known.
    #[graphql(default)]
    pub german_level_source: String,
    /// For a mentee under 18: person or institution.
    pub guardian_kind: Option<GuardianKind>,
    /// The guardian's name.
    #[graphql(default)]
    pub guardian_name: String,
    /// The guardian's e-mail address, if there is one.
    pub guardian_email: Option<String>,
    /// The guardian's telephone number.
    #[graphql(default)]
    pub guardian_phone: String,
}

impl From<MenteeInput> for MenteeDraft {
    fn from(input: MenteeInput) -> Self {
        Self {
            external_id: input.external_id,
            given_name: input.given_name,
            family_name: input.family_name,
            gender: input.gender.map(Into::into),
            birth_date: Some(input.birth_date.into()),
            email: input.email,
            phone: input.phone,
            language: input.language,
            first_language: input.first_language,
            first_language_consent: input.first_language_consent,
            languages: input.languages,
            german_level: input.german_level.map(Into::into),
            german_level_on: input.german_level_on.map(Into::into),
            german_level_source: input.german_level_source,
            guardian_kind: input.guardian_kind.map(Into::into),
            guardian_name: input.guardian_name,
            guardian_email: input.guardian_email,
            guardian_phone: input.guardian_phone,
        }
    }
}

/// Narrows the list of mentees.
#[derive(Debug, Default, InputObject)]
pub struct MenteeFilterInput {
    /// Only mentees of this service centre.
    pub center_id: Option<ID>,
    /// Only mentees of service centres that this regional office serves.
    pub office_id: Option<ID>,
    /// Part of a name, or the id in the centre's list.
    pub text: Option<String>,
    /// Only mentees with (true) or without (false) a case that is neither closed nor withdrawn.
    pub has_open_case: Option<bool>,
}

impl MenteeFilterInput {
    fn check(self) -> Result<MenteeFilter, tandem_domain::errors::UserError> {
        Ok(MenteeFilter {
            center: ids::parse_optional::<CenterId>("filter.centerId", self.center_id.as_ref())?,
            office: ids::parse_optional::<OfficeId>("filter.officeId", self.office_id.as_ref())?,
            text: self.text,
            has_open_case: self.has_open_case,
        })
    }
}

payload! {
    /// The answer to `registerMentee`.
    RegisterMenteePayload {
        /// The new mentee.
        mentee: Mentee,
    }
}

payload! {
    /// The answer to `updateMentee`.
    UpdateMenteePayload {
        /// The mentee as it is now, after a conflict as well.
        mentee: Mentee,
    }
}

/// Queries for mentees.
#[derive(Default)]
pub struct MenteeQuery;

#[Object]
impl MenteeQuery {
    /// One mentee; null where there is none or you may not see it. Reading a person's record is written
    /// into the audit log.
    async fn mentee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> async_graphql::Result<Option<Mentee>> {
        let id = ids::parse("id", &id)?;
        Ok(visible(mentees::get(app(ctx), caller(ctx)?, id).await)?.map(Mentee))
    }

    /// The mentees that you may see, by name.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn mentees(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<MenteeFilterInput>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Mentee>> {
        let page = page::<Key>(first, after, last, before)?;
        let filter = filter.unwrap_or_default().check()?;
        let (slice, total) = mentees::list(app(ctx), caller(ctx)?, &filter, &page, wants_total(ctx)).await?;
        Ok(connection(slice, total, |mentee: &Row| {
            let profile = &mentee.profile;
            (
                profile.family_name.clone(),
                profile.given_name.clone(),
                mentee.id.uuid(),
            )
        }))
    }
}

/// Mutations of mentees.
#[derive(Default)]
pub struct MenteeMutation;

#[Object]
impl MenteeMutation {
    /// Registers a mentee. For the staff of the service centre.
    async fn register_mentee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The service centre.")] center_id: ID,
        #[graphql(desc = "The data.")] input: MenteeInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RegisterMenteePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let registered = async {
            let center = ids::parse("centerId", &center_id)?;
            mentees::register(app, caller, center, input.into(), idempotency_key.as_deref()).await
        };
        settle(registered.await)
    }

    /// Changes a mentee's data. For the staff of the service centre.
    async fn update_mentee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mentee.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "The data, all of them.")] input: MenteeInput,
    ) -> async_graphql::Result<UpdateMenteePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: MenteeId = match ids::parse("id", &id) {
            Ok(id) => id,
            Err(error) => return settle(Err::<Row, _>(error.into())),
        };
        settle_with_current(
            mentees::update(app, caller, id, version, input.into()).await,
            mentees::get(app, caller, id),
        )
        .await
    }
}
