//! Service centres.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::{
    centers::CenterDraft,
    errors::UserError,
    ids::{CenterId, OfficeId},
};
use tandem_operations::{
    centers::{self, CenterPatch},
    occupations::place,
};
use tandem_storage::centers::{Center, CenterFilter};
use uuid::Uuid;

use super::{
    app, caller,
    connection::{Connection, connection, cost, page, wants_total},
    error::visible,
    ids,
    loaders::{LoadError, Loaders, loader},
    offices::RegionalOffice,
    payload::{payload, settle, settle_with_current},
    scalars::{Email, PostalCode},
};

/// A service centre: it looks after young people and files their cases.
#[derive(Debug, Clone)]
pub struct ServiceCenter(pub Center);

impl From<Center> for ServiceCenter {
    fn from(row: Center) -> Self {
        Self(row)
    }
}

impl ServiceCenter {
    /// The centre, through the request's loader; none where the caller may not see it.
    pub async fn load(ctx: &Context<'_>, id: CenterId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<CenterId> for Loaders {
    type Value = Center;
    type Error = LoadError;

    async fn load(&self, keys: &[CenterId]) -> Result<HashMap<CenterId, Center>, LoadError> {
        let centers = centers::by_ids(&self.app, &self.caller, keys).await?;
        Ok(centers.into_iter().map(|center| (center.id, center)).collect())
    }
}

/// A service centre: it looks after young people and files their cases.
#[Object]
impl ServiceCenter {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// The key in the list that it came from.
    async fn external_id(&self) -> Option<&str> {
        self.0.profile.external_id.as_deref()
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.profile.name
    }

    /// The organisation inside which it works; may be empty.
    async fn carrier_organisation(&self) -> &str {
        &self.0.profile.carrier_organisation
    }

    /// The regional office that serves it.
    async fn office(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RegionalOffice>> {
        RegionalOffice::load(ctx, self.0.office_id).await
    }

    /// Street and number; may be empty.
    async fn street(&self) -> &str {
        &self.0.profile.street
    }

    /// Where it is; experts are searched around it.
    async fn postal_code(&self) -> PostalCode {
        self.0.profile.postal_code.into()
    }

    /// The name of the place of that postal code, as "Chemnitz".
    async fn place(&self) -> Option<&str> {
        place(self.0.profile.postal_code).map(|place| place.place.as_str())
    }

    /// The shared mailbox.
    async fn email(&self) -> Email {
        self.0.profile.email.clone().into()
    }

    /// The telephone number that e-mails name; may be empty.
    async fn phone(&self) -> &str {
        &self.0.profile.phone
    }

    /// The human being who answers.
    async fn contact_name(&self) -> &str {
        &self.0.profile.contact_name
    }

    /// How many matches at once it can look after, counted from the expert's yes on; null: no limit.
    async fn match_limit(&self) -> Option<u16> {
        self.0.profile.match_limit
    }

    /// Whether it files cases.
    async fn active(&self) -> bool {
        self.0.profile.active
    }

    /// Grows with each change; send it with an update to notice a change by somebody else.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// A new service centre.
#[derive(Debug, InputObject)]
pub struct CreateServiceCenterInput {
    /// The regional office that serves it.
    pub office_id: ID,
    /// The key in the list that it came from.
    pub external_id: Option<String>,
    /// The name.
    pub name: String,
    /// The organisation inside which it works.
    #[graphql(default)]
    pub carrier_organisation: String,
    /// Street and number.
    #[graphql(default)]
    pub street: String,
    /// Where it is, as "09111"; experts are searched around it.
    pub postal_code: String,
    /// The shared mailbox.
    pub email: String,
    /// The telephone number that e-mails name.
    #[graphql(default)]
    pub phone: String,
    /// The human being who answers.
    pub contact_name: String,
    /// How many matches at once it can look after, from 1 to 500; no limit where it is not given.
    pub match_limit: Option<i64>,
    /// Whether it files cases.
    #[graphql(default = true)]
    pub active: bool,
}

impl CreateServiceCenterInput {
    fn check(self) -> Result<(OfficeId, CenterDraft), UserError> {
        let draft = CenterDraft {
            external_id: self.external_id,
            name: self.name,
            carrier_organisation: self.carrier_organisation,
            street: self.street,
            postal_code: self.postal_code,
            email: self.email,
            phone: self.phone,
            contact_name: self.contact_name,
            match_limit: self.match_limit,
            active: self.active,
        };
        Ok((ids::parse("officeId", &self.office_id)?, draft))
    }
}

/// A change of a service centre: what is not given stays.
#[derive(Debug, InputObject)]
pub struct UpdateServiceCenterInput {
    /// Another regional office that serves it; you need the right in both.
    pub office_id: Option<ID>,
    /// The key in the list that it came from; null takes it away.
    pub external_id: MaybeUndefined<String>,
    /// The name.
    pub name: Option<String>,
    /// The organisation inside which it works.
    pub carrier_organisation: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// Where it is.
    pub postal_code: Option<String>,
    /// The shared mailbox.
    pub email: Option<String>,
    /// The telephone number that e-mails name.
    pub phone: Option<String>,
    /// The human being who answers.
    pub contact_name: Option<String>,
    /// How many matches at once it can look after, from 1 to 500; null takes the limit away.
    pub match_limit: MaybeUndefined<i64>,
    /// Whether it files cases.
    pub active: Option<bool>,
}

impl UpdateServiceCenterInput {
    fn check(self) -> Result<CenterPatch, UserError> {
        Ok(CenterPatch {
            office: ids::parse_optional("officeId", self.office_id.as_ref())?,
            external_id: self.external_id.into(),
            name: self.name,
            carrier_organisation: self.carrier_organisation,
            street: self.street,
            postal_code: self.postal_code,
            email: self.email,
            phone: self.phone,
            contact_name: self.contact_name,
            match_limit: self.match_limit.into(),
            active: self.active,
        })
    }
}

payload! {
    /// The answer to `createServiceCenter`.
    CreateServiceCenterPayload {
        /// The new centre.
        service_center: ServiceCenter,
    }
}

payload! {
    /// The answer to `updateServiceCenter`.
    UpdateServiceCenterPayload {
        /// The centre as it is now, after a conflict as well.
        service_center: ServiceCenter,
    }
}

/// Narrows a list of service centres; what is not given narrows nothing.
#[derive(Debug, Default, InputObject)]
pub struct ServiceCenterFilter {
    /// Only centres that this regional office serves.
    pub office_id: Option<ID>,
    /// Only centres that file cases, or only those that do not.
    pub active: Option<bool>,
}

/// Queries for service centres.
#[derive(Default)]
pub struct CenterQuery;

#[Object]
impl CenterQuery {
    /// One service centre; null where it is not there or you may not see it.
    async fn service_center(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The centre.")] id: ID,
    ) -> async_graphql::Result<Option<ServiceCenter>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let found = centers::get(app, caller, ids::parse("id", &id)?).await;
        Ok(visible(found)?.map(ServiceCenter))
    }

    /// The service centres that you may see, by name.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn service_centers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<ServiceCenterFilter>,
        #[graphql(desc = "Part of a name.")] search: Option<String>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<ServiceCenter>> {
        let page = page::<(String, Uuid)>(first, after, last, before)?;
        let page = page.map(|(name, id)| (name, CenterId::from(id)));
        let filter = filter.unwrap_or_default();
        let filter = CenterFilter {
            office: ids::parse_optional("filter.officeId", filter.office_id.as_ref())?,
            active: filter.active,
            name: search
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty()),
        };
        let (slice, total) = centers::list(app(ctx), caller(ctx)?, &filter, &page, wants_total(ctx)).await?;
        Ok(connection(slice, total, |center: &Center| {
            (center.profile.name.clone(), center.id.uuid())
        }))
    }
}

/// Mutations of service centres.
#[derive(Default)]
pub struct CenterMutation;

#[Object]
impl CenterMutation {
    /// Creates a service centre. For the office that serves it.
    async fn create_service_center(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The details.")] input: CreateServiceCenterInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<CreateServiceCenterPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match input.check() {
            Ok((office, draft)) => {
                settle(centers::create(app, caller, office, draft, idempotency_key.as_deref()).await)
            }
            Err(error) => settle(Err::<Center, _>(error.into())),
        }
    }

    /// Changes a service centre: what is not given stays. For the office that serves it.
    async fn update_service_center(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The centre.")] center_id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "What changes.")] input: UpdateServiceCenterInput,
    ) -> async_graphql::Result<UpdateServiceCenterPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let parsed = ids::parse::<CenterId>("centerId", &center_id).and_then(|id| Ok((id, input.check()?)));
        let (id, patch) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return settle(Err::<Center, _>(error.into())),
        };
        settle_with_current(
            centers::update(app, caller, id, version, patch).await,
            centers::get(app, caller, id),
        )
        .await
    }
}
